//! Callbacks as a brand's own system sends them: signed, over HTTP, without a credential.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::house::House;
use crate::http::{self, Answer};
use crate::messages::{Offered, ask, offered};

/// What a partner's system knows.
struct Sender<'a> {
    house: &'a House,
    path: String,
    key: Vec<u8>,
}

impl Sender<'_> {
    /// Sends a body, signed at so many seconds from now.
    async fn send_at(&self, id: &str, body: &Value, shift: i64) -> Answer {
        let seconds = self.house.node.clock.now().micros() / 1_000_000 + shift;
        let body = body.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        let seconds = seconds.to_string();
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &seconds),
            ("webhook-signature", &signature),
        ];
        let line = format!("POST {}", self.path);
        http::ask_with(self.house.node.http, &headers, &line, &body).await
    }

    async fn send(&self, id: &str, body: &Value) -> Answer {
        self.send_at(id, body, 0).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_does_what_the_partner_could_do_and_once() {
    let house = House::open().await;
    let Offered { case, offer, centre, customer, .. } = offered(&house).await;
    let body = json!({"requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a11"});
    let made = ask(&house, &centre, "POST /v1/callbacks:rotateSecret", &body).await.json();
    let secret = made["secret"].as_str().and_then(|secret| secret.strip_prefix("whsec_"));
    let key = BASE64_STANDARD.decode(secret.expect("a secret")).expect("base64");
    let path = made["path"].as_str().expect("a path").to_owned();
    let sender = Sender { house: &house, path, key };

    let accept = json!({
        "type": "offer.accept", "data": {"caseId": case, "offerId": offer, "partnerOrderNo": "W-1"},
    });
    let old = sender.send_at("msg_1", &accept, -301).await;
    assert_eq!((old.status, &old.json()["reason"]), (401, &json!("CALLBACK_EXPIRED")));
    let forged = Sender { key: vec![7; 32], path: sender.path.clone(), ..sender };
    let refused = forged.send("msg_1", &accept).await;
    assert_eq!((refused.status, &refused.json()["reason"]), (401, &json!("CALLBACK_UNSIGNED")));
    let bare = http::ask(house.node.http, None, &format!("POST {}", sender.path), "{}").await;
    assert_eq!(bare.json()["reason"], "CALLBACK_UNSIGNED");
    let unknown = sender.send("msg_2", &json!({"type": "offer.eat", "data": {}})).await;
    assert_eq!((unknown.status, &unknown.json()["reason"]), (400, &json!("CALLBACK_TYPE_UNKNOWN")));
    assert_eq!(unknown.json()["metadata"]["offer"], "accept,decline", "{}", unknown.body);

    let accepted = sender.send("msg_1", &accept).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    assert_eq!(accepted.json()["effect"], "MESSAGE_EFFECT_APPLIED");
    let id: CaseId = case.parse().expect("a case id");
    let version = async || {
        let stored = house.node.store.case(id).await.expect("the store answers");
        stored.map(|case| (case.version, case.stage)).expect("a case")
    };
    let before = version().await;
    assert_eq!(before.1, Stage::CentreAssigned);
    let replayed = sender.send_at("msg_1", &accept, 7).await;
    assert_eq!(replayed.body, accepted.body, "the same id gets the same answer");
    assert_eq!(version().await, before, "and has no second effect");
    let other = json!({"type": "offer.accept", "data": {"caseId": case, "offerId": offer}});
    let reused = sender.send("msg_1", &other).await;
    assert_eq!(reused.json()["reason"], "REQUEST_ID_REUSED", "{}", reused.body);
    let wrong = sender.send("msg_3", &json!({"type": "offer.accept", "data": {"case": 1}})).await;
    assert_eq!(wrong.json()["reason"], "FIELD_INVALID", "{}", wrong.body);
    let refused = sender.send("msg_4", &accept).await;
    assert_eq!(refused.json()["effect"], "MESSAGE_EFFECT_KEPT_AS_EVIDENCE", "{}", refused.body);

    let line = format!("GET /v1/cases/{case}/timeline?language=en");
    let timeline = ask(&house, &customer, &line, &Value::Null).await.json();
    let entries = timeline["entries"].as_array().expect("entries").iter();
    let accepted = entries.filter(|entry| entry["headline"] == "The brand accepted");
    assert!(accepted.clone().all(|entry| entry["reportedBy"] == "PARTY_CENTRE"));
    assert_eq!(accepted.count(), 1);
}
