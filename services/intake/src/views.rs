//! A case as the wire shows it to customers and to those who act for them.

use std::collections::HashMap;

use parasol_api::common::v1 as common;
use parasol_api::convert::{
    Listed, case_view, test_cost, to_money, to_proposed_windows, to_timestamp, to_window,
};
use parasol_api::intake::v1;
use parasol_api::{Error, Language};
use parasol_casebook::{Logged, Point};
use parasol_journey::case::Quote;
use parasol_journey::event::{Decision, Fact};
use parasol_journey::{ActorKind, Case, Event, Stage, Task};
use parasol_runtime::identity::{Principal, Role};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Intake, unreadable, words};

/// The kind of the rows in the vault that hold what was said with the price of a repair; verification writes them.
const QUOTE: &str = "quote";
/// The kind of the rows in the vault that hold what was said at filing.
pub(crate) const FILING: &str = "filing";
/// Entries of one log that are searched for a decision.
const LOG_MAX: u64 = 1_000;

/// What a customer said at filing, and of which model, as the vault keeps it for whoever has to act
/// on it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Said {
    /// The model of the unit; the order knows it.
    #[serde(default)]
    pub model: String,
    /// In the customer's words.
    pub description: String,
    /// Where the unit stands, if not at the delivery address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Place>,
    /// Whom to call, if not the customer on the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Times that suit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred_windows: Vec<parasol_journey::event::Window>,
}

/// Whom to call about a visit, as the vault keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Contact {
    /// The name.
    pub name: String,
    /// The telephone number.
    pub phone: String,
}

/// A postal address, as the vault keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Place {
    /// The county.
    pub county: String,
    /// Street, house and door.
    pub street: String,
    /// Where it is on the map, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Point>,
}

/// Cases for one reader, in the order given.
pub(crate) async fn show(
    intake: &Intake,
    reader: &Principal,
    cases: &[Case],
    language: Language,
) -> Result<Vec<v1::Case>, Error> {
    let store = &intake.desk.store;
    let ids = cases.iter().map(|case| case.id.uuid());
    let said = store.reveal_many(ids, FILING).await.map_err(unreadable)?;
    let said: HashMap<Uuid, String> = said.into_iter().collect();
    let mut shown = Vec::with_capacity(cases.len());
    for case in cases {
        let body = said.get(&case.id.uuid()).and_then(|body| serde_json::from_str(body).ok());
        let description = body.map_or_else(String::new, |said: Said| said.description);
        let decision = match &case.decision {
            Some(decision) => {
                let log = store.log_after(case.id, 0, LOG_MAX).await.map_err(unreadable)?;
                Some(show_decision(intake, case, decision, &log, language))
            }
            None => None,
        };
        let completion_code = completion_code(intake, reader, case);
        shown.push(v1::Case { description, decision, completion_code, ..facts(case, language) });
    }
    Ok(shown)
}

/// What the case itself says.
fn facts(case: &Case, language: Language) -> v1::Case {
    let filing = &case.filing;
    let visit = case.visit.as_ref().filter(|_| !case.stage.is_ended());
    v1::Case {
        view: Some(case_view(case)),
        kind: filing.kind.number(),
        order_line: filing.order_line.to_string(),
        serial: filing.serial.to_string(),
        sku: filing.sku.to_string(),
        brand: filing.brand.to_string(),
        category: filing.category.number(),
        wish: filing.wants.map_or(0, Listed::number),
        filed_at: Some(to_timestamp(case.filed_at)),
        changed_at: Some(to_timestamp(case.updated_at)),
        ended_at: case.stage.is_ended().then(|| to_timestamp(case.updated_at)),
        next_deadline: next_deadline(case, language),
        centre: case.work_order.as_ref().map_or_else(String::new, |order| order.centre.to_string()),
        technician: case.technician().map_or_else(String::new, ToString::to_string),
        appointment_id: visit.map_or_else(String::new, |visit| visit.id.to_string()),
        window: visit.map(|visit| to_window(visit.window)),
        proposed_windows: to_proposed_windows(case),
        pause_cause: case.pause.as_ref().map_or(0, |pause| pause.cause.number()),
        resumes_at: case.pause.as_ref().map(|pause| to_timestamp(pause.resume_at)),
        reminders: i32::try_from(case.reminders).unwrap_or(i32::MAX),
        quote: case.quote.map(show_quote),
        ..v1::Case::default()
    }
}

fn show_quote(quote: Quote) -> v1::RepairQuote {
    v1::RepairQuote {
        amount: Some(to_money(quote.amount_fen)),
        valid_until: Some(to_timestamp(quote.valid_until)),
        accepted: quote.accepted,
        ..v1::RepairQuote::default()
    }
}

/// What was said with the price of a repair, as the vault keeps it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Quoted {
    work: String,
    lines: Vec<QuotedLine>,
}

#[derive(Deserialize)]
struct QuotedLine {
    kind: i32,
    text: String,
    quantity: i32,
    amount_fen: i64,
}

