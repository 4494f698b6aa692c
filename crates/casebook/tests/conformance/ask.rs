//! Commands to hand in: short to write, with everything a submission needs.

use std::sync::Arc;

use parasol_casebook::{
    Caller, CaseDeed, Deed, FilingDeed, RequestKey, RowOp, RowsDeed, Submission, Target,
};
use parasol_journey::event::{Filing, Path};
use parasol_journey::ids::{CaseId, OfferId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{CaseKind, Category, Remedy};
use parasol_journey::{Actor, ActorKind, Case, Command};
use uuid::Uuid;

/// The trace that everything is asked in.
pub const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A Monday morning inside the calendar.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
}

/// The case with this number.
pub fn case(number: u128) -> CaseId {
    CaseId::new(Uuid::from_u128(number))
}

/// What the retailer knows when a case is filed.
pub fn filing() -> Filing {
    let filing = serde_json::json!({
        "customer": Uuid::from_u128(7),
        "order_line": "JX1-1",
        "sku": "AUR-BCD-520",
        "brand": "aurora",
        "category": Category::Refrigerator,
        "serial": "SN0001",
        "county": "330106",
        "kind": CaseKind::Quality,
        "wants": Remedy::Repair,
        "symptom": "not_cooling",
        "received_at": start() - Span::days(3),
        "price_fen": 399_900,
        "policy": "cn-2026.1",
    });
    serde_json::from_value(filing).unwrap()
}

/// A command on its way.
#[derive(Clone)]
pub struct Ask {
    target: Target,
    actor: ActorKind,
    command: Command,
    rows: Vec<RowOp>,
    key: Option<RequestKey>,
    expected: Option<u64>,
    principal: String,
}

impl Ask {
    pub fn of(number: u128, actor: ActorKind, command: Command) -> Self {
        Self {
            target: Target::Case(case(number)),
            actor,
            command,
            rows: Vec::new(),
            key: None,
            expected: None,
            principal: format!("{actor}:1"),
        }
    }

    /// Files the case with this number.
    pub fn file(number: u128) -> Self {
        let command = Command::File { filing: filing() };
        let target = Target::NewCase(case(number));
        Self { target, ..Self::of(number, ActorKind::Customer, command) }
    }

    /// A command that is open in every stage and only adds an event.
    pub fn message(number: u128, reason: &str) -> Self {
        let (message, reason) = ("report".to_owned(), reason.to_owned());
        Self::of(number, ActorKind::Brand, Command::KeepMessage { message, reason })
    }

    /// Open in every stage of an open case; arms a clock once.
    pub fn remind(number: u128) -> Self {
        Self::of(number, ActorKind::Customer, Command::Remind)
    }

    /// From filed to choosing a centre.
    pub fn triage(number: u128) -> Self {
        let command = Command::Triage { path: Path::Inspection, rules: vec![] };
        Self::of(number, ActorKind::Policy, command)
    }

    /// From choosing a centre to dispatched.
    pub fn offer(number: u128, offer: u128) -> Self {
        let centre = format!("aurora-hz-{offer:02}").parse().unwrap();
        let offer = OfferId::new(Uuid::from_u128(offer));
        Self::of(number, ActorKind::Policy, Command::MakeOffer { offer, centre, network: None })
    }

    /// Ends the case.
    pub fn cancel(number: u128) -> Self {
        Self::of(number, ActorKind::Customer, Command::Cancel)
    }

    /// Rows of a service, and no case.
    pub fn rows(rows: Vec<RowOp>) -> Self {
        Self { target: Target::NoCase, ..Self::remind(0).with(rows) }
    }

    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = RowOp>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Under a request id; the body stands for the encoded request.
    #[must_use]
    pub fn keyed(mut self, request: u128, body: &str) -> Self {
        let request = Uuid::from_u128(request);
        self.key = Some(RequestKey::new(&self.principal, "Test", request, body.as_bytes()));
        self
    }

    /// From another principal; before `keyed`.
    #[must_use]
    pub fn by(mut self, principal: &str) -> Self {
        self.principal = principal.to_owned();
        self
    }

    #[must_use]
    pub fn expecting(mut self, version: u64) -> Self {
        self.expected = Some(version);
        self
    }

    pub fn request_key(&self) -> Option<RequestKey> {
        self.key
    }

    pub fn submission(self) -> Submission {
        let deed: Arc<dyn Deed> = match self.target {
            Target::NewCase(id) => {
                Arc::new(FilingDeed { id, command: self.command, rows: self.rows, answer })
            }
            Target::Case(_) => {
                Arc::new(CaseDeed { command: self.command, rows: self.rows, answer })
            }
            Target::NoCase => Arc::new(RowsDeed { rows: self.rows, answer: b"rows".to_vec() }),
        };
        Submission {
            target: self.target,
            key: self.key,
            caller: Caller { principal: self.principal, method: "Test", trace: TRACE.to_owned() },
            actor: Actor::new(self.actor, format!("{}-1", self.actor)),
            expected: self.expected,
            deed,
        }
    }
}

/// An answer that differs from version to version, with bytes that are not text.
fn answer(case: &Case) -> Vec<u8> {
    let mut bytes = vec![0, 159, 255];
    bytes.extend(format!("{} {} {}", case.id, case.version, case.stage).into_bytes());
    bytes
}
