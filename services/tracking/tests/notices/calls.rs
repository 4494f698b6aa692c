//! The methods: their course, their refusals, their repetition, a stranger's id.

use parasol_api::tracking::v1 as wire;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_api::{Error, Reason, Role};
use parasol_desk::customer_id;
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::vocab::{Channel, Party};
use parasol_tracking::notices::ports::Carriers;
use parasol_tracking::notices::{Kind, unsubscribe_token};
use tonic::{Response, Status};

use crate::world::*;

fn reason<T>(answer: Result<Response<T>, Status>) -> Reason {
    match answer {
        Ok(_) => panic!("it was answered"),
        Err(status) => Error::from_status(&status).reason(),
    }
}

fn update(cell: &Cell, etag: &str) -> wire::UpdateNoticePreferencesRequest {
    wire::UpdateNoticePreferencesRequest {
        request_id: cell.id(),
        etag: etag.to_owned(),
        language: "en".to_owned(),
        muted: vec![wire::NoticeKind::Survey.into()],
        refused: vec![wire::NoticeChannel::Push.into()],
        email: Some("li.lei@example.com".to_owned()),
        ..Default::default()
    }
}

#[tokio::test]
async fn preferences_are_a_customers_own_and_change_as_a_whole() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    let service = &process.service;
    let own = || by(Role::Customer, CUSTOMER, wire::GetNoticePreferencesRequest::default());
    let fresh = service.get_notice_preferences(own()).await.unwrap().into_inner();
    assert_eq!((fresh.language.as_str(), fresh.muted.len(), fresh.digest), ("zh", 0, false));
    let request = update(&cell, &fresh.etag);
    let changed = service.update_notice_preferences(by(Role::Customer, CUSTOMER, request.clone()));
    let changed = changed.await.unwrap().into_inner();
    assert_eq!(changed.email, "l***@example.com");
    let again = service.update_notice_preferences(by(Role::Customer, CUSTOMER, request.clone()));
    assert_eq!(again.await.unwrap().into_inner(), changed, "a repetition gets the same answer");
    let other = wire::UpdateNoticePreferencesRequest { digest: true, ..request };
    let other = service.update_notice_preferences(by(Role::Customer, CUSTOMER, other)).await;
    assert_eq!(reason(other), Reason::RequestIdReused);
    let old =
        service.update_notice_preferences(by(Role::Customer, CUSTOMER, update(&cell, &fresh.etag)));
    assert_eq!(reason(old.await), Reason::VersionConflict);
    assert_eq!(service.get_notice_preferences(own()).await.unwrap().into_inner(), changed);

    // Somebody else's are somebody else's, and an agent acts for whom they name.
    let strangers = customer_id("u-2").to_string();
    let request = wire::GetNoticePreferencesRequest { customer_id: strangers.clone() };
    let stranger = service.get_notice_preferences(by(Role::Customer, CUSTOMER, request.clone()));
    assert_eq!(reason(stranger.await), Reason::FieldInvalid);
    let agents = service.get_notice_preferences(by(Role::Agent, "a-1", request)).await.unwrap();
    assert_eq!(agents.into_inner().customer_id, strangers);
    let nobody = by(Role::Agent, "a-1", wire::GetNoticePreferencesRequest::default());
    assert_eq!(reason(service.get_notice_preferences(nobody).await), Reason::FieldInvalid);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    let good = update(&cell, "");
    for wrong in [
        wire::UpdateNoticePreferencesRequest { muted: vec![99], ..good.clone() },
        wire::UpdateNoticePreferencesRequest { muted: vec![1, 1], ..good.clone() },
        wire::UpdateNoticePreferencesRequest { refused: vec![0], ..good.clone() },
        wire::UpdateNoticePreferencesRequest { email: Some("li".into()), ..good.clone() },
        wire::UpdateNoticePreferencesRequest { language: "fr".into(), ..good.clone() },
    ] {
        let answer = process.service.update_notice_preferences(by(Role::Customer, CUSTOMER, wrong));
        assert_eq!(reason(answer.await), Reason::FieldInvalid);
    }
    let empty = wire::UpdateNoticePreferencesRequest::default();
    let answer = process.service.update_notice_preferences(by(Role::Customer, CUSTOMER, empty));
    assert_eq!(reason(answer.await), Reason::RequestIdMissing);
    for wrong in [vec![], vec!["ntc_1".to_owned()], vec!["ntc_1".to_owned(); 101]] {
        let request = wire::RedriveNoticesRequest { request_id: cell.id(), notice_ids: wrong };
        let answer = process.service.redrive_notices(by(Role::Operator, "o-1", request)).await;
        assert!(matches!(reason(answer), Reason::FieldInvalid | Reason::FieldTooLong));
    }
}

