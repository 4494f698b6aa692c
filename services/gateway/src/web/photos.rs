//! Photos between pages: what was uploaded travels as a signed mark, so that a form shown again keeps
//! it, and only who uploaded a photo can name it or look at it. The photo itself lies with the evidence of
//! its case and is asked for with the visitor's own credential.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use maud::{Markup, html};
use parasol_api::common::v1::EvidenceItem;
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::{GetEvidenceRequest, GetEvidenceResponse};
use parasol_api::{Error, Language, Reason};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Principal;
use parasol_runtime::transport::Transport;

use super::choice::{EVIDENCE, number};
use super::controls::Filled;
use super::door::{closed, failure};
use super::form::Form;
use super::page::private;
use super::session::Visitor;
use super::upload::{KEPT, PHOTOS_MAX};
use super::words::Pick as _;
use super::{Pages, failed};

/// What a mark is signed for.
const DOMAIN: &str = "web.photo";

/// A photo of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Photo {
    /// What it shows, as the form says it.
    pub shows: String,
    /// Its fingerprint, as it was uploaded.
    pub sha256: String,
    /// The piece of evidence it is.
    pub evidence: String,
}

impl Photo {
    /// As a form carries it: what it shows, fingerprint and piece, and the proof that this caller sent it.
    pub(crate) fn mark(&self, pages: &Pages, principal: &Principal) -> String {
        let Self { shows, sha256, evidence } = self;
        let proof = pages.key.mac(DOMAIN, &signed(principal, sha256, evidence));
        format!("{shows}.{sha256}.{evidence}.{}", hex::encode(proof))
    }

    /// The photo of a mark; `None` when it is none of this caller's.
    pub(crate) fn of_mark(pages: &Pages, principal: &Principal, mark: &str) -> Option<Self> {
        let mut parts = mark.split('.');
        let (shows, sha256, evidence) = (parts.next()?, parts.next()?, parts.next()?);
        let proof = hex::decode(parts.next()?).ok()?;
        let ours = pages.key.verify_mac(DOMAIN, &signed(principal, sha256, evidence), &proof);
        ours.then(|| Self {
            shows: shows.to_owned(),
            sha256: sha256.to_owned(),
            evidence: evidence.to_owned(),
        })
    }

    /// As the contract has it.
    ///
    /// # Errors
    /// `FIELD_INVALID` for something that nothing shows.
    pub(crate) fn evidence(&self, taken_at: Option<Timestamp>) -> Result<EvidenceItem, Error> {
        Ok(EvidenceItem {
            kind: number(EVIDENCE, "photo", &self.shows)?,
            sha256: self.sha256.clone(),
            taken_at: taken_at.map(to_timestamp),
        })
    }
}

/// The photos that a form carries; marks that are not the visitor's are left out.
pub(crate) fn of_form(pages: &Pages, visitor: &Visitor, form: &Form) -> Vec<Photo> {
    let marks = form.all(KEPT).take(PHOTOS_MAX);
    marks.filter_map(|mark| Photo::of_mark(pages, &visitor.principal, mark)).collect()
}

/// The photos that a form already holds, so that nobody uploads them twice.
pub(crate) fn kept(pages: &Pages, visitor: &Visitor, filled: &Filled<'_>) -> Markup {
    let language = filled.language;
    let kept = of_form(pages, visitor, filled.form);
    html! {
        @if !kept.is_empty() {
            p { (language.pick("已上传：", "Uploaded already:")) }
            ul.photos { @for photo in &kept { (thumbnail(pages, visitor, photo, language)) } }
        }
    }
}

fn thumbnail(pages: &Pages, visitor: &Visitor, photo: &Photo, language: Language) -> Markup {
    let mark = photo.mark(pages, &visitor.principal);
    let shows = EVIDENCE.iter().find(|choice| choice.value == photo.shows);
    let label = shows.map_or("", |choice| choice.label(language));
    html! {
        li {
            input type="hidden" name=(KEPT) value=(mark);
            img src={ (pages.site.home) "/photos/" (mark) } alt=(label) width="96" height="96";
            span { (label) }
        }
    }
}

/// One control for each thing a photo may show: no script is needed to say what is what.
pub(crate) fn inputs(filled: &Filled<'_>, needed: &str) -> Markup {
    let language = filled.language;
    html! {
        @for choice in EVIDENCE {
            @let id = format!("{}-photo-{}", filled.of, choice.value);
            @let types = match choice.value {
                "video" => "video/mp4,video/quicktime,video/webm",
                // A telephone that takes others converts them for a page that asks for these.
                _ => "image/jpeg,image/png,image/webp",
            };
            div.field {
                label for=(id) {
                    (choice.label(language))
                    @if choice.value != needed {
                        " " span.optional { (language.pick("（选填）", "(optional)")) }
                    }
                }
                input type="file" id=(id) name={ "photo_" (choice.value) } accept=(types) multiple;
            }
        }
    }
}

fn signed(principal: &Principal, sha256: &str, evidence: &str) -> Vec<u8> {
    format!("{principal}/{sha256}/{evidence}").into_bytes()
}

/// `GET …/photos/{mark}`: a photo for whoever uploaded it.
pub(crate) async fn show(pages: Pages, mark: String, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(&pages, &parts) {
        Ok(visitor) => visitor,
        Err(guest) => return closed(&pages, guest, true),
    };
    let photo = Photo::of_mark(&pages, &visitor.principal, &mark);
    let found = match photo {
        Some(photo) => content(pages.transport_of(&visitor), photo.evidence).await,
        None => Err(Error::new(Reason::NotFound)),
    };
    found.unwrap_or_else(|error| failure(&visitor.guest, &error))
}

/// The content of a piece of evidence as a picture on a page.
pub(crate) async fn content(transport: Transport, evidence_id: String) -> Result<Response, Error> {
    let mut client = IntakeServiceClient::new(transport);
    let answer = client.get_evidence(GetEvidenceRequest { evidence_id }).await.map_err(failed)?;
    picture(answer.into_inner()).await
}

/// The pieces of a file as a picture on a page.
///
/// # Errors
/// What comes instead of the first piece.
pub(crate) async fn picture(
    mut pieces: tonic::Streaming<GetEvidenceResponse>,
) -> Result<Response, Error> {
    let first = pieces.message().await.map_err(failed)?.unwrap_or_default();
    let kind = HeaderValue::try_from(&first.media_type).map_err(Error::internal)?;
    let rest = pieces.map_err(|status| std::io::Error::other(status.message().to_owned()));
    let whole = stream::once(async move { Ok(first) }).chain(rest);
    let whole = whole.map_ok(|GetEvidenceResponse { data, .. }| data);
    let mut response = (StatusCode::OK, Body::from_stream(whole)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    private(headers);
    Ok(response)
}
