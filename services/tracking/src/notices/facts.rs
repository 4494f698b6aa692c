//! What is filled into a notice, read when it is sent: from the case, its log, the network and the relay.
//!
//! The technician's telephone is the relay's number and only that, as long as one is lent; a name is the one the
//! customer's page shows. Nothing of it is kept.

use parasol_api::Language;
use parasol_journey::deadline::Clock;
use parasol_journey::event::Window;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{Party, Remedy};
use parasol_journey::{Case, Event, Fact, Task};

use super::plan::Template;
use super::words::Values;
use crate::people::People;

/// Where what is filled in comes from.
pub struct Sources<'a> {
    /// Names and numbers of people.
    pub people: &'a People,
    /// Where the customer's page is; empty where there is none.
    pub pages: &'a str,
    /// The completion code of the case, for templates that give it.
    pub code: &'a str,
    /// The secret by which the survey of the case is answered; empty while it cannot be.
    pub survey: &'a str,
}

/// The last digits of a case by which a customer tells theirs apart.
const DIGITS: usize = 6;

impl Sources<'_> {
    /// What a template may need of an entry and of its case as it is now.
    pub async fn values(
        &self,
        template: Template,
        event: &Event,
        case: &Case,
        language: Language,
    ) -> Values {
        let zh = language == Language::Zh;
        let pick = |names: (&str, &str)| (if zh { names.0 } else { names.1 }).to_owned();
        let id = case.id.to_string();
        let mut values = Values::from([
            ("case", id[id.len().saturating_sub(DIGITS)..].to_owned()),
            ("product", pick(case.filing.category.names())),
            ("brand", case.filing.brand.to_string()),
            ("window", window(event, case).map(|one| in_words(one, zh)).unwrap_or_default()),
            ("date", date(template, event, case).map(|at| day(at, zh)).unwrap_or_default()),
            ("amount", amount(event, case).map(yuan).unwrap_or_default()),
            ("remedies", remedies(case, zh)),
            ("done", done(case, zh)),
            ("party", pick(party(event).names())),
            ("verdict", verdict(event, zh).to_owned()),
        ]);
        if let Some(at) = case.visit.as_ref().and_then(|visit| visit.arriving_at) {
            values.insert("eta", at.shanghai().format("%H:%M").to_string());
        }
        if matches!(template, Template::Code | Template::CodeRenewed) {
            values.insert("code", self.code.to_owned());
        }
        if !self.pages.is_empty() {
            let pages = self.pages.trim_end_matches('/');
            let link = match template {
                // Who is asked how it was needs no account to say so.
                Template::Closed if !self.survey.is_empty() => {
                    format!("{pages}/survey/{}", self.survey)
                }
                _ => format!("{pages}/my/cases/{id}"),
            };
            values.insert("link", link);
        }
        self.name(template, case, zh, &mut values).await;
        values
    }

    /// Who comes and whose they are, for templates that say so.
    async fn name(&self, template: Template, case: &Case, zh: bool, values: &mut Values) {
        use Template::{Accepted, AtTheDoor, Booked, HandedOver, Moved, OnTheWay, TechnicianNamed};
        if template == Accepted {
            let centre = case.work_order.as_ref().map(|order| order.centre.as_str());
            if let Some(found) = self.people.centre(centre.unwrap_or_default()).await {
                let name = if zh { &found.name_zh } else { &found.name_en };
                values.insert("centre", name.clone());
            }
        }
        let of_visit = matches!(
            template,
            TechnicianNamed | Booked | Moved | HandedOver | OnTheWay | AtTheDoor
        );
        let technician = case.technician().filter(|_| of_visit);
        let Some(technician) = technician else { return };
        if let Some(found) = self.people.technician(technician.as_str()).await {
            values.insert("technician", found.name.clone());
        }
        if matches!(template, TechnicianNamed | OnTheWay | AtTheDoor) {
            values.insert("phone", self.people.relay(case).await);
        }
    }
}

fn window(event: &Event, case: &Case) -> Option<Window> {
    match &event.fact {
        Fact::AppointmentBooked { window, .. } | Fact::AppointmentRescheduled { window, .. } => {
            Some(*window)
        }
        _ => case.visit.as_ref().map(|visit| visit.window),
    }
}

