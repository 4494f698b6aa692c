//! Certificates with photos.

use parasol_api::common::v1::EvidenceKind;
use parasol_api::intake::v1::{
    Evidence, GetEvidenceRequest, GetEvidenceResponse, UploadEvidenceRequest,
    UploadEvidenceResponse,
};
use parasol_api::partner::v1::{SubmitCertificateRequest, SubmitCertificateResponse};

use parasol_runtime::identity::Principal;

use super::*;
use crate::web::Pages;

const SUBMIT: &str = "/parasol.partner.v1.VerdictService/SubmitCertificate";
const UPLOAD: &str = "/parasol.intake.v1.IntakeService/UploadEvidence";
const CONTENT: &str = "/parasol.intake.v1.IntakeService/GetEvidence";
const PHOTO: &[u8] = b"\xFF\xD8\xFF\xE0 a photo";

async fn at_the_certificate() -> (Browser, String, String, String) {
    let mut browser = signed_in().await;
    browser.services.answer(TIMELINE, Timeline::default());
    browser.services.answer(ORDER, order(Stage::OnSite));
    let to = format!("/portal/cases/{CASE}/certificate");
    let page = browser.get(&to).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let (token, id) = (page.hidden("form_token"), page.hidden("request_id"));
    (browser, to, token, id)
}

#[tokio::test]
async fn a_photo_is_named_by_its_fingerprint_and_survives_a_refusal() {
    let (mut browser, to, token, id) = at_the_certificate().await;
    let piece =
        Evidence { evidence_id: "ev_1".to_owned(), sha256: "ab".repeat(32), ..Evidence::default() };
    browser.services.answer(UPLOAD, UploadEvidenceResponse { evidence: Some(piece) });
    browser.services.refuse(SUBMIT, Error::new(Reason::CertificateInvalid));
    let shown = browser
        .upload(
            &to,
            &[
                ("form_token", "", token.as_bytes()),
                ("request_id", "", id.as_bytes()),
                ("inspected_at", "", b"2026-06-08T11:50"),
                ("serial_inside", "", b"SN-1"),
                ("finding", "", "压缩机不转".as_bytes()),
                ("photo_nameplate", "a.jpg", PHOTO),
                ("photo_fault", "", b""),
            ],
        )
        .await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{}", shown.text);
    assert!(shown.text.contains("压缩机不转") && shown.text.contains("value=\"SN-1\""));
    let mark = shown.hidden("kept");
    // The photo went on as it came, under the case of the page.
    let [sent] = &browser.services.streamed::<UploadEvidenceRequest>(UPLOAD)[..] else {
        panic!("one photo is one call")
    };
    assert_eq!((sent[0].case_id.as_str(), sent[0].kind()), (CASE, EvidenceKind::Nameplate));
    assert_eq!(sent.iter().flat_map(|one| one.data.clone()).collect::<Vec<_>>(), PHOTO);
    let content = GetEvidenceResponse {
        media_type: "image/jpeg".to_owned(),
        data: b"a picture".to_vec(),
        ..GetEvidenceResponse::default()
    };
    browser.services.answer(CONTENT, content);
    let seen = browser.get(&format!("/portal/photos/{mark}")).await;
    assert_eq!(seen.headers[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(seen.text, "a picture");
    let asked = browser.services.asked::<GetEvidenceRequest>(CONTENT);
    assert_eq!(asked[0].evidence_id, "ev_1");
    let sha256 = mark.split('.').nth(1).unwrap().to_owned();

    let done =
        SubmitCertificateResponse { effect: MessageEffect::Applied.into(), ..Default::default() };
    browser.services.answer(SUBMIT, done);
    let id = shown.hidden("request_id");
    let sent = browser
        .upload(
            &to,
            &[
                ("form_token", "", token.as_bytes()),
                ("request_id", "", id.as_bytes()),
                ("inspected_at", "", b"2026-06-08T11:50"),
                ("kept", "", mark.as_bytes()),
                ("kept", "", b"fault.00.ev_2.00"),
            ],
        )
        .await;
    assert_eq!(sent.location(), format!("/portal/cases/{CASE}?done=certificate"));
    let asked = browser.services.asked::<SubmitCertificateRequest>(SUBMIT);
    let evidence = &asked.last().unwrap().certificate.as_ref().unwrap().evidence;
    assert_eq!(evidence.len(), 1, "a mark that is not ours names nothing");
    assert_eq!((evidence[0].kind, &evidence[0].sha256), (1, &sha256));
}

#[tokio::test]
async fn no_photo_is_kept_without_the_forms_token_and_none_that_is_something_else() {
    let (mut browser, to, token, id) = at_the_certificate().await;
    let stolen = browser.upload(&to, &[("photo_nameplate", "a.jpg", PHOTO)]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN);
    assert!(browser.services.streamed::<UploadEvidenceRequest>(UPLOAD).is_empty());
    browser.services.refuse(UPLOAD, Error::new(Reason::EvidenceTypeRefused));
    let page: &[u8] = b"<html><script>x</script>";
    let shown = browser
        .upload(
            &to,
            &[
                ("form_token", "", token.as_bytes()),
                ("request_id", "", id.as_bytes()),
                ("photo_nameplate", "a.jpg", page),
                ("finding", "", b"typed after the photo"),
            ],
        )
        .await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST);
    assert!(shown.text.contains("typed after the photo"));
    assert!(browser.services.asked::<SubmitCertificateRequest>(SUBMIT).is_empty());
    assert!(!shown.text.contains("name=\"kept\""), "nothing was kept");
}

#[tokio::test]
async fn a_photo_is_shown_to_nobody_else() {
    let (browser, ..) = at_the_certificate().await;
    let photo = crate::web::photos::Photo {
        shows: "fault".to_owned(),
        sha256: "0".repeat(64),
        evidence: "ev_1".to_owned(),
    };
    let us = Principal::new(Role::Centre, "aurora-hz-01").of_brand("aurora");
    let them = Principal::new(Role::Centre, "aurora-hz-02").of_brand("aurora");
    let pages = Pages::new(&SITE, &browser.web);
    let mark = photo.mark(&pages, &us);
    let of = |who| crate::web::photos::Photo::of_mark(&pages, who, &mark);
    assert_eq!(of(&us), Some(photo));
    assert_eq!(of(&them), None);
}
