//! Claims and statements on pages.

use axum::http::{StatusCode, header};
use parasol_api::common::v1::Money;
use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::{Evidence, GetEvidenceResponse};
use parasol_api::verification::v1::{
    Claim, ClaimKind, ClaimLine, ClaimResponse, ClaimState, ClaimStep, GetClaimResponse,
    GetStatementResponse, ListClaimsResponse, RespondToClaimRequest, RespondToClaimResponse,
    StatementLine,
};
use parasol_api::{Error, Reason};
use parasol_journey::time::Span;
use parasol_runtime::identity::Role;

use crate::web::fixture::{Browser, noon};

const CLAIM: &str = "claim_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
const SETTLEMENT: &str = "/parasol.verification.v1.SettlementService/";

fn path(method: &str) -> String {
    format!("{SETTLEMENT}{method}")
}

fn money(fen: i64) -> Option<Money> {
    Some(Money { fen, currency: "CNY".to_owned() })
}

/// A repair that is claimed from the brand that is signed in, for one of its centres.
fn claim() -> Claim {
    let line = |number, code: &str, fen| ClaimLine {
        number,
        code: code.to_owned(),
        quantity: 1,
        unit: money(fen),
        requested: money(fen),
        approved: money(0),
        paid: money(0),
        ..ClaimLine::default()
    };
    Claim {
        claim_id: CLAIM.to_owned(),
        etag: "\"1\"".to_owned(),
        case_id: "case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b".to_owned(),
        kind: ClaimKind::Repair.into(),
        partner: "brand:aurora-hz-01".to_owned(),
        payee: "centre:aurora-nj-01".to_owned(),
        amount: money(20_050),
        requested: money(20_050),
        state: ClaimState::Raised.into(),
        respond_by: Some(to_timestamp(noon() + Span::days(7))),
        raised_at: Some(to_timestamp(noon())),
        remark: "<b>bold</b>".to_owned(),
        lines: vec![line(1, "visit", 5_050), line(2, "labour", 15_000)],
        ..Claim::default()
    }
}

fn whole(claim: Claim) -> GetClaimResponse {
    let step =
        ClaimStep { number: 1, act: "raise".to_owned(), by: "settlement".to_owned(), at: None };
    let photo = Evidence {
        evidence_id: "ev_1".to_owned(),
        media_type: "image/jpeg".to_owned(),
        ..Evidence::default()
    };
    GetClaimResponse { claim: Some(claim), steps: vec![step], evidence: vec![photo] }
}

async fn a_brand() -> Browser {
    Browser::signed_in_at("/portal", Role::Brand).await
}

