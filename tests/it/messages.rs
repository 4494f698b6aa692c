//! What partners send to a running node, over REST: bulk answers, stale ones, anomalies, and the log of it.

use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};

use crate::bad_input::{filer, filing};
use crate::house::House;
use crate::http::{self, Answer};

/// How often something that happens soon is looked for.
const LOOKS_MAX: usize = 5_000;

/// A case that is offered to a centre.
pub struct Offered {
    pub customer: Principal,
    pub case: String,
    pub offer: String,
    pub centre: Principal,
    pub brand: Principal,
}

pub async fn ask(house: &House, who: &Principal, line: &str, body: &Value) -> Answer {
    let token = house.node.tokens().token(who);
    let body = if line.starts_with("GET") { String::new() } else { body.to_string() };
    http::ask(house.node.http, Some(&token), line, &body).await
}

/// Files the usual case and waits until it is offered.
pub async fn offered(house: &House) -> Offered {
    let customer = Principal::new(Role::Customer, filer());
    let wanted = filing();
    let body = json!({
        "requestId": wanted.request_id, "orderLine": wanted.order_line, "serial": wanted.serial,
        "kind": "CASE_KIND_QUALITY", "wish": "REMEDY_REPAIR",
        "symptom": wanted.symptom, "description": wanted.description,
    });
    let filed = ask(house, &customer, "POST /v1/cases", &body).await;
    let case = filed.json()["case"]["caseId"].as_str().expect("a case").to_owned();
    let id: CaseId = case.parse().expect("a case id");
    let mut moves = house.node.bell.watch_case(id);
    let stored = loop {
        let stored = house.node.store.case(id).await.expect("the store answers").expect("a case");
        if stored.stage == Stage::Dispatched {
            break stored;
        }
        moves.next().await;
    };
    let offer = stored.offer.expect("a dispatched case has an offer");
    let brand = stored.filing.brand.as_str();
    let centre = Principal::new(Role::Centre, offer.centre.as_str()).of_brand(brand);
    let brand = Principal::new(Role::Brand, brand).of_brand(brand);
    Offered { customer, case, offer: offer.id.to_string(), centre, brand }
}

fn headlines(timeline: &Value) -> Vec<(String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let entries = timeline["entries"].as_array().expect("entries").iter();
    entries.map(|entry| (text(entry, "headline"), text(entry, "note"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anomaly_is_told_to_the_retailer_and_the_brand_and_to_nobody_else() {
    let house = House::open().await;
    let Offered { customer, case, centre, brand, .. } = offered(&house).await;
    let body = json!({
        "requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a01", "kind": "ANOMALY_KIND_FRAUD_SUSPECTED",
        "text": "nobody at 13800138000 knows of a fridge", "partnerSequence": "1",
    });
    let line = format!("POST /v1/partner/cases/{case}:raiseAnomaly");
    let raised = ask(&house, &centre, &line, &body).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    assert!(raised.json()["anomalyId"].as_str().expect("an id").starts_with("anomaly_"));
    let line = format!("GET /v1/cases/{case}/timeline?language=en");
    let told = ("Anomaly: the claim does not look honest", "nobody at *** knows of a fridge");
    let told = (told.0.to_owned(), told.1.to_owned());
    let agent = Principal::new(Role::Agent, "agent-1");
    for who in [&brand, &agent] {
        let timeline = ask(&house, who, &line, &Value::Null).await.json();
        assert!(headlines(&timeline).contains(&told), "{who}: {timeline}");
    }
    for who in [&customer, &centre] {
        let timeline = ask(&house, who, &line, &Value::Null).await;
        assert!(!timeline.body.contains("Anomaly"), "{who}: {}", timeline.body);
        assert!(!timeline.body.contains("fridge"), "{who}: {}", timeline.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_answers_a_stale_one_and_the_log_of_them_over_rest() {
    let house = House::open().await;
    let Offered { case, offer, centre, brand, .. } = offered(&house).await;
    let item = |offer: &str, request: &str| json!({"requestId": request, "caseId": case, "offerId": offer, "partnerSequence": "7"});
    let unknown = "offer_01905af12b3c7def8123456789abcdef";
    let batch = json!({
        "requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a02",
        "items": [item(unknown, ""), item(&offer, "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a03")],
    });
    let line = "POST /v1/partner/offers:batchAccept";
    let answered = ask(&house, &centre, line, &batch).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    let results = answered.json()["results"].clone();
    assert_eq!(results[0]["refusal"]["reason"], "NOT_FOUND", "{results}");
    assert_eq!(results[1]["answer"]["effect"], "MESSAGE_EFFECT_APPLIED", "{results}");
    let again = ask(&house, &centre, line, &batch).await;
    assert_eq!(again.body, answered.body);

    let stale = json!({
        "requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a04", "kind": "ANOMALY_KIND_SAFETY",
        "partnerSequence": "6",
    });
    let raise = format!("POST /v1/partner/cases/{case}:raiseAnomaly");
    let kept = ask(&house, &centre, &raise, &stale).await;
    assert_eq!(kept.json()["effect"], "MESSAGE_EFFECT_KEPT_AS_EVIDENCE", "{}", kept.body);
    // Refused ones and repetitions are noted soon after.
    let mut log = Value::Null;
    for _ in 0..LOOKS_MAX {
        log = ask(&house, &centre, "GET /v1/partner/messages", &Value::Null).await.json();
        if log["messages"].as_array().is_some_and(|messages| messages.len() == 5) {
            break;
        }
    }
    let mut outcomes: Vec<_> = log["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|one| (one["method"].as_str().unwrap(), one["outcome"].as_str().unwrap()))
        .collect();
    outcomes.sort_unstable();
    let accept = |outcome| ("AcceptOffer", outcome);
    let expected = [
        accept("MESSAGE_OUTCOME_APPLIED"),
        accept("MESSAGE_OUTCOME_DUPLICATE"),
        accept("MESSAGE_OUTCOME_REFUSED"),
        accept("MESSAGE_OUTCOME_REFUSED"),
        ("RaiseAnomaly", "MESSAGE_OUTCOME_STALE"),
    ];
    assert_eq!(outcomes, expected, "{log}");
    let own = ask(&house, &brand, "GET /v1/partner/messages", &Value::Null).await;
    assert_eq!(own.json(), json!({}), "a centre's messages are its own");
}
