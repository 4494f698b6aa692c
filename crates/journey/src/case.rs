//! The state of a case: a fold of its log.
//!
//! Everything a decision needs is here, so that deciding reads one row. Tables of the services are
//! indexes into the same facts, never a second truth.

use serde::{Deserialize, Serialize};

use crate::certificate::{Finding, Level};
use crate::deadline::Clock;
use crate::event::{Awaited, Decision, Ending, Event, Fact, Filing, Window};
use crate::ids::{
    AppointmentId, CaseId, CentreId, CertificateId, OfferId, Serial, TechnicianId, WorkOrderId,
};
use crate::stage::Stage;
use crate::task::{Obligation, Task};
use crate::time::{Span, Timestamp};
use crate::turn::TurnClock;
use crate::vocab::{Party, PauseCause, Remedy};

/// How many breaches the state remembers in detail; the log has all of them.
const BREACHES_KEPT: usize = 32;

/// An offer that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOffer {
    /// Its id.
    pub id: OfferId,
    /// To whom.
    pub centre: CentreId,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// The accepted job; at most one per case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveWorkOrder {
    /// Its id.
    pub id: WorkOrderId,
    /// The offer it came from.
    pub offer: OfferId,
    /// Who has it.
    pub centre: CentreId,
    /// Who comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician: Option<TechnicianId>,
    /// The partner's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_order: Option<String>,
}

/// A slot held or a visit booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its id.
    pub id: AppointmentId,
    /// Whose time.
    pub technician: TechnicianId,
    /// When.
    pub window: Window,
    /// Whether the technician set off.
    #[serde(default)]
    pub en_route: bool,
}

/// A certificate of the case, newest last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// Which.
    pub id: CertificateId,
    /// What it says.
    pub finding: Finding,
    /// Whether the brand contested it.
    #[serde(default)]
    pub contested: bool,
    /// Whether the brand confirmed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// Whether it is a second opinion given after a dispute was opened, and so answers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answers_dispute: bool,
}

/// Money that reached the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidOut {
    /// The operation number at the provider.
    pub operation: String,
    /// How much, in fen.
    pub amount_fen: i64,
}

/// A pause in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Where the case goes on.
    pub from: Stage,
    /// Who has to act.
    pub owner: Party,
    /// Why.
    pub cause: PauseCause,
    /// Since when.
    pub since: Timestamp,
    /// Until when at the latest.
    pub resume_at: Timestamp,
    /// Stopped clocks with the time they still had.
    pub stopped: Vec<(Task, Span)>,
}

/// A dispute being heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Why it was opened, coded.
    pub reason: String,
    /// What it waits for.
    pub awaits: Awaited,
    /// Whether it has been heard to its end; there is one appeal, not two.
    pub heard: bool,
    /// Whether the other side accepted the customer's view.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conceded: bool,
}

/// A deadline somebody missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Which clock.
    pub clock: Clock,
    /// Whom it is charged to.
    pub charged_to: Party,
    /// When it ran out.
    pub at: Timestamp,
}

/// What repairs this case has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// Completed repairs after which the fault persisted, prior cases included.
    pub failed: u32,
    /// When the present repair began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Time in repair so far, without the present one.
    pub spent: Span,
    /// Since when parts are awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts_since: Option<Timestamp>,
    /// Time spent waiting for parts so far, without the present wait.
    pub parts_spent: Span,
    /// Whether the unit is at the workshop.
    pub at_workshop: bool,
}

/// A case as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The number of its last event.
    pub version: u64,
    /// Where it stands.
    pub stage: Stage,
    /// What was filed.
    pub filing: Filing,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
    /// Whose turn it is.
    pub turn: TurnClock,
    /// What it owes.
    pub obligations: Vec<Obligation>,
    /// The offer out now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<LiveOffer>,
    /// How many offers were made.
    #[serde(default)]
    pub offers_made: u32,
    /// Centres that were asked and are out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<CentreId>,
    /// The live work order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_order: Option<LiveWorkOrder>,
    /// The slot on hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Visit>,
    /// The booked visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Visit>,
    /// When the technician checked in on the present visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_in_at: Option<Timestamp>,
    /// Failed contact attempts in a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact_failures: Vec<Timestamp>,
    /// Certificates, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Inspected>,
    /// A certificate the customer handed in, until it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_certificate: Option<CertificateId>,
    /// The decision in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The remedy being carried out, with its refund in fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<(Remedy, i64)>,
    /// Repairs.
    #[serde(default)]
    pub repairs: Repairs,
    /// The order for the replacement, while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement_order: Option<String>,
    /// The serial of the replacement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Serial>,
    /// Money that reached the customer, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid: Vec<PaidOut>,
    /// The pause in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// All pauses together, without the present one.
    #[serde(default)]
    pub paused_before: Span,
    /// Where the case stood when cancellation was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_from: Option<Stage>,
    /// The dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    /// Whether the next inspection is a second opinion.
    #[serde(default)]
    pub second_opinion: bool,
    /// Misses of the running clocks of this stage.
    #[serde(default)]
    pub escalations: u32,
    /// How often the customer chased.
    #[serde(default)]
    pub reminders: u32,
    /// Wrong completion codes.
    #[serde(default)]
    pub wrong_codes: u32,
    /// Missed deadlines, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Breach>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<(Ending, Timestamp)>,
}