/// The day that a template speaks of.
fn date(template: Template, event: &Event, case: &Case) -> Option<Timestamp> {
    let runs_out = |clock| case.owes(Task::Clock(clock)).map(|owed| owed.due);
    match (template, &event.fact) {
        (_, Fact::PartsExpected { at }) => Some(*at),
        (_, Fact::PartsBackordered { expected_at, .. }) => Some(*expected_at),
        (_, Fact::PartsShipped { arrives_at }) => Some(*arrives_at),
        (_, Fact::VisitFailed { parts_at, .. }) => *parts_at,
        (_, Fact::WindowsProposed { expires_at, .. }) => Some(*expires_at),
        (_, Fact::Paused { resume_at, .. }) => Some(*resume_at),
        (_, Fact::DisputeOpened { evidence_until, .. })
        | (_, Fact::DisputeAwaits { evidence_until, .. }) => *evidence_until,
        (_, Fact::DeadlineMissed { clock, .. }) => {
            let again = event.armed.iter().find(|(task, _)| *task == Task::Clock(*clock));
            again.map(|(_, due)| *due)
        }
        (Template::ConfirmSoon, _) => runs_out(Clock::Confirm),
        _ => None,
    }
}

fn amount(event: &Event, case: &Case) -> Option<i64> {
    match &event.fact {
        Fact::RemedyChosen { amount_fen, .. } | Fact::GoodwillGranted { amount_fen } => {
            Some(*amount_fen)
        }
        Fact::CompensationPaid { operation } => {
            case.paid.iter().find(|one| one.operation == *operation).map(|one| one.amount_fen)
        }
        _ => case.remedy.map(|(_, amount_fen)| amount_fen),
    }
}

/// Who is late, or answered.
fn party(event: &Event) -> Party {
    match &event.fact {
        Fact::DeadlineMissed { charged_to, .. } => *charged_to,
        Fact::DisputeAnswered { by, .. } => *by,
        _ => Party::Retailer,
    }
}

fn verdict(event: &Event, zh: bool) -> &'static str {
    let lost = matches!(&event.fact, Fact::DisputeDecided { loser: Party::Customer, .. });
    match (lost, zh) {
        (true, true) => "维持原结论",
        (true, false) => "the finding stands",
        (false, true) => "支持您的主张",
        (false, false) => "it went in your favour",
    }
}

fn remedies(case: &Case, zh: bool) -> String {
    let offered = case.decision.as_ref().map(|decision| decision.offered.as_slice());
    let words = offered.unwrap_or_default().iter().map(|one| match (one.remedy, zh) {
        (Remedy::Repair, true) => "维修".to_owned(),
        (Remedy::Repair, false) => "repair".to_owned(),
        (Remedy::Replace, true) => "换新".to_owned(),
        (Remedy::Replace, false) => "replacement".to_owned(),
        (Remedy::Refund, true) => format!("退款 ¥{}", yuan(one.amount_fen)),
        (Remedy::Refund, false) => format!("refund of CNY {}", yuan(one.amount_fen)),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What was carried out.
fn done(case: &Case, zh: bool) -> String {
    match (case.remedy, zh) {
        (Some((Remedy::Refund, fen)), true) if fen > 0 => format!("退款 ¥{} 已支付", yuan(fen)),
        (Some((Remedy::Refund, fen)), false) if fen > 0 => {
            format!("your refund of CNY {} is paid", yuan(fen))
        }
        (Some((Remedy::Replace, _)), true) => "新机已送达".to_owned(),
        (Some((Remedy::Replace, _)), false) => "the new unit is here".to_owned(),
        (Some((Remedy::Repair, _)), true) => "维修已完成".to_owned(),
        (Some((Remedy::Repair, _)), false) => "it is repaired".to_owned(),
        _ => String::new(),
    }
}

fn in_words(window: Window, zh: bool) -> String {
    let (from, to) = (window.start.shanghai(), window.end.shanghai());
    let day = if zh { from.format("%m月%d日") } else { from.format("%d %b") };
    format!("{day} {}-{}", from.format("%H:%M"), to.format("%H:%M"))
}

fn day(at: Timestamp, zh: bool) -> String {
    let at = at.shanghai();
    let format = if zh { "%m月%d日" } else { "%d %b" };
    at.format(format).to_string()
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
