//! The register on pages, without a node.

use axum::http::StatusCode;
use parasol_api::admin::v1::staff_certification::Subject;
use parasol_api::admin::v1::*;
use parasol_api::common::v1::{Category, Money};
use parasol_api::{Error, Reason, Role};

use crate::web::fixture::{Browser, Shown};

const STAFF: &str = "/parasol.admin.v1.StaffService";

fn member() -> StaffMember {
    let certification = StaffCertification {
        subject: Some(Subject::Category(Category::Television.into())),
        ..StaffCertification::default()
    };
    StaffMember {
        subject: "a-7".into(),
        role: AuthorityRole::Agent.into(),
        name: "王<五>".into(),
        identity_masked: "E00***07".into(),
        score: 700,
        certifications: vec![certification],
        etag: "v4".into(),
        ..StaffMember::default()
    }
}

async fn opened(role: Role) -> Browser {
    let browser = Browser::signed_in_at("/board", role).await;
    let services = &browser.services;
    let members = ListStaffResponse { members: vec![member()], ..ListStaffResponse::default() };
    services.answer(&format!("{STAFF}/ListStaff"), members);
    services.answer(&format!("{STAFF}/GetStaff"), member());
    let figures = StaffFigures { decisions: 12, overrides: 3, ..StaffFigures::default() };
    services.answer(&format!("{STAFF}/GetStaffFigures"), figures);
    let change = StaffChange {
        kind: StaffChangeKind::Suspended.into(),
        reason: StaffSuspensionReason::Leave.into(),
        remark: "six <months>".into(),
        ..StaffChange::default()
    };
    let changes = ListStaffChangesResponse { changes: vec![change], ..Default::default() };
    services.answer(&format!("{STAFF}/ListStaffChanges"), changes);
    let grant = |grant: &str, role: AuthorityRole, subject: &str| AuthorityGrant {
        grant: grant.into(),
        role: role.into(),
        subject: subject.into(),
        limit: Some(Money { fen: 20_000, currency: "CNY".into() }),
        in_force: true,
        ..AuthorityGrant::default()
    };
    let grants = vec![
        grant("agent.base", AuthorityRole::Agent, ""),
        grant("agent.other", AuthorityRole::Agent, "a-8"),
        grant("manager.base", AuthorityRole::Manager, ""),
    ];
    let grants = ListAuthorityResponse { grants, ..ListAuthorityResponse::default() };
    services.answer("/parasol.admin.v1.PolicyService/ListAuthority", grants);
    browser
}

async fn send(browser: &mut Browser, page: &Shown, to: &str, fields: &[(&str, &str)]) -> Shown {
    let [token, id] = ["form_token", "request_id"].map(|name| page.hidden(name));
    let own = [("form_token", token.as_str()), ("request_id", id.as_str())];
    let all: Vec<_> = own.into_iter().chain(fields.iter().copied()).collect();
    browser.post(to, &all).await
}

#[tokio::test]
async fn a_manager_looks_and_an_operator_changes() {
    let mut manager = opened(Role::Manager).await;
    let list = manager.get("/board/people").await.text;
    assert!(list.contains("/board/people/a-7") && !list.contains("id=\"register\""), "{list}");
    let page = manager.get("/board/people/a-7").await.text;
    assert!(page.contains("王&lt;五&gt;") && page.contains("six &lt;months&gt;"), "{page}");
    assert!(page.contains("3 / 12") && page.contains("agent.base"), "{page}");
    assert!(!page.contains("agent.other") && !page.contains("manager.base"), "not theirs: {page}");
    assert!(!page.contains("id=\"suspend\""), "{page}");

    let mut operator = opened(Role::Operator).await;
    let page = operator.get("/board/people/a-7").await;
    assert!(page.text.contains("id=\"suspend\"") && !page.text.contains("id=\"restore\""));
    operator.services.answer(&format!("{STAFF}/SuspendStaff"), member());
    let fields = [("reason", "credential"), ("remark", "lost"), ("etag", "v4")];
    let done = send(&mut operator, &page, "/board/people/a-7/suspend", &fields).await;
    assert_eq!(done.location(), "/board/people/a-7?done=suspend");
    let asked = operator.services.asked::<SuspendStaffRequest>(&format!("{STAFF}/SuspendStaff"));
    assert_eq!(asked[0].reason(), StaffSuspensionReason::Credential);
    assert_eq!((asked[0].subject.as_str(), asked[0].etag.as_str()), ("a-7", "v4"));
}

#[tokio::test]
async fn somebody_is_registered_certified_and_changed_as_it_was_typed() {
    let mut browser = opened(Role::Operator).await;
    let page = browser.get("/board/people").await;
    let register = format!("{STAFF}/RegisterStaff");
    browser.services.refuse(&register, Error::new(Reason::StaffTaken));
    let fields = [
        ("subject", "a-7"),
        ("role", "agent"),
        ("name", "王五"),
        ("kind", "passport"),
        ("number", "E0000007"),
        ("since", "2024-03-01"),
        ("certified_television", "yes"),
    ];
    let refused = send(&mut browser, &page, "/board/people", &fields).await;
    assert!(refused.text.contains("STAFF_TAKEN"), "{}", refused.text);
    assert!(refused.text.contains("value=\"E0000007\""), "nothing is typed twice");
    let asked = browser.services.asked::<RegisterStaffRequest>(&register);
    assert_eq!(asked[0].identity.as_ref().unwrap().kind(), IdentityKind::Passport);
    assert_eq!(asked[0].since.unwrap().seconds, 1_709_222_400, "the day begins in Shanghai");
    let television = Some(Subject::Category(Category::Television.into()));
    assert_eq!(asked[0].certifications[0].subject, television);

    let page = browser.get("/board/people/a-7").await;
    let certify = format!("{STAFF}/CertifyStaff");
    browser.services.answer(&certify, member());
    let both = [("category", "fan"), ("word", "panel")];
    let wrong = send(&mut browser, &page, "/board/people/a-7/certify", &both).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "one of the two");
    send(&mut browser, &page, "/board/people/a-7/certify", &[("word", "panel")]).await;
    let asked = browser.services.asked::<CertifyStaffRequest>(&certify);
    let subject = asked[0].certification.as_ref().unwrap().subject.clone();
    assert_eq!(subject, Some(Subject::Name("panel".into())));
    let update = format!("{STAFF}/UpdateStaff");
    browser.services.answer(&update, member());
    let fields = [("role", "manager"), ("score", "x"), ("remark", "promoted")];
    let wrong = send(&mut browser, &page, "/board/people/a-7/update", &fields).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);
    let fields = [("role", "manager"), ("score", "800"), ("remark", "promoted")];
    let done = send(&mut browser, &page, "/board/people/a-7/update", &fields).await;
    assert_eq!(done.location(), "/board/people/a-7?done=update");
    let asked = browser.services.asked::<UpdateStaffRequest>(&update);
    assert_eq!((asked[0].score, asked[0].role()), (Some(800), AuthorityRole::Manager));
}
