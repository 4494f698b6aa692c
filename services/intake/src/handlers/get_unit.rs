//! `GetUnit`: the life of one unit, folded from its sale and from the logs of its cases.

use parasol_api::convert::to_timestamp;
use parasol_api::intake::v1::{GetUnitRequest, UnitEvent, UnitHistory};
use parasol_api::{Checker, Error, Language, Reason};
use parasol_desk::{Call, Result};
use parasol_journey::Fact;
use parasol_journey::ids::Serial;
use parasol_journey::time::Timestamp;
use tonic::Request;

use crate::sold::Sold;
use crate::words::Milestone;
use crate::{Intake, filings, unreadable};

/// Entries shown at most.
const EVENTS_MAX: usize = 200;
/// Entries of one case's log that are read.
const LOG_MAX: u64 = 1_000;

pub(crate) async fn handle(
    intake: &Intake,
    request: Request<GetUnitRequest>,
) -> Result<UnitHistory> {
    Call::reading(&request, "GetUnit")?;
    let wire = request.into_inner();
    let mut check = Checker::new();
    let serial = check.id::<Serial>("serial", &wire.serial);
    let language = check.language(&wire.language);
    let (serial, language) = check.all((serial, language))?;

    let store = &intake.desk.store;
    let sold = Sold::of_serial(store, &serial).await?;
    let sold = sold.ok_or_else(|| Error::new(Reason::NotFound))?;
    let line = sold.order.order_line.parse().map_err(Error::internal)?;
    let mut cases = filings::of_unit(store, &line).await?;
    // An exchange uses a promise up for the unit that was given as well.
    let now = intake.desk.clock.now();
    let pack = intake.shelf.in_force(now.shanghai_day());
    let used_up = sold.used_up(&cases, &pack, now);
    cases.retain(|case| case.filing.serial == serial);
    let (replaces, replaced_by) = Sold::lineage(store, &serial).await?;
    let mut events = vec![event(sold.delivered_at(), Milestone::Delivered, "", language)];
    if let Some(at) = sold.installed_at() {
        events.push(event(at, Milestone::Installed, "", language));
    }
    for case in &cases {
        if events.len() >= EVENTS_MAX {
            break;
        }
        let log = store.log_after(case.id, 0, LOG_MAX).await.map_err(unreadable)?;
        let id = case.id.to_string();
        for entry in log {
            if let Some(milestone) = milestone(&entry.event.fact) {
                events.push(event(entry.event.at, milestone, &id, language));
            }
        }
    }
    events.truncate(EVENTS_MAX);
    let most = cases
        .iter()
        .map(|case| filings::repairs_done(&cases, serial.as_str(), &case.filing.symptom));
    let repairs_done = i32::try_from(most.max().unwrap_or(0)).unwrap_or(i32::MAX);
    let started = sold.installed_at().unwrap_or(sold.delivered_at());
    Ok(UnitHistory {
        unit: Some(sold.unit(used_up)),
        events,
        repairs_done,
        replaces,
        replaced_by,
        warranty_started_at: Some(to_timestamp(started)),
    })
}

fn event(at: Timestamp, milestone: Milestone, case: &str, language: Language) -> UnitEvent {
    UnitEvent {
        at: Some(to_timestamp(at)),
        kind: milestone.kind().to_owned(),
        case_id: case.to_owned(),
        text: milestone.sentence(language),
    }
}

/// What of a case's log belongs into the life of the unit.
fn milestone(fact: &Fact) -> Option<Milestone> {
    Some(match fact {
        Fact::Filed(_) => Milestone::CaseFiled,
        Fact::CertificateSubmitted { .. } => Milestone::Inspected,
        Fact::RepairCompleted => Milestone::Repaired,
        Fact::RepairFailed => Milestone::RepairFailed,
        Fact::ReplacementDelivered { .. } => Milestone::Replaced,
        Fact::RefundPaid { .. } => Milestone::Refunded,
        Fact::CompensationPaid { .. } => Milestone::Compensated,
        Fact::Denied(_) => Milestone::Denied,
        Fact::Reopened => Milestone::CaseReopened,
        Fact::Closed { .. } => Milestone::CaseClosed,
        Fact::Cancelled => Milestone::CaseCancelled,
        _ => return None,
    })
}