impl Case {
    /// A case before its first event; only folding its `Filed` event makes it a case.
    pub(crate) fn unfiled(id: CaseId, filing: Filing, at: Timestamp) -> Self {
        let failed = filing.prior_repairs;
        Self {
            id,
            version: 0,
            stage: Stage::Filed,
            filing,
            filed_at: at,
            updated_at: at,
            turn: TurnClock::default(),
            obligations: Vec::new(),
            offer: None,
            offers_made: 0,
            passed_over: Vec::new(),
            work_order: None,
            hold: None,
            visit: None,
            checked_in_at: None,
            contact_failures: Vec::new(),
            certificates: Vec::new(),
            linked_certificate: None,
            decision: None,
            remedy: None,
            repairs: Repairs { failed, ..Repairs::default() },
            replacement_order: None,
            replacement: None,
            paid: Vec::new(),
            pause: None,
            paused_before: Span::ZERO,
            cancel_from: None,
            dispute: None,
            second_opinion: false,
            escalations: 0,
            reminders: 0,
            wrong_codes: 0,
            breaches: Vec::new(),
            ending: None,
        }
    }

    /// Folds a whole log. `None` unless it starts with a filing and is numbered 1, 2, 3 …
    pub fn replay(id: CaseId, events: &[Event]) -> Option<Self> {
        let first = events.first()?;
        let Fact::Filed(filing) = &first.fact else {
            return None;
        };
        let mut case = Self::unfiled(id, filing.clone(), first.at);
        for event in events {
            if event.seq != case.version + 1 {
                return None;
            }
            case.apply(event);
        }
        Some(case)
    }

    /// Folds one event. Adopts what the event says; checks nothing, decides nothing.
    pub fn apply(&mut self, event: &Event) {
        self.absorb(&event.fact, event.at, event.stage);
        self.settle(event);
    }

    /// The part of an event that is the same for every fact: number, time, tasks, turn.
    pub(crate) fn settle(&mut self, event: &Event) {
        self.version = event.seq;
        self.updated_at = event.at;
        self.obligations.retain(|owed| !event.cancelled.contains(&owed.task));
        for (task, due) in &event.armed {
            self.obligations.retain(|owed| owed.task != *task);
            self.obligations.push(Obligation { task: *task, generation: event.seq, due: *due });
        }
        self.turn.hand_to(event.turn, event.at);
    }

    /// What an event changes beside obligations and turn.
    pub(crate) fn absorb(&mut self, fact: &Fact, at: Timestamp, stage: Stage) {
        let left = self.stage;
        if stage != left {
            self.escalations = 0;
        }
        self.stage = stage;
        self.absorb_dispatch(fact);
        self.absorb_visit(fact, at);
        self.absorb_remedy(fact, at);
        self.absorb_holding(fact, at, left);
    }

    fn absorb_dispatch(&mut self, fact: &Fact) {
        match fact {
            Fact::OfferMade { offer, number, centre, expires_at } => {
                self.offers_made = *number;
                self.offer =
                    Some(LiveOffer { id: *offer, centre: centre.clone(), expires_at: *expires_at });
            }
            Fact::OfferAccepted { offer, work_order, partner_order } => {
                if let Some(taken) = self.offer.take() {
                    self.work_order = Some(LiveWorkOrder {
                        id: *work_order,
                        offer: *offer,
                        centre: taken.centre,
                        technician: None,
                        partner_order: partner_order.clone(),
                    });
                }
            }
            Fact::OfferDeclined { .. }
            | Fact::OfferExpired { .. }
            | Fact::OfferWithdrawn { .. } => {
                let passed = self.offer.take().map(|offer| offer.centre);
                let passed = passed.or(self.work_order.take().map(|order| order.centre));
                self.passed_over.extend(passed);
                self.drop_visit();
            }
            Fact::CentreAssigned { centre } => {
                if let Some(order) = &mut self.work_order {
                    order.centre = centre.clone();
                }
            }
            Fact::TechnicianAssigned { technician } => {
                if let Some(order) = &mut self.work_order {
                    order.technician = Some(technician.clone());
                }
                self.drop_visit();
            }
            Fact::SecondInspectionOrdered { .. } => {
                self.second_opinion = true;
                self.passed_over.extend(self.work_order.take().map(|order| order.centre));
                self.drop_visit();
            }
            _ => {}
        }
    }

