//! The REST side of a running node: what a client without gRPC meets, with its own credential.

use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};

use crate::bad_input::{filer, filing};
use crate::house::House;
use crate::http::{self, Answer};

async fn ask(house: &House, who: Option<&Principal>, line: &str, body: &str) -> Answer {
    let token = who.map(|who| house.node.tokens().token(who));
    http::ask(house.node.http, token.as_deref(), line, body).await
}

fn filing_json() -> Value {
    let filing = filing();
    json!({
        "requestId": filing.request_id,
        "orderLine": filing.order_line,
        "serial": filing.serial,
        "kind": "CASE_KIND_QUALITY",
        "wish": "REMEDY_REPAIR",
        "symptom": filing.symptom,
        "description": filing.description,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_filed_accepted_and_watched_without_grpc() {
    let house = House::open().await;
    let owner = Principal::new(Role::Customer, filer());
    let filed = ask(&house, Some(&owner), "POST /v1/cases", &filing_json().to_string()).await;
    assert_eq!(filed.status, 200, "{}", filed.body);
    let case = filed.json()["case"]["caseId"].as_str().expect("a case").to_owned();
    let again = ask(&house, Some(&owner), "POST /v1/cases", &filing_json().to_string()).await;
    assert_eq!(again.body, filed.body, "a repetition gets the same bytes");

    let id: CaseId = case.parse().expect("a case id");
    let mut moves = house.node.bell.watch_case(id);
    let (offer, centre, brand) = loop {
        let stored = house.node.store.case(id).await.expect("the store answers").expect("a case");
        if let Some(offer) = stored.offer.filter(|_| stored.stage == Stage::Dispatched) {
            break (offer.id, offer.centre, stored.filing.brand);
        }
        moves.next().await;
    };
    let centre = Principal::new(Role::Centre, centre.as_str()).of_brand(brand.as_str());
    let changes = ask(&house, Some(&centre), "GET /v1/partner/work-orders?pageSize=10", "").await;
    let offered = &changes.json()["changes"][0]["offer"];
    assert_eq!(offered["offerId"], offer.to_string(), "{}", changes.body);
    let accept = format!("POST /v1/partner/cases/{case}/offers/{offer}:accept");
    let body = json!({ "requestId": filing().request_id }).to_string();
    let accepted = ask(&house, Some(&centre), &accept, &body).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let order = accepted.json()["workOrder"]["workOrderId"].as_str().expect("an order").to_owned();
    let read =
        ask(&house, Some(&centre), &format!("GET /v1/partner/work-orders/{order}"), "").await;
    assert_eq!(read.json()["case"]["caseId"], case);
    let timeline = ask(&house, Some(&owner), &format!("GET /v1/cases/{case}/timeline"), "").await;
    assert_eq!(timeline.json()["caseId"], case, "{}", timeline.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_without_a_right_learn_what_grpc_would_tell_them() {
    let house = House::open().await;
    let nobody = ask(&house, None, "GET /v1/cases", "").await;
    assert_eq!((nobody.status, &nobody.json()["reason"]), (401, &json!("UNAUTHENTICATED")));
    assert!(nobody.head.to_ascii_lowercase().contains("www-authenticate: bearer"));
    let technician = Principal::new(Role::Technician, "t-1").of_brand("aurora");
    let wrong = ask(&house, Some(&technician), "POST /v1/cases", "{}").await;
    assert_eq!((wrong.status, &wrong.json()["reason"]), (403, &json!("PERMISSION_DENIED")));
    let owner = Principal::new(Role::Customer, filer());
    let unknown = "GET /v1/cases/case_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
    let missing = ask(&house, Some(&owner), unknown, "").await;
    assert_eq!((missing.status, &missing.json()["reason"]), (404, &json!("NOT_FOUND")));
    let empty = ask(&house, Some(&owner), "POST /v1/cases", "").await;
    assert_eq!((empty.status, &empty.json()["reason"]), (400, &json!("REQUEST_ID_MISSING")));
    let page = format!("GET {}", missing.json()["type"].as_str().expect("a page"));
    assert_eq!(ask(&house, None, &page, "").await.status, 200, "every problem has a page");
}