#[tokio::test]
async fn the_notices_of_a_case_are_for_whoever_sees_the_case() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let listed = process.listed(id).await;
    let confirm = listed.iter().find(|one| one.template == "confirm").unwrap();
    assert!(
        confirm.text.contains("请确认") && confirm.text.contains("3999.00"),
        "{}",
        confirm.text
    );
    assert!(confirm.text.contains(&format!("https://service.shop.example/my/cases/{id}")));
    let request = wire::ListNoticesRequest { case_id: id.to_string() };
    let stranger = process.service.list_notices(by(Role::Customer, "u-2", request)).await;
    assert_eq!(reason(stranger), Reason::NotFound);
    let nothing = wire::ListNoticesRequest::default();
    let nothing = process.service.list_notices(by(Role::Customer, CUSTOMER, nothing)).await;
    assert_eq!(reason(nothing), Reason::FieldInvalid);
}

#[tokio::test]
async fn failed_notices_are_listed_and_sent_again_by_an_operator() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    process.know(customer(), PHONE).await;
    cell.sms.reject(PHONE);
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(process.refunded(filing()).await);
    }
    process.rounds().await;
    assert_eq!(process.case(cases[0]).await.holder(), Some(Party::Retailer));
    let page = async |size, token: &str| {
        let (page_size, page_token) = (size, token.to_owned());
        let request = wire::ListFailedNoticesRequest { page_size, page_token };
        process.service.list_failed_notices(by(Role::Operator, "o-1", request)).await
    };
    let first = page(2, "").await.unwrap().into_inner();
    assert_eq!(first.notices.len(), 2);
    let mut failed = first.notices.clone();
    let mut token = first.next_page_token;
    while !token.is_empty() {
        let next = page(2, &token).await.unwrap().into_inner();
        failed.extend(next.notices);
        token = next.next_page_token;
    }
    assert!(failed.iter().all(|one| one.reason == "number_rejected" && one.text.is_empty()));
    assert!(failed.iter().filter(|one| one.template == "confirm").count() == 3, "{failed:?}");
    assert_eq!(reason(page(2, "00ff").await), Reason::PageTokenInvalid);

    // The number is another by now.
    process.know(customer(), "13800009999").await;
    let ids: Vec<_> = failed.iter().map(|one| one.notice_id.clone()).collect();
    let redrive = wire::RedriveNoticesRequest { request_id: cell.id(), notice_ids: ids.clone() };
    let answer = process.service.redrive_notices(by(Role::Operator, "o-1", redrive.clone()));
    let redriven = answer.await.unwrap().into_inner().redriven;
    assert_eq!(usize::try_from(redriven).unwrap(), ids.len());
    let again = process.service.redrive_notices(by(Role::Operator, "o-1", redrive)).await;
    assert_eq!(again.unwrap().into_inner().redriven, redriven);
    process.rounds().await;
    cell.sms.tick();
    cell.wait(parasol_journey::time::Span::minutes(3));
    process.rounds().await;
    assert!(page(2, "").await.unwrap().into_inner().notices.is_empty());
    for id in cases {
        assert_eq!(process.states(id).await["confirm"], "delivered");
        assert!(process.owes(id, Limit::Confirm).await.is_some(), "a late notice counts");
    }
    let unknown = format!("ntc_{}", "0".repeat(31) + "1");
    let request = wire::RedriveNoticesRequest { request_id: cell.id(), notice_ids: vec![unknown] };
    let answer = process.service.redrive_notices(by(Role::Operator, "o-1", request)).await;
    assert_eq!(reason(answer), Reason::NotFound);
}

#[tokio::test]
async fn an_agent_tells_a_customer_whom_no_notice_reached() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let request = wire::RecordToldRequest {
        request_id: cell.id(),
        case_id: id.to_string(),
        etag: String::new(),
    };
    let told = process.service.record_told(by(Role::Agent, "a-1", request.clone())).await.unwrap();
    assert!(told.into_inner().case.is_some());
    assert!(process.owes(id, Limit::Confirm).await.is_some());
    assert_eq!(process.case(id).await.holder(), Some(Party::Customer));
    let again = process.service.record_told(by(Role::Agent, "a-1", request.clone())).await;
    assert!(again.is_ok(), "a repetition gets its answer");
    let twice = wire::RecordToldRequest { request_id: cell.id(), ..request };
    let twice = process.service.record_told(by(Role::Agent, "a-1", twice)).await;
    assert_eq!(reason(twice), Reason::TaskSuperseded);
    let log = process.log(id).await;
    let voice = |fact: &parasol_journey::Fact| {
        matches!(fact, parasol_journey::Fact::NoticeDelivered { channel: Channel::Voice, .. })
    };
    assert!(log.iter().any(|event| voice(&event.fact)));
}

#[tokio::test]
async fn a_link_ends_notices_of_a_kind_for_its_customer() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process_with(Carriers::local()).await;
    process.know(customer(), PHONE).await;
    let token = unsubscribe_token(&process.desk.key, customer(), Kind::Progress);
    let follow = async |token: String| {
        let request = wire::UnsubscribeRequest { token };
        process.service.unsubscribe(by(Role::Service, "gateway", request)).await
    };
    for _ in 0..2 {
        let answer = follow(token.clone()).await.unwrap().into_inner();
        assert_eq!(answer.kind(), wire::NoticeKind::Progress);
    }
    assert_eq!(reason(follow("00".to_owned()).await), Reason::NotFound);
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let states = process.states(id).await;
    assert_eq!((&*states["filed"], &*states["confirm"]), ("suppressed", "delivered"));
}