    fn absorb_visit(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::ContactFailed { .. } => self.contact_failures.push(at),
            Fact::SlotHeld { appointment, technician, window, .. } => {
                self.hold = Some(visit(*appointment, technician, *window));
            }
            Fact::SlotReleased { .. } => self.hold = None,
            Fact::AppointmentBooked { appointment, technician, window }
            | Fact::AppointmentRescheduled { appointment, technician, window, .. } => {
                self.hold = None;
                self.contact_failures.clear();
                self.visit = Some(visit(*appointment, technician, *window));
            }
            Fact::TravelStarted => {
                if let Some(visit) = &mut self.visit {
                    visit.en_route = true;
                }
            }
            Fact::CheckedIn { .. } => self.checked_in_at = Some(at),
            Fact::NoShow { .. } | Fact::VisitFailed { .. } => self.drop_visit(),
            Fact::CertificateLinked { certificate } => self.linked_certificate = Some(*certificate),
            Fact::LinkedCertificateRefused { .. } => self.linked_certificate = None,
            Fact::CertificateSubmitted { certificate, finding } => {
                self.linked_certificate = None;
                self.second_opinion = false;
                let is_second = finding.level != Level::First;
                self.certificates.push(Inspected {
                    id: certificate.id,
                    finding: finding.clone(),
                    contested: false,
                    confirmed: false,
                    answers_dispute: is_second && self.dispute.is_some(),
                });
            }
            Fact::CertificateConfirmed { certificate } => {
                if let Some(held) = self.certificates.iter_mut().find(|one| one.id == *certificate)
                {
                    held.confirmed = true;
                }
            }
            Fact::CertificateContested { certificate, .. } => {
                if let Some(held) = self.certificates.iter_mut().find(|one| one.id == *certificate)
                {
                    held.contested = true;
                }
            }
            _ => {}
        }
    }

    fn absorb_remedy(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::Decided(decision) | Fact::Denied(decision) => {
                self.decision = Some(decision.clone());
                self.remedy = None;
            }
            Fact::RemedyChosen { remedy, amount_fen } => {
                self.remedy = Some((*remedy, *amount_fen));
                if *remedy == Remedy::Repair {
                    self.repairs.since = Some(at);
                }
            }
            Fact::GoodwillGranted { amount_fen } => {
                self.remedy = Some((Remedy::Refund, *amount_fen));
            }
            Fact::PartsRequested { .. } => {
                self.repairs.parts_since = self.repairs.parts_since.or(Some(at));
            }
            Fact::UnitReceived => self.repairs.at_workshop = true,
            Fact::UnitReturned => {
                self.repairs.at_workshop = false;
                self.end_parts_wait(at);
            }
            Fact::RepairCompleted | Fact::BackToDecision { .. } => self.end_repair(at),
            Fact::RepairFailed => {
                self.end_repair(at);
                self.repairs.failed += 1;
            }
            Fact::OutcomeRejected => {
                if matches!(self.remedy, Some((Remedy::Repair, _))) {
                    self.repairs.failed += 1;
                }
                self.remedy = None;
            }
            Fact::ReplacementOrdered { operation } => {
                self.replacement_order = Some(operation.clone());
            }
            Fact::ReplacementDelivered { serial } => {
                self.replacement_order = None;
                self.replacement = Some(serial.clone());
            }
            Fact::RefundPaid { operation } | Fact::CompensationPaid { operation } => {
                let amount_fen = self.remedy.map_or(0, |(_, amount_fen)| amount_fen);
                self.paid.push(PaidOut { operation: operation.clone(), amount_fen });
            }
            Fact::CodeRefused => self.wrong_codes += 1,
            _ => {}
        }
    }

    fn absorb_holding(&mut self, fact: &Fact, at: Timestamp, left: Stage) {
        match fact {
            Fact::DisputeOpened { reason } => {
                let (reason, awaits) = (reason.clone(), Awaited::Reply);
                self.dispute = Some(Dispute { reason, awaits, heard: false, conceded: false });
            }
            Fact::DisputeAnswered { conceded, .. } => {
                if let Some(dispute) = &mut self.dispute {
                    dispute.conceded = *conceded;
                }
            }
            Fact::DisputeAwaits { awaited } => {
                if let Some(dispute) = &mut self.dispute {
                    dispute.awaits = *awaited;
                }
            }
            Fact::DisputeHeard => {
                if let Some(dispute) = &mut self.dispute {
                    dispute.heard = true;
                }
            }
            Fact::Closed { ending } => self.ending = Some((*ending, at)),
            Fact::Reopened => self.ending = None,
            Fact::Paused { owner, cause, resume_at } => {
                let stopped = self.stoppable().map(|o| (o.task, o.due.since(at))).collect();
                let from = left;
                let (owner, cause, resume_at) = (*owner, *cause, *resume_at);
                self.pause = Some(Pause { from, owner, cause, since: at, resume_at, stopped });
            }
            Fact::Resumed => {
                if let Some(pause) = self.pause.take() {
                    self.paused_before = self.paused_before + at.since(pause.since);
                }
            }
            Fact::CancelRequested => self.cancel_from = Some(left),
            Fact::CancelRefused { .. } => self.cancel_from = None,
            Fact::Cancelled => self.drop_visit(),
            Fact::Reminded => self.reminders += 1,
            Fact::DeadlineMissed { clock, charged_to } => {
                self.escalations += 1;
                if self.breaches.len() < BREACHES_KEPT {
                    self.breaches.push(Breach { clock: *clock, charged_to: *charged_to, at });
                }
            }
            _ => {}
        }
    }

    fn drop_visit(&mut self) {
        self.hold = None;
        self.visit = None;
        self.checked_in_at = None;
    }

    fn end_parts_wait(&mut self, at: Timestamp) {
        if let Some(since) = self.repairs.parts_since.take() {
            self.repairs.parts_spent = self.repairs.parts_spent + at.since(since);
        }
    }

    fn end_repair(&mut self, at: Timestamp) {
        self.end_parts_wait(at);
        if let Some(since) = self.repairs.since.take() {
            self.repairs.spent = self.repairs.spent + at.since(since);
        }
        self.repairs.at_workshop = false;
    }

    /// Who must hold the turn, given where the case stands.
    pub fn holder(&self) -> Option<Party> {
        match self.stage {
            Stage::Paused => self.pause.as_ref().map(|pause| pause.owner),
            Stage::Disputed => {
                Some(self.dispute.as_ref().map_or(
                    Party::Retailer,
                    |dispute| match dispute.awaits {
                        Awaited::Reply => Party::Brand,
                        Awaited::Evidence => Party::Customer,
                        Awaited::Lab => Party::Lab,
                    },
                ))
            }
            Stage::Repairing if self.repairs.parts_since.is_some() => Some(Party::Brand),
            Stage::Repairing if self.repairs.at_workshop => Some(Party::Centre),
            stage => stage.row().holder,
        }
    }

    /// The technician on the job.
    pub fn technician(&self) -> Option<&TechnicianId> {
        self.work_order.as_ref()?.technician.as_ref()
    }

    /// The armed obligation for a task.
    pub fn owes(&self, task: Task) -> Option<&Obligation> {
        self.obligations.iter().find(|owed| owed.task == task)
    }

    /// The next deadline a person should know of: the earliest clock, work left out.
    pub fn next_deadline(&self) -> Option<&Obligation> {
        let clocks = self.obligations.iter().filter(|owed| matches!(owed.task, Task::Clock(_)));
        clocks.min_by_key(|owed| owed.due)
    }

    /// The newest certificate.
    pub fn finding(&self) -> Option<&Inspected> {
        self.certificates.last()
    }

    /// Whether anybody travelled or is about to, so that a cancellation must ask the field first.
    pub fn is_in_the_field(&self) -> bool {
        let under_way = self.visit.as_ref().is_some_and(|visit| visit.en_route);
        under_way || matches!(self.stage, Stage::OnSite | Stage::Inspecting)
    }

    /// The clocks a pause stops.
    pub(crate) fn stoppable(&self) -> impl Iterator<Item = &Obligation> {
        self.obligations
            .iter()
            .filter(|owed| matches!(owed.task, Task::Clock(clock) if clock.row().pausable))
    }
}

fn visit(id: AppointmentId, technician: &TechnicianId, window: Window) -> Visit {
    Visit { id, technician: technician.clone(), window, en_route: false }
}
