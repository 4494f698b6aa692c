//! By webhooks and REST: a receiver that keeps what comes, sometimes answers with an error or not at all, and is away
//! for a while; and calls whose answer is sometimes never read.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use parasol_api::convert::version_of;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::brand::{Draft, Look, News, Sent, Step, Way};
use super::dice::Dice;
use super::grpc::bare;
use super::town::{MOSS, Town};
use crate::http::{ask, lose};

/// One answer of so many is never read.
const LOST_ONE_IN: u64 = 10;
/// One message of so many is sent twice.
const TWICE_ONE_IN: u64 = 5;
/// One delivery of so many is taken and not answered, one is answered with an error.
const HOOK_FAILS_ONE_IN: u64 = 20;

/// The way of the second brand.
pub struct Rest {
    http: SocketAddr,
    brand: String,
    /// Makes the technicians' credentials.
    tokens: parasol::node::Tokens,
    dice: Arc<Dice>,
    pub receiver: Receiver,
    pub lost: AtomicUsize,
    read: usize,
}

impl Rest {
    pub async fn open(town: &Town, seed: u64) -> Self {
        let tokens = town.house.node.tokens();
        let brand = tokens.token(&Principal::new(Role::Brand, MOSS).of_brand(MOSS));
        let dice = Arc::new(Dice::new(seed));
        let receiver = Receiver::open(Arc::clone(&dice)).await;
        let http = town.house.node.http;
        let body = json!({
            "requestId": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "url": receiver.url,
        });
        let made = ask(http, Some(&brand), "POST /v1/webhooks", &body.to_string()).await;
        assert_eq!(made.status, 200, "{}", made.body);
        Self { http, brand, tokens, dice, receiver, lost: AtomicUsize::new(0), read: 0 }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let answer = ask(self.http, Some(&self.brand), &format!("GET {path}"), "").await;
        match answer.status {
            200 => Some(answer.json()),
            404 => None,
            _ => panic!("{path}: {}", answer.body),
        }
    }

    fn form(&self, draft: &Draft, verb: &str, side: &str, more: Value) -> Post {
        let mut body = json!({
            "requestId": draft.request_id,
            "occurredAt": draft.at.to_string(),
            "partnerSequence": draft.sequence.to_string(),
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let token = if side == "technician" {
            let name = draft.look.technician.clone();
            self.tokens.token(&Principal::new(Role::Technician, name).of_brand(MOSS))
        } else {
            self.brand.clone()
        };
        let side = if side.is_empty() { String::new() } else { format!("{side}/") };
        let line = format!("POST /v1/{side}cases/{}{verb}", draft.case);
        Post { line, token, body: body.to_string() }
    }

    fn any<'a>(&self, list: &'a Value) -> Option<&'a Value> {
        let list = list.as_array()?;
        let nth = self.dice.below(u64::try_from(list.len()).ok()?);
        list.get(usize::try_from(nth).ok()?)
    }
}

/// A call that can be sent again.
pub struct Post {
    line: String,
    token: String,
    body: String,
}

impl Way for Rest {
    type Message = Post;

    async fn news(&mut self) -> Vec<News> {
        let told = self.receiver.told.lock().expect("no holder of this lock panics");
        let new = told[self.read..].to_vec();
        self.read = told.len();
        new
    }

    async fn look(&self, case: &str) -> Option<Look> {
        let order = self.get(&format!("/v1/partner/cases/{case}/work-order")).await?;
        let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
        let view = &order["case"];
        Some(Look {
            stage: view["stage"].as_str().unwrap_or_default().to_owned(),
            version: version_of(view["etag"].as_str().unwrap_or_default())?,
            centre: text("centre"),
            technician: text("technician"),
            appointment: text("appointmentId"),
            serial: text("serial"),
        })
    }

    async fn message(&self, draft: &Draft) -> Option<Post> {
        let look = &draft.look;
        Some(match draft.step {
            Step::Accept => {
                let verb = format!("/offers/{}:accept", draft.offer);
                self.form(draft, &verb, "partner", json!({}))
            }
            Step::Assign => {
                let path = format!("/v1/technicians?centre={}", look.centre);
                let people = self.get(&path).await?;
                let person = self.any(&people["technicians"])?["technician"].clone();
                self.form(draft, ":assignTechnician", "partner", json!({"technician": person}))
            }
            Step::Book => {
                let path = format!("/v1/cases/{}/slots?limit=20", draft.case);
                let found = self.get(&path).await?;
                let slot = self.any(&found["slots"])?["slotId"].clone();
                self.form(draft, ":bookAppointment", "", json!({"slotId": slot}))
            }
            Step::CheckIn => {
                let more = json!({"appointmentId": look.appointment});
                self.form(draft, ":checkIn", "technician", more)
            }
            Step::Inspect => {
                let certificate = certificate(look, draft.at);
                let more = json!({ "certificate": certificate });
                self.form(draft, ":submitInspection", "technician", more)
            }
            Step::Repair => {
                let more = json!({"summary": "replaced the sensor", "function": "FUNCTION_NORMAL"});
                self.form(draft, ":completeRepair", "technician", more)
            }
        })
    }

