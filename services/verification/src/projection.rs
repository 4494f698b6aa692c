//! Certificates, decisions and money as rows, from the log alone.

use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::event::{Decision, Fact};
use parasol_journey::ids::CaseId;
use parasol_journey::{Case, Event, certificate::Certificate};
use sea_orm::ActiveValue::Set;

use crate::claims::{raising, store as claims};
use crate::ledger::{Posting, postings};
use crate::payment::legs;
use crate::tables::{certificates, decisions, part_returns};

/// All tables of this service that follow from the log.
pub struct Tables;

impl Projector for Tables {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        Indexes.project(change, rows);
        Money.project(change, rows);
    }
}

/// Writes one row for each certificate and each decision.
pub struct Indexes;

/// Writes what a step means for money: the payment it plans, the postings, the claims it raises, the parts
/// that have to go back.
pub struct Money;

impl Projector for Money {
    fn project(&self, change: &Change<'_>, rows: &mut Vec<RowOp>) {
        rows.extend(legs::planned(change));
        rows.extend(postings::of_change(change).into_iter().flat_map(Posting::rows));
        for claim in raising::of_change(change) {
            rows.extend(claims::raised(&claim, postings::raised(&claim)));
        }
        rows.extend(change.events.iter().filter_map(|event| part_row(change.after, event)));
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
        for event in change.events {
            match &event.fact {
                Fact::CertificateSubmitted { certificate, .. } => {
                    rows.push(certificate_row(case, event, certificate));
                }
                Fact::Decided(decision) | Fact::Denied(decision) => {
                    rows.push(decision_row(case, event, decision));
                }
                _ => {}
            }
        }
    }
}

fn certificate_row(case: CaseId, event: &Event, certificate: &Certificate) -> RowOp {
    RowOp::put(certificates::ActiveModel {
        certificate: Set(certificate.id.uuid()),
        case_id: Set(case.uuid()),
        level: Set(certificate.level.as_str().to_owned()),
        submitted_at: Set(event.at.micros()),
        body: Set(json(certificate)),
    })
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

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .expect("facts of the log are written as JSON by the kernel as well")
}
