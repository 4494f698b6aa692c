//! Notices as an operator's systems see them: letters, receipts and links over HTTP, and whole processes that
//! are killed while an adapter misbehaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use parasol::import::Source;
use parasol_casebook::{Pools, Store};
use parasol_testkit::carriers::{CarrierServer, FakeCarrier, Mail, Mishaps, SmtpServer};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::house::{House, texts};
use crate::http::{self, Answer};
use crate::messages::{Offered, ask, offered};
use crate::mortal::Kills;
use crate::program::command;

/// What receipts are signed with: 32 times the letter A.
const SECRET: &str = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
/// How often it is looked whether a letter came; each look asks the node something.
const LOOKS_MAX: usize = 20_000;

/// A receipt, signed as an adapter signs it.
async fn receipt(house: &House, operation: &str, key: &[u8]) -> Answer {
    let seconds = (house.node.clock.now().micros() / 1_000_000).to_string();
    let body = json!({"operation": operation, "state": "delivered"}).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(format!("r-1.{seconds}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    let headers = [
        ("webhook-id", "r-1"),
        ("webhook-timestamp", &*seconds),
        ("webhook-signature", &*signature),
    ];
    http::ask_with(house.node.http, &headers, "POST /v1/notices/receipts", &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_go_out_receipts_come_in_and_a_link_ends_them() {
    let server = SmtpServer::start().expect("a port is free");
    let settings = [
        ("notices.smtp_url", &*server.url()),
        ("notices.mail_from", "Parasol <service@shop.example>"),
        ("notices.pages_url", "https://service.shop.example"),
        ("notices.receipt_secret", SECRET),
    ];
    let house = House::set(&settings).await;
    let examples = parasol::demo::EXAMPLES.iter();
    house.load(examples.map(|(name, text)| Source::text(name, text)).collect()).await;
    let Offered { case, customer, .. } = offered(&house).await;
    let wishes = json!({
        "requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a21", "email": "li@example.com", "language": "en",
    });
    let changed = ask(&house, &customer, "POST /v1/notice-preferences", &wishes).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    // What was planned before there was an address has failed; the next one goes out.
    let remind = json!({"requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a22"});
    let cancelled =
        ask(&house, &customer, &format!("POST /v1/cases/{case}:cancelCase"), &remind).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let line = format!("GET /v1/cases/{case}/notices");
    let mail = letter(&house, &customer, &line, &server).await;
    assert_eq!(mail.to, "li@example.com");
    let listed = ask(&house, &customer, &line, &Value::Null).await.json();
    let notices = listed["notices"].as_array().expect("notices").clone();
    let notice = notices.iter().find(|one| one["template"] == "cancelled").expect("it is listed");
    let id = notice["noticeId"].as_str().expect("an id");

    let forged = receipt(&house, &format!("{id}_e"), &[7; 32]).await;
    assert_eq!((forged.status, &forged.json()["reason"]), (401, &json!("CALLBACK_UNSIGNED")));
    let bare = http::ask(house.node.http, None, "POST /v1/notices/receipts", "{}").await;
    assert_eq!(bare.json()["reason"], "CALLBACK_UNSIGNED");
    let unknown = format!("ntc_{}1_e", "0".repeat(31));
    assert_eq!(receipt(&house, &unknown, &[b'A'; 32]).await.status, 404);
    let taken = receipt(&house, &format!("{id}_e"), &[b'A'; 32]).await;
    assert_eq!(taken.status, 204, "{}", taken.body);
    let mut delivered = false;
    for _ in 0..LOOKS_MAX {
        let listed = ask(&house, &customer, &line, &Value::Null).await.json();
        let notices = listed["notices"].as_array().expect("notices").clone();
        delivered = notices
            .iter()
            .any(|one| one["noticeId"] == id && one["state"] == "NOTICE_STATE_DELIVERED");
        if delivered {
            break;
        }
    }
    assert!(delivered, "the receipt was not taken up");

    let link = mail.content.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <"));
    let link = link.and_then(|link| link.strip_suffix('>')).expect("a link");
    let path = link.strip_prefix("https://service.shop.example").expect("a link of the pages");
    let muted = async || {
        let wishes = ask(&house, &customer, "GET /v1/notice-preferences", &Value::Null).await;
        wishes.json()["muted"].clone()
    };
    let page = http::ask(house.node.http, None, &format!("GET {path}"), "").await;
    assert!(page.status == 200 && page.body.contains("<button"), "{}", page.body);
    assert_eq!(muted().await, Value::Null, "looking at a link does nothing");
    let done = http::ask(house.node.http, None, &format!("POST {path}"), "").await;
    assert!(done.status == 200 && done.body.contains("news of progress"), "{}", done.body);
    assert_eq!(muted().await, json!(["NOTICE_KIND_PROGRESS"]));
    let wrong = http::ask(house.node.http, None, "POST /v1/notices/unsubscribe/00ff", "").await;
    assert_eq!(wrong.status, 404);
    house.leave().await;
}

/// The letter about the cancellation, once it came.
async fn letter(
    house: &House,
    customer: &parasol_runtime::identity::Principal,
    line: &str,
    server: &SmtpServer,
) -> Mail {
    for _ in 0..LOOKS_MAX {
        ask(house, customer, line, &Value::Null).await;
        // By itself, or with what was still to be told in one.
        let is_it = |mail: &Mail| {
            ["Subject: Cancelled", "Subject: What happened"]
                .iter()
                .any(|head| mail.content.contains(head))
        };
        if let Some(mail) = server.mails().into_iter().find(is_it) {
            return mail;
        }
    }
    panic!("no letter came: {:?}", server.mails());
}

/// Cases of one game.
const CASES: &str = "8";
const KILLS: Kills = Kills { all: 15, life_ms: 300..1_800, seed: 0x5eed };

#[test]
fn proc_killed_processes_and_a_bad_carrier_lose_no_notice_and_double_none() {
    let carrier = Arc::new(FakeCarrier::new(0x0717, Mishaps::STORMY));
    let server = CarrierServer::start(Arc::clone(&carrier)).expect("a port is free");
    let run = |folder: &Path| {
        let mut command = command("demo", folder);
        command
            .args(["--cases", CASES, "--once", "--pace", "0"])
            .env("PARASOL__NOTICES__SMS_URL", server.url())
            .env("PARASOL__NOTICES__WEBHOOK_URL", server.url());
        command
    };
    let games = KILLS.deal(run, |folder| check(folder, &carrier));
    println!("{games} games, {:?}", carrier.bitten());
    assert!(carrier.bitten().len() >= 6, "hardly anything went wrong: {:?}", carrier.bitten());
}

/// Holds the notices of a game against what rang.
fn check(folder: &Path, carrier: &FakeCarrier) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = format!("sqlite://{}", folder.join("parasol.db").display());
        let store = Store::open(&url, Pools::default()).await.expect("the store opens");
        let rows = "SELECT lower(hex(notice)) || ' ' || state || ' ' || channel || ' ' || tried \
                    FROM notices";
        let rows = texts(&store, rows).await;
        assert!(rows.len() > 50, "only {} notices", rows.len());
        let mut rang: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in carrier.passed() {
            let (notice, letter) = one.number.rsplit_once('_').expect("a number has a letter");
            let notice = notice.trim_start_matches("ntc_").to_owned();
            rang.entry(notice).or_default().push(letter.to_owned());
        }
        let mut told = 0;
        for row in &rows {
            let mut words = row.split(' ');
            let (notice, state) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let tried = words.nth(1).unwrap_or("");
            let letters = rang.get(notice).cloned().unwrap_or_default();
            let mut once = letters.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), letters.len(), "{row} rang twice under one number");
            assert!(letters.len() < 2 || !tried.is_empty(), "{row} went twice without a refusal");
            // Whoever is believed to have been told was.
            assert!(state != "delivered" || !letters.is_empty(), "{row} never rang");
            told += usize::from(state == "delivered");
        }
        assert!(told > 5, "only {told} of {} arrived", rows.len());
        // Every entry that customers hear of has its notice, and one.
        let filed = "SELECT lower(hex(case_id)) FROM notices WHERE template = 'filed'";
        let mut filed = texts(&store, filed).await;
        filed.sort();
        let all = filed.len();
        filed.dedup();
        assert_eq!((filed.len(), filed.len()), (all, CASES.parse().expect("a number")));
        store.close().await.expect("the store closes");
    });
}