    async fn send(&self, message: &Post) -> Sent {
        let Post { line, token, body } = message;
        if self.dice.one_in(LOST_ONE_IN) {
            lose(self.http, Some(token), line, body).await;
            self.lost.fetch_add(1, Ordering::SeqCst);
            return Sent::Lost;
        }
        let answer = ask(self.http, Some(token), line, body).await;
        let said = answer.json();
        if answer.status == 200 {
            return match said["effect"].as_str() {
                Some("MESSAGE_EFFECT_KEPT_AS_EVIDENCE") => Sent::Kept,
                _ => {
                    let etag = said["case"]["etag"].as_str().unwrap_or_default();
                    Sent::Applied(version_of(etag).expect("a version"))
                }
            };
        }
        if said["transient"] == true {
            return Sent::Lost;
        }
        Sent::Refused(said["reason"].as_str().expect("a reason").to_owned())
    }

    fn doubles(&self) -> bool {
        self.dice.one_in(TWICE_ONE_IN)
    }
}

fn certificate(look: &Look, at: Timestamp) -> Value {
    let photo = |kind: &str, nth: &str| json!({"kind": kind, "sha256": nth.repeat(32), "takenAt": at.to_string()});
    json!({
        "inspectedAt": at.to_string(), "technician": look.technician, "model": "MODEL-1",
        "serialInside": look.serial, "packaging": "PACKAGING_MISSING",
        "exterior": "EXTERIOR_INTACT", "function": "FUNCTION_FAULT", "faultCode": "F01",
        "cause": "CAUSE_PRODUCT", "handling": "ON_SITE_HANDLING_NONE",
        "signature": "SIGNATURE_SIGNED", "conclusion": "CONCLUSION_REPAIRABLE",
        "evidence": [photo("EVIDENCE_KIND_NAMEPLATE", "01"), photo("EVIDENCE_KIND_FAULT", "02")],
    })
}

/// Takes webhooks.
pub struct Receiver {
    pub url: String,
    pub told: Arc<Mutex<Vec<News>>>,
    pub came: Arc<Notify>,
    /// While it is set every delivery is answered with 503 and forgotten.
    pub away: Arc<AtomicBool>,
    pub turned_away: Arc<AtomicUsize>,
    pub unanswered: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Receiver {
    async fn open(dice: Arc<Dice>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/hooks", listener.local_addr().expect("it is bound"));
        let (told, came): (Arc<Mutex<Vec<News>>>, _) = (Arc::default(), Arc::new(Notify::new()));
        let away = Arc::new(AtomicBool::new(false));
        let (turned_away, unanswered) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let one = One {
            dice,
            told: Arc::clone(&told),
            came: Arc::clone(&came),
            away: Arc::clone(&away),
            turned_away: Arc::clone(&turned_away),
            unanswered: Arc::clone(&unanswered),
        };
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(one.clone().serve(stream));
            }
        });
        Self { url, told, came, away, turned_away, unanswered, _serving: serving }
    }
}

#[derive(Clone)]
struct One {
    dice: Arc<Dice>,
    told: Arc<Mutex<Vec<News>>>,
    came: Arc<Notify>,
    away: Arc<AtomicBool>,
    turned_away: Arc<AtomicUsize>,
    unanswered: Arc<AtomicUsize>,
}

impl One {
    async fn serve(self, mut stream: TcpStream) {
        let Some(body) = read(&mut stream).await else { return };
        let fails = self.dice.one_in(HOOK_FAILS_ONE_IN);
        if self.away.load(Ordering::SeqCst) || fails {
            self.turned_away.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 503 Away\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            // Whoever asked may have gone.
            let _ = stream.write_all(answer).await;
            return;
        }
        // Of claims partners are told too; this one works cases.
        if !body["type"].as_str().is_some_and(|kind| kind.starts_with("claim.")) {
            self.told.lock().expect("no holder of this lock panics").push(news(&body));
        }
        self.came.notify_waiters();
        if self.dice.one_in(HOOK_FAILS_ONE_IN) {
            self.unanswered.fetch_add(1, Ordering::SeqCst);
            return;
        }
        let answer = b"HTTP/1.1 204 Taken\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(answer).await;
    }
}

fn news(body: &Value) -> News {
    let data = &body["data"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if body["type"] == "offer.changed" {
        let id = text(&data["offerId"]);
        let is_live = data["state"] == "OFFER_STATE_OFFERED";
        return News {
            id: bare(&id),
            case: text(&data["caseId"]),
            version: version_of(&text(&data["etag"])).expect("a version"),
            live_offer: is_live.then_some(id),
        };
    }
    News {
        id: bare(&text(&data["workOrderId"])),
        case: text(&data["case"]["caseId"]),
        version: version_of(&text(&data["case"]["etag"])).expect("a version"),
        live_offer: None,
    }
}

/// The JSON of a delivery; `None` if it does not come whole.
async fn read(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse().ok())?
            });
            if body.len() >= length.unwrap_or(0usize) {
                return serde_json::from_str(body).ok();
            }
        }
        let mut buffer = [0; 8192];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&buffer[..count]),
        }
    }
}
