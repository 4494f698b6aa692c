//! Findings and what becomes of them: how soon, how complete, overturned or not; repairs that do not hold.

use parasol_journey::certificate::Level;
use parasol_journey::ids::CertificateId;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{Cause, Party};
use parasol_journey::{ActorKind, Fact};

use crate::scores::indicator::Id;
use crate::scores::marks::{Fold, Job, Sheet, Step, Whose};

/// How long a repair has to hold (三包 art. 7).
const HOLDS_FOR: Span = Span::days(30);

/// A certificate of a first inspection.
struct Given {
    id: CertificateId,
    seq: u64,
    at: Timestamp,
    job: Job,
}

/// Certificates, the last repair, the last decision by hand.
#[derive(Default)]
pub struct Verdicts {
    given: Vec<Given>,
    repaired: Option<(u64, Timestamp, Job)>,
    by_hand: Option<(u64, Timestamp, String)>,
}

impl Fold for Verdicts {
    fn see(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        self.certificate(step, sheet);
        self.dispute(step, sheet);
        self.repair(step, sheet);
        self.decision(step, sheet);
    }
}

impl Verdicts {
    fn certificate(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        match &step.event.fact {
            Fact::CertificateSubmitted { certificate, finding } => {
                if finding.level != Level::First {
                    return;
                }
                let job = step.job.clone();
                let whose = Whose::Job(&job);
                if let Some(arrived) = step.before.checked_in_at {
                    sheet.put(&whose, Id::VerdictTime, seq, at, at.since(arrived).micros());
                }
                let blames = matches!(finding.cause, Cause::User | Cause::UnauthorisedOpening);
                sheet.put(&whose, Id::CertificateQuality, seq, at, 1);
                sheet.put(&whose, Id::UserCause, seq, at, i64::from(blames));
                sheet.put(&whose, Id::OverturnOfAll, seq, at, 0);
                let wrong = i64::from(!finding.serial_matches);
                sheet.put(&Whose::Retailer, Id::IntakeWrongUnit, seq, at, wrong);
                self.given.push(Given { id: certificate.id, seq, at, job });
            }
            Fact::CertificateHeld { certificate, .. }
            | Fact::CertificateContested { certificate, .. } => {
                if let Some(one) = self.given.iter().find(|one| one.id == *certificate) {
                    let whose = Whose::Job(&one.job);
                    sheet.put(&whose, Id::CertificateQuality, one.seq, one.at, 0);
                }
            }
            _ => {}
        }
    }

    /// A dispute is about the newest first finding: it is that one's month that an overturning restates.
    fn dispute(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let Fact::DisputeDecided { loser, .. } = &step.event.fact else { return };
        let Some(given) = self.given.last() else { return };
        let overturned = i64::from(*loser != Party::Customer);
        let (seq, at) = (step.event.seq, step.event.at);
        sheet.put(&Whose::Job(&given.job), Id::OverturnOfDisputed, seq, at, overturned);
        if overturned == 1 {
            sheet.put(&Whose::Job(&given.job), Id::OverturnOfAll, given.seq, given.at, 1);
        }
    }

    fn repair(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        match &step.event.fact {
            Fact::RepairCompleted => {
                sheet.put(&Whose::Job(step.job), Id::RepeatRepair, seq, at, 0);
                self.repaired = Some((seq, at, step.job.clone()));
            }
            Fact::RepairFailed | Fact::OutcomeRejected | Fact::Reopened => {
                let Some((from, then, job)) = self.repaired.take() else { return };
                if at <= then + HOLDS_FOR {
                    sheet.put(&Whose::Job(&job), Id::RepeatRepair, from, then, 1);
                }
            }
            _ => {}
        }
    }

    fn decision(&mut self, step: &Step<'_>, sheet: &mut Sheet<'_>) {
        let (seq, at) = (step.event.seq, step.event.at);
        match &step.event.fact {
            Fact::Decided(decision) | Fact::Denied(decision) => {
                self.by_hand = None;
                let actor = &step.event.actor;
                if let (ActorKind::Agent, Some(agent)) = (actor.kind, &actor.id) {
                    sheet.put(&Whose::Agent(agent), Id::HandReopened, seq, at, 0);
                    let overrides = i64::from(decision.overrides);
                    sheet.put(&Whose::Agent(agent), Id::Overrides, seq, at, overrides);
                    self.by_hand = Some((seq, at, agent.clone()));
                }
            }
            Fact::OutcomeRejected | Fact::DisputeOpened { .. } | Fact::Reopened => {
                if let Some((from, then, agent)) = self.by_hand.take() {
                    sheet.put(&Whose::Agent(&agent), Id::HandReopened, from, then, 1);
                }
            }
            _ => {}
        }
    }
}