#[tokio::test]
async fn claims_are_listed_with_their_clock_open_ones_first() {
    let mut browser = a_brand().await;
    let netted =
        Claim { state: ClaimState::Netted.into(), kind: ClaimKind::Refund.into(), ..claim() };
    let listed = ListClaimsResponse { claims: vec![netted, claim()], ..Default::default() };
    browser.services.answer(&path("ListClaims"), listed);
    let page = browser.get("/portal/claims").await;
    assert_eq!(page.status, StatusCode::OK);
    let (open, done) = (page.text.find("Repair under warranty"), page.text.find("Refund"));
    assert!(open.unwrap() < done.unwrap(), "{}", page.text);
    for shown in ["¥ 200.50", "Answer by", "Waits for an answer", "Netted"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let zh = browser.get("/portal/claims?lang=zh").await;
    assert!(zh.text.contains("保修维修费") && zh.text.contains("答复截止"), "{}", zh.text);
    browser.services.refuse(&path("ListClaims"), Error::new(Reason::StoreUnavailable));
    assert_eq!(browser.get("/portal/claims").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_claim_shows_its_lines_its_evidence_and_what_may_be_answered() {
    let mut browser = a_brand().await;
    browser.services.answer(&path("GetClaim"), whole(claim()));
    let page = browser.get(&format!("/portal/claims/{CLAIM}")).await;
    for shown in [
        "Labour",
        "¥ 150.00",
        &format!("/portal/claims/{CLAIM}/evidence/ev_1"),
        "No answer by then accepts it",
        "Accept the claim",
        "Dispute the claim",
        "&lt;b&gt;bold&lt;/b&gt;",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    // Who is to get it, or whoever else may read it, answers nothing.
    let foreign = Claim { partner: "brand:borealis".to_owned(), ..claim() };
    browser.services.answer(&path("GetClaim"), whole(foreign));
    let page = browser.get(&format!("/portal/claims/{CLAIM}")).await;
    assert!(!page.text.contains("Accept the claim"), "{}", page.text);
    let over = Claim { state: ClaimState::Netted.into(), ..claim() };
    browser.services.answer(&path("GetClaim"), whole(over));
    let page = browser.get(&format!("/portal/claims/{CLAIM}")).await;
    assert!(!page.text.contains("Accept the claim"), "{}", page.text);
    // A dispute may be given up, and not opened twice.
    let disputed = Claim { state: ClaimState::Disputed.into(), ..claim() };
    browser.services.answer(&path("GetClaim"), whole(disputed));
    let page = browser.get(&format!("/portal/claims/{CLAIM}")).await;
    assert!(page.text.contains("Accept the claim") && !page.text.contains("Dispute the claim"));
}

#[tokio::test]
async fn a_claim_is_answered_by_a_form_with_what_was_seen_and_typed() {
    let mut browser = a_brand().await;
    browser.services.answer(&path("GetClaim"), whole(claim()));
    browser.services.answer(&path("RespondToClaim"), RespondToClaimResponse::default());
    let page = browser.get(&format!("/portal/claims/{CLAIM}")).await;
    let (token, request_id) = (page.hidden("form_token"), page.hidden("request_id"));
    let accept = format!("/portal/claims/{CLAIM}/accept");
    let etag = "\"1\"";
    let fields = [
        ("form_token", token.as_str()),
        ("request_id", &request_id),
        ("etag", etag),
        ("line", "1/50.50"),
        ("approved_1", "50.50"),
        ("line", "2/150.00"),
        ("approved_2", "100"),
        ("remark", "one hour was enough"),
    ];
    let sent = browser.post(&accept, &fields).await;
    assert_eq!(sent.location(), format!("/portal/claims/{CLAIM}?done=accept"));
    let asked: Vec<RespondToClaimRequest> = browser.services.asked(&path("RespondToClaim"));
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].response(), asked[0].etag.as_str()), (ClaimResponse::Accept, etag));
    let cuts: Vec<_> =
        asked[0].approved.iter().map(|one| (one.number, one.amount.clone())).collect();
    assert_eq!(cuts, [(2, money(10_000))]);
    assert_eq!(
        (asked[0].request_id.as_str(), asked[0].remark.as_str()),
        (&*request_id, "one hour was enough")
    );
    // Without the session's token nothing is sent.
    let forged = browser.post(&accept, &[("form_token", "x"), ("request_id", &request_id)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.services.asked::<RespondToClaimRequest>(&path("RespondToClaim")).len(), 1);
    // A refusal comes back on the same page with what was typed.
    browser.services.refuse(&path("RespondToClaim"), Error::new(Reason::ClaimNotOpen));
    let dispute = format!("/portal/claims/{CLAIM}/dispute");
    let fields = [
        ("form_token", token.as_str()),
        ("request_id", &request_id),
        ("etag", etag),
        ("remark", "another unit"),
    ];
    let refused = browser.post(&dispute, &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("CLAIM_NOT_OPEN") && refused.text.contains("another unit"));
    let nowhere = browser.post(&format!("/portal/claims/{CLAIM}/burn"), &fields).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_photo_of_a_claim_is_served_as_a_picture_that_runs_nothing() {
    let mut browser = a_brand().await;
    let piece = GetEvidenceResponse {
        media_type: "image/jpeg".to_owned(),
        bytes: 3,
        data: b"jpg".to_vec(),
        ..GetEvidenceResponse::default()
    };
    browser.services.answer(&path("GetClaimEvidence"), piece);
    let shown = browser.get(&format!("/portal/claims/{CLAIM}/evidence/ev_1")).await;
    assert_eq!((shown.status, shown.text.as_str()), (StatusCode::OK, "jpg"));
    assert_eq!(shown.headers[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(shown.headers[header::CONTENT_SECURITY_POLICY], "default-src 'none'; sandbox");
    browser.services.refuse(&path("GetClaimEvidence"), Error::new(Reason::NotFound));
    let gone = browser.get(&format!("/portal/claims/{CLAIM}/evidence/ev_1")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_statement_is_a_page_and_a_table() {
    let mut browser = a_brand().await;
    let line = StatementLine {
        at: Some(to_timestamp(noon())),
        account: "brand_receivable".to_owned(),
        about: "claim_accepted".to_owned(),
        amount: money(-399_905),
        case_id: "case_1".to_owned(),
        claim_id: CLAIM.to_owned(),
    };
    let statement = GetStatementResponse {
        partner: "brand:aurora".to_owned(),
        period: "2026-06".to_owned(),
        closing: money(249_900),
        lines: vec![line],
        ..GetStatementResponse::default()
    };
    browser.services.answer(&path("GetStatement"), statement);
    let page = browser.get("/portal/statements?period=2026-06").await;
    for shown in ["Still open", "¥ 2499.00", "Claim accepted", "/portal/statements/2026-06.csv"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let table = browser.get("/portal/statements/2026-06.csv").await;
    assert_eq!(table.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let rows: Vec<_> = table.text.trim_start_matches('\u{feff}').split("\r\n").collect();
    assert_eq!(rows[0], "at,account,about,amount_cny,case,claim");
    assert!(
        rows[1].ends_with(&format!(",brand_receivable,claim_accepted,-3999.05,case_1,{CLAIM}")),
        "{rows:?}"
    );
    assert_eq!(rows.len(), 3);
    assert_eq!(browser.get("/portal/statements/2026-06.exe").await.status, StatusCode::NOT_FOUND);
    let zh = browser.get("/portal/statements?lang=zh").await;
    assert!(zh.text.contains("对账单") && zh.text.contains("索赔被接受"), "{}", zh.text);
}