/// Adds to the price of a repair what is done for it and what it is made of. What cannot be read is left out: the
/// price stands without it.
pub(crate) async fn explain_quote(
    intake: &Intake,
    case: Uuid,
    shown: &mut v1::Case,
) -> Result<(), Error> {
    let Some(quote) = &mut shown.quote else { return Ok(()) };
    let body = intake.desk.store.reveal(case, QUOTE).await.map_err(unreadable)?;
    let said = body.and_then(|body| serde_json::from_str::<Quoted>(&body).ok()).unwrap_or_default();
    let line = |one: QuotedLine| common::QuoteLine {
        kind: one.kind,
        text: one.text,
        quantity: one.quantity,
        amount: Some(to_money(one.amount_fen)),
    };
    quote.work = said.work;
    quote.lines = said.lines.into_iter().map(line).collect();
    Ok(())
}

fn next_deadline(case: &Case, language: Language) -> Option<common::Deadline> {
    let owed = case.next_deadline()?;
    let Task::Clock(clock) = owed.task else { return None };
    Some(common::Deadline {
        clock: clock.as_str().to_owned(),
        due: Some(to_timestamp(owed.due)),
        if_missed: words::if_missed(clock, language),
    })
}

/// Only for the customer and an agent who speaks for them, and only while it closes the case: the
/// code is the customer's word that the work is done.
fn completion_code(intake: &Intake, reader: &Principal, case: &Case) -> String {
    let theirs = matches!(reader.role, Role::Customer | Role::Agent);
    let awaited = matches!(case.stage, Stage::Repairing | Stage::AwaitConfirm);
    if theirs && awaited && case.work_order.is_some() {
        intake.desk.completion_code(case.id, case.code_number())
    } else {
        String::new()
    }
}

fn show_decision(
    intake: &Intake,
    case: &Case,
    decision: &Decision,
    log: &[Logged],
    language: Language,
) -> common::Decision {
    let made = log.iter().map(|one| &one.event).filter_map(|event| Some((event, decided(event)?)));
    let made: Vec<_> = made.collect();
    let place = made.iter().position(|(_, one)| one.id == decision.id);
    let event = place.map(|place| made[place].0);
    let before = place.and_then(|place| place.checked_sub(1)).map(|place| made[place].1);
    let rules = fired_rules(intake, decision, language);
    let reason: Vec<_> = rules.iter().map(|rule| rule.effect.as_str()).collect();
    let joint = if language == Language::Zh { "" } else { " " };
    common::Decision {
        decision_id: decision.id.to_string(),
        case_id: case.id.to_string(),
        certificate_id: decision.certificate.map_or_else(String::new, |id| id.to_string()),
        decided_at: event.map(|event| to_timestamp(event.at)),
        maker: event.map_or(common::DecisionMaker::Unspecified, maker).into(),
        remedies: decision.offered.iter().map(|one| show_remedy(one, language)).collect(),
        denied: decision.offered.is_empty(),
        reason: reason.join(joint),
        rules,
        policy_version: decision.policy.clone(),
        chosen: case.remedy.map_or(0, |(remedy, _)| remedy.number()),
        supersedes: before.map_or_else(String::new, |before| before.id.to_string()),
        test_cost: case
            .dispute
            .as_ref()
            .and_then(|dispute| test_cost(dispute.loser?, dispute.tests, language)),
    }
}

fn decided(event: &Event) -> Option<&Decision> {
    match &event.fact {
        Fact::Decided(decision) | Fact::Denied(decision) => Some(decision),
        _ => None,
    }
}

fn maker(event: &Event) -> common::DecisionMaker {
    match event.actor.kind {
        ActorKind::Policy => common::DecisionMaker::Policy,
        ActorKind::Timer => common::DecisionMaker::Timer,
        _ => common::DecisionMaker::Agent,
    }
}

fn show_remedy(
    offered: &parasol_journey::event::OfferedRemedy,
    language: Language,
) -> common::OfferedRemedy {
    let money = offered.remedy == parasol_journey::vocab::Remedy::Refund;
    common::OfferedRemedy {
        remedy: offered.remedy.number(),
        amount: money.then(|| to_money(offered.amount_fen)),
        payer: offered.payer.clone(),
        // The log keeps the rules of the decision as a whole, not per remedy.
        rules: Vec::new(),
        explanation: words::remedy(offered.remedy, offered.amount_fen, language),
    }
}

/// The rules by name, with their words where the pack that decided is at hand.
fn fired_rules(intake: &Intake, decision: &Decision, language: Language) -> Vec<common::FiredRule> {
    let pack = intake.shelf.of(&decision.policy);
    let show = |rule: &String| {
        let mut rules = pack.iter().flat_map(|pack| pack.rules());
        let text = rules.find(|text| text.id.as_str() == rule);
        let (basis, effect) = text.map_or((String::new(), String::new()), |text| {
            (text.basis.clone(), say(text, language).to_owned())
        });
        common::FiredRule { rule: rule.clone(), basis, effect }
    };
    decision.rules.iter().map(show).collect()
}

/// A rule's sentence to the customer.
pub(crate) fn say(rule: &parasol_policy::RuleText, language: Language) -> &str {
    match language {
        Language::Zh => &rule.say_zh,
        Language::En => &rule.say_en,
    }
}
