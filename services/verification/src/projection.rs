//! Certificates and decisions as rows, from the log alone.

use parasol_casebook::{Change, Projector, RowOp};
use parasol_journey::event::{Decision, Fact};
use parasol_journey::ids::CaseId;
use parasol_journey::{Event, certificate::Certificate};
use sea_orm::ActiveValue::Set;

use crate::tables::{certificates, decisions};

/// Writes one row for each certificate and each decision.
pub struct Indexes;

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
