//! Photos between pages: what was uploaded travels as a signed mark, so that a form shown again keeps
//! it, and only who uploaded a photo can name it or look at it.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use parasol_api::common::v1::EvidenceItem;
use parasol_api::convert::to_timestamp;
use parasol_api::{Error, Reason};
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Principal;

use super::Portal;
use super::choices::{EVIDENCE, number};
use super::door::{closed, failure};
use super::page::private;
use super::session::Visitor;
use crate::Gateway;

/// What a mark is signed for.
const DOMAIN: &str = "portal.photo";

/// A photo of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Photo {
    /// What it shows, as the form says it.
    pub shows: String,
    /// Its fingerprint.
    pub sha256: String,
}

impl Photo {
    /// As a form carries it: what it shows, the fingerprint, and the proof that this caller sent it.
    pub(super) fn mark(&self, portal: &Portal, principal: &Principal) -> String {
        let proof = portal.key.mac(DOMAIN, &signed(principal, &self.sha256));
        format!("{}.{}.{}", self.shows, self.sha256, hex::encode(proof))
    }

    /// The photo of a mark; `None` when it is none of this caller's.
    pub(super) fn of_mark(portal: &Portal, principal: &Principal, mark: &str) -> Option<Self> {
        let mut parts = mark.split('.');
        let (shows, sha256, proof) = (parts.next()?, parts.next()?, parts.next()?);
        let proof = hex::decode(proof).ok()?;
        let ours = portal.key.verify_mac(DOMAIN, &signed(principal, sha256), &proof);
        ours.then(|| Self { shows: shows.to_owned(), sha256: sha256.to_owned() })
    }

    /// As the contract has it.
    ///
    /// # Errors
    /// `FIELD_INVALID` for something that nothing shows.
    pub(super) fn evidence(&self, taken_at: Option<Timestamp>) -> Result<EvidenceItem, Error> {
        Ok(EvidenceItem {
            kind: number(EVIDENCE, "photo", &self.shows)?,
            sha256: self.sha256.clone(),
            taken_at: taken_at.map(to_timestamp),
        })
    }
}

fn signed(principal: &Principal, sha256: &str) -> Vec<u8> {
    format!("{principal}/{sha256}").into_bytes()
}

/// `GET /portal/photos/{mark}`: a photo for whoever uploaded it.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    Path(mark): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let visitor = match Visitor::of(&gateway.portal, &parts) {
        Ok(visitor) => visitor,
        Err((guest, why)) => return closed(&gateway.portal, guest, why, true),
    };
    let photo = Photo::of_mark(&gateway.portal, &visitor.principal, &mark);
    let found = match photo {
        Some(photo) => gateway.portal.album.look_up(&photo.sha256).await,
        None => Ok(None),
    };
    match found {
        Ok(Some((kind, bytes))) => {
            let mut response = (StatusCode::OK, bytes).into_response();
            let headers = response.headers_mut();
            let mut set = |name, value: &'static str| {
                headers.insert(name, HeaderValue::from_static(value));
            };
            set(header::CONTENT_TYPE, kind.media_type());
            set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
            private(headers);
            response
        }
        Ok(None) => failure(&visitor.guest, &Error::new(Reason::NotFound)),
        Err(error) => failure(&visitor.guest, &error),
    }
}
