//! Certificates, decisions and money as rows, from the log alone.

use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::deadline::Clock;
use parasol_journey::event::{Decision, Fact, Proposal, Proposed};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Function;
use parasol_journey::{Case, Event, Task, certificate::Certificate};
use sea_orm::ActiveValue::Set;

use crate::charges;
use crate::claims::{raising, store as claims};
use crate::ledger::{Posting, postings};
use crate::payment::legs;
use crate::staff::marks;
use crate::tables::hearing::{marks as decision_marks, proposals};
use crate::tables::{certificates, decisions, faults, part_returns};

/// All tables of this service that follow from the log.
pub struct Tables;

impl Projector for Tables {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        Indexes.project(change, rows);
        Money.project(change, rows);
        rows.extend(marks::of_change(change));
    }
}

/// Writes one row for each certificate and each decision.
pub struct Indexes;

/// Writes what a step means for money: the payment it plans, the postings, the claims it raises, the parts
/// that have to go back, and what is to be charged by a rate card.
pub struct Money;

impl Projector for Money {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        rows.extend(legs::planned(change));
        rows.extend(postings::of_change(change).into_iter().flat_map(Posting::rows));
        for claim in raising::of_change(change) {
            rows.extend(claims::raised(&claim, postings::raised(&claim)));
        }
        rows.extend(change.events.iter().filter_map(|event| part_row(change.after, event)));
        rows.extend(charges::of_change(change).iter().map(|charge| charge.row(false)));
    }
}

/// A part that has to go back, or one that is back.
fn part_row(case: &Case, event: &Event) -> Option<RowOp> {
    match &event.fact {
        Fact::PartsInstalled { part, return_by: Some(due) } => {
            let centre = case.work_order.as_ref().map(|order| order.centre.to_string());
            Some(RowOp::put(part_returns::ActiveModel {
                case_id: Set(case.id.uuid()),
                part: Set(part.clone()),
                centre: Set(centre.unwrap_or_default()),
                return_by: Set(due.micros()),
                charged: Set(0),
            }))
        }
        Fact::PartsReturned { part } => Some(RowOp::delete::<part_returns::Entity>(vec![
            case.id.uuid().into(),
            part.clone().into(),
        ])),
        _ => None,
    }
}

impl Projector for Indexes {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        let case = change.after.id;
        rows.extend(ended_proposal(change));
        for event in change.events {
            match &event.fact {
                Fact::CertificateSubmitted { certificate, .. } => {
                    rows.push(certificate_row(case, event, certificate));
                    rows.push(fault_row(change.after, event, certificate));
                }
                Fact::Decided(decision) | Fact::Denied(decision) => {
                    rows.push(decision_row(case, event, decision));
                    rows.push(mark(change.after, event, decision));
                }
                Fact::DecisionProposed(proposal) => {
                    let by = event.actor.id.as_deref().unwrap_or_default();
                    let waits = change.after.proposal.is_some();
                    let armed = event.armed.iter().find(|(task, _)| *task == APPROVAL);
                    let expires = armed.map_or(event.at, |(_, due)| *due);
                    rows.push(proposal_row(case, proposal, by, (event.at, expires), waits));
                }
                _ => {}
            }
        }
    }
}

/// Claimed and not written over: a certificate is never edited.
fn certificate_row(case: CaseId, event: &Event, certificate: &Certificate) -> RowOp {
    RowOp::claim(certificates::ActiveModel {
        certificate: Set(certificate.id.uuid()),
        case_id: Set(case.uuid()),
        level: Set(certificate.level.as_str().to_owned()),
        submitted_at: Set(event.at.micros()),
        body: Set(json(certificate)),
    })
}

/// Characters at the end of a serial number that number the units of a batch.
const RUNNING_NUMBER_LEN: usize = 4;
/// The shortest serial number that a batch is told from.
const SERIAL_LEN_MIN: usize = 8;

/// The fault of a case as its newest certificate names it; none when the unit works after all.
fn fault_row(case: &Case, event: &Event, certificate: &Certificate) -> RowOp {
    if certificate.function != Function::Fault {
        return RowOp::delete::<faults::Entity>(vec![case.id.uuid().into()]);
    }
    let filing = &case.filing;
    RowOp::put(faults::ActiveModel {
        case_id: Set(case.id.uuid()),
        brand: Set(filing.brand.as_str().to_owned()),
        sku: Set(filing.sku.as_str().to_owned()),
        category: Set(filing.category.as_str().to_owned()),
        batch: Set(batch(filing.serial.as_str()).to_owned()),
        fault_code: Set(certificate.fault_code.clone()),
        cause: Set(certificate.cause.as_str().to_owned()),
        at: Set(event.at.micros()),
    })
}

/// The batch that a serial number tells; serial numbers are ASCII.
fn batch(serial: &str) -> &str {
    match serial.len() {
        SERIAL_LEN_MIN.. => serial.get(..serial.len() - RUNNING_NUMBER_LEN).unwrap_or_default(),
        _ => "",
    }
}

fn decision_row(case: CaseId, event: &Event, decision: &Decision) -> RowOp {
    RowOp::put(decisions::ActiveModel {
        decision: Set(decision.id.uuid()),
        case_id: Set(case.uuid()),
        at: Set(event.at.micros()),
        maker: Set(event.actor.kind.as_str().to_owned()),
        body: Set(json(decision)),
    })
}

/// The clock of a proposal.
const APPROVAL: Task = Task::Clock(Clock::Approval);

fn proposal_row(
    case: CaseId,
    proposal: &Proposal,
    by: &str,
    (at, expires): (Timestamp, Timestamp),
    waits: bool,
) -> RowOp {
    let (kind, words) = match &proposal.what {
        Proposed::Decision(decision) => ("decision", decision.id.uuid()),
        Proposed::Goodwill(_) => ("goodwill", proposal.id.uuid()),
    };
    RowOp::put(proposals::ActiveModel {
        proposal: Set(proposal.id.uuid()),
        case_id: Set(case.uuid()),
        proposed_by: Set(by.to_owned()),
        kind: Set(kind.to_owned()),
        words: Set(words),
        worth_fen: Set(proposal.worth_fen),
        at: Set(at.micros()),
        expires_at: Set(expires.micros()),
        open: Set(i64::from(waits)),
    })
}

/// A proposal that waited before and does not any more, whatever ended it.
fn ended_proposal(change: &Change<'_>) -> Option<RowOp> {
    let before = change.before?;
    let waited = before.proposal.as_ref()?;
    let now = change.after.proposal.as_ref().map(|waiting| waiting.proposal.id);
    if now == Some(waited.proposal.id) {
        return None;
    }
    let by = waited.by.id.as_deref().unwrap_or_default();
    let expires = before.owes(APPROVAL).map_or(waited.at, |owed| owed.due);
    Some(proposal_row(before.id, &waited.proposal, by, (waited.at, expires), false))
}

fn mark(case: &Case, event: &Event, decision: &Decision) -> RowOp {
    RowOp::put(decision_marks::ActiveModel {
        case_id: Set(case.id.uuid()),
        seq: Set(i64::try_from(event.seq).unwrap_or(i64::MAX)),
        decision: Set(decision.id.uuid()),
        brand: Set(case.filing.brand.as_str().to_owned()),
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .expect("facts of the log are written as JSON by the kernel as well")
}
