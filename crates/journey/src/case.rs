//! The state of a case: a fold of its log, which is in `fold.rs`.
//!
//! Everything a decision needs is here, so that deciding reads one row. Tables of the services are
//! indexes into the same facts, never a second truth.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::asked::Asked;
use crate::certificate::Finding;
use crate::deadline::Clock;
use crate::event::{Awaited, Decision, Ending, Filing, Proposal, Window};
use crate::ids::{
    AppointmentId, BrandId, CaseId, CentreId, CertificateId, OfferId, Serial, TechnicianId,
    WorkOrderId,
};
use crate::promise::Running;
pub use crate::repairs::{OrderedParts, Repairs};
use crate::stage::Stage;
use crate::task::{Obligation, Task};
use crate::time::{Span, Timestamp};
use crate::turn::TurnClock;
use crate::vocab::{Cause, Function, Party, PauseCause, Remedy, UnableReason};

pub use crate::payout::{Goodwill, PaidOut, Quote};

/// An offer that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOffer {
    /// Its id.
    pub id: OfferId,
    /// To whom.
    pub centre: CentreId,
    /// The brand whose network lends the centre; absent for one of the unit's own brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<BrandId>,
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
    /// The brand whose network lends the centre; absent for one of the unit's own brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<BrandId>,
    /// Who comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician: Option<TechnicianId>,
    /// Who comes along, where the work needs two at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helper: Option<TechnicianId>,
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
    /// Whose time as well, where the work needs two at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helper: Option<TechnicianId>,
    /// When.
    pub window: Window,
    /// Whether the technician set off.
    #[serde(default)]
    pub en_route: bool,
    /// When the technician, on the way, expects to arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arriving_at: Option<Timestamp>,
    /// When that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Timestamp>,
}

impl Visit {
    /// Everybody who comes: one, or two at once.
    pub fn crew(&self) -> impl Iterator<Item = &TechnicianId> {
        [&self.technician].into_iter().chain(&self.helper)
    }
}

/// What the next visit needs, after one that could not be finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondVisit {
    /// Why the one before could not be finished.
    pub reason: UnableReason,
    /// Who could not finish it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician: Option<TechnicianId>,
    /// When the parts that were missing arrive, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts_at: Option<Timestamp>,
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
    /// Whether evidence handed in later proves what it claims against the user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven_later: bool,
    /// The centre it came from, where a visit of a centre's was inspected on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<CentreId>,
    /// Who inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician: Option<TechnicianId>,
}

impl Inspected {
    /// Whether it blames the user for a fault and nothing handed in so far proves it.
    pub fn lacks_proof(&self) -> bool {
        let blames = matches!(self.finding.cause, Cause::User | Cause::UnauthorisedOpening);
        let is_proven = self.finding.evidence_ok || self.proven_later;
        blames && self.finding.function == Function::Fault && !is_proven
    }
}

/// A proposal that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingProposal {
    /// What is proposed.
    pub proposal: Proposal,
    /// Who proposed it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
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
    /// Whether the other side has answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
    /// Until when either side may hand in evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_until: Option<Timestamp>,
    /// Which sides have nothing more to hand in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complete: Vec<Party>,
    /// Whether a laboratory was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lab_asked: bool,
    /// Whether the laboratory has the unit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_lab: bool,
    /// The experts who were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<Panel>,
    /// How many inspections, laboratory tests and panels there were for it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tests: u32,
    /// Against whom it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loser: Option<Party>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Dispute {
    /// A dispute that waits for the other side's reply.
    pub fn opened(reason: String, evidence_until: Option<Timestamp>) -> Self {
        Self {
            reason,
            awaits: Awaited::Reply,
            heard: false,
            conceded: false,
            answered: false,
            evidence_until,
            complete: Vec::new(),
            lab_asked: false,
            at_lab: false,
            panel: None,
            tests: 0,
            loser: None,
        }
    }
}

/// What an expert thinks of the unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Who.
    pub expert: String,
    /// Whether the unit works.
    pub function: Function,
    /// Why it does not.
    pub cause: Cause,
}

/// Experts who are asked for a second opinion on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// Who was asked.
    pub experts: Vec<String>,
    /// What came in, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<Opinion>,
    /// What they found, once they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<(Function, Cause)>,
}

impl Panel {
    /// The opinion that more than half of `voters` share, with how many do.
    pub fn majority(&self, voters: usize) -> Option<(Function, Cause, u32)> {
        self.opinions.iter().find_map(|one| {
            let same =
                |other: &&Opinion| (other.function, other.cause) == (one.function, one.cause);
            let votes = self.opinions.iter().filter(same).count();
            let is_most = votes * 2 > voters;
            is_most.then(|| (one.function, one.cause, u32::try_from(votes).unwrap_or(u32::MAX)))
        })
    }

    /// Whether more than half of the experts have given an opinion.
    pub fn has_quorum(&self) -> bool {
        self.opinions.len() * 2 > self.experts.len()
    }
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

/// The last of a party's numbered messages that moved the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastHeard {
    /// Whose.
    pub from: Actor,
    /// Its number.
    pub sequence: u64,
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
    /// Brands whose networks were asked on behalf of the unit's own, in the order in which they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lenders: Vec<BrandId>,
    /// The live work order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_order: Option<LiveWorkOrder>,
    /// The slot on hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Visit>,
    /// The windows the customer was asked about, while the question stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposed: Vec<Visit>,
    /// How often windows were proposed.
    #[serde(default)]
    pub windows_proposed: u32,
    /// The booked visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Visit>,
    /// When the technician checked in on the present visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_in_at: Option<Timestamp>,
    /// What the next visit needs, while there has been one that could not be finished for want of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_visit: Option<SecondVisit>,
    /// Failed contact attempts in a row, the first ones of many.
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
    /// The rules that earlier decisions rested on, each once, without those of the decision in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rested_on: Vec<String>,
    /// The remedy being carried out, with its refund in fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<(Remedy, i64)>,
    /// Repairs.
    #[serde(default)]
    pub repairs: Repairs,
    /// Ordered parts of which something is still to come, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<OrderedParts>,
    /// The order for the replacement, while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement_order: Option<String>,
    /// The serial of the replacement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Serial>,
    /// Money that reached the customer, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid: Vec<PaidOut>,
    /// Goodwill that is being paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goodwill: Option<Goodwill>,
    /// A repair at the customer's cost, quoted or agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// A decision that waits for a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<WaitingProposal>,
    /// How often evidence was handed in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub evidence_added: u32,
    /// The pause in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// All pauses together, without the present one.
    #[serde(default)]
    pub paused_before: Span,
    /// What the customer is asked and whether they know, where their silence would count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Where the case stood when cancellation was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_from: Option<Stage>,
    /// The dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    /// Whether the next inspection is a second opinion.
    #[serde(default)]
    pub second_opinion: bool,
    /// How often each running clock has run out since it was started; clocks that never did are left
    /// out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<(Clock, u32)>,
    /// How often the customer chased.
    #[serde(default)]
    pub reminders: u32,
    /// How many anomalies were raised.
    #[serde(default)]
    pub anomalies: u32,
    /// How many notes the retailer's people keep of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub notes: u32,
    /// The case about the same that goes on in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CaseId>,
    /// The last numbered message of each party that was heard last, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<LastHeard>,
    /// How many late or doubled messages were kept.
    #[serde(default)]
    pub messages_kept: u32,
    /// Wrong completion codes since the present one was made.
    #[serde(default)]
    pub wrong_codes: u32,
    /// How often a new completion code was made, and when last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_renewed: Option<(u32, Timestamp)>,
    /// Missed deadlines, newest last; of many, every clock's last one is among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Breach>,
    /// Promises whose clocks run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises_running: Vec<Running>,
    /// Promises that were broken, by the ids their pack gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises_missed: Vec<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<(Ending, Timestamp)>,
}

impl Case {
    /// Whether a decision of the case, the present one or an earlier, rested on a rule of which this says
    /// yes.
    pub fn has_rested_on(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        let present = self.decision.iter().flat_map(|decision| &decision.rules);
        self.rested_on.iter().chain(present).any(|rule| is_meant(rule))
    }

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
            lenders: Vec::new(),
            work_order: None,
            hold: None,
            proposed: Vec::new(),
            windows_proposed: 0,
            visit: None,
            checked_in_at: None,
            second_visit: None,
            contact_failures: Vec::new(),
            certificates: Vec::new(),
            linked_certificate: None,
            decision: None,
            rested_on: Vec::new(),
            remedy: None,
            repairs: Repairs { failed, ..Repairs::default() },
            parts: Vec::new(),
            replacement_order: None,
            replacement: None,
            paid: Vec::new(),
            goodwill: None,
            quote: None,
            proposal: None,
            evidence_added: 0,
            pause: None,
            paused_before: Span::ZERO,
            asked: None,
            cancel_from: None,
            dispute: None,
            second_opinion: false,
            misses: Vec::new(),
            reminders: 0,
            anomalies: 0,
            notes: 0,
            merged_into: None,
            heard: Vec::new(),
            messages_kept: 0,
            wrong_codes: 0,
            code_renewed: None,
            breaches: Vec::new(),
            promises_running: Vec::new(),
            promises_missed: Vec::new(),
            ending: None,
        }
    }

    /// Who must hold the turn, given where the case stands.
    pub fn holder(&self) -> Option<Party> {
        match self.stage {
            // Who has not been told cannot be waited for.
            Stage::Paused if self.is_untold() => Some(Party::Retailer),
            stage if stage.silence().is_some() && self.is_unreached() => Some(Party::Retailer),
            Stage::Paused => self.pause.as_ref().map(|pause| pause.owner),
            Stage::Disputed => {
                Some(self.dispute.as_ref().map_or(
                    Party::Retailer,
                    |dispute| match dispute.awaits {
                        Awaited::Reply => Party::Brand,
                        Awaited::Evidence => Party::Customer,
                        Awaited::Lab if dispute.at_lab => Party::Lab,
                        Awaited::Lab => Party::Carrier,
                        Awaited::Panel => Party::Retailer,
                    },
                ))
            }
            _ if !self.proposed.is_empty() => Some(Party::Customer),
            Stage::Repairing if self.repairs.parts_since.is_some() => Some(Party::Brand),
            Stage::Repairing if self.repairs.at_workshop => Some(Party::Centre),
            stage => stage.row().holder,
        }
    }

    /// From when on the parts of the next visit are there, if it waits for any; unknown is the end of time.
    pub fn parts_from(&self) -> Option<Timestamp> {
        let second = self.second_visit.as_ref()?;
        let waits = second.reason == UnableReason::PartsMissing;
        waits.then(|| second.parts_at.unwrap_or(Timestamp::from_micros(i64::MAX)))
    }

    /// Which completion code is the right one: 0 for the first, and one more for every new one.
    pub fn code_number(&self) -> u32 {
        self.code_renewed.map_or(0, |(times, _)| times)
    }

    /// Whether a party's message is no newer than one of its own that has already moved the case. A message
    /// without a number never is.
    pub fn is_stale(&self, from: &Actor, sequence: u64) -> bool {
        let last = self.heard.iter().find(|last| last.from == *from);
        sequence != 0 && last.is_some_and(|last| sequence <= last.sequence)
    }

    /// How long the warranty has stood still by now: while the unit was in repair, and so while parts
    /// for it were awaited (三包 art. 8).
    pub fn warranty_stopped(&self, now: Timestamp) -> Span {
        let present = self.repairs.since.map_or(Span::ZERO, |since| now.since(since));
        self.repairs.spent + present
    }

    /// Ordered parts of which something is still to come.
    pub fn ordered_parts(&self, part: &str) -> Option<&OrderedParts> {
        self.parts.iter().find(|ordered| ordered.part == part)
    }

    /// The brand whose network has the live offer or work order: the unit's own unless another lends
    /// its centre.
    pub fn serving_brand(&self) -> &BrandId {
        let offered = self.offer.as_ref().and_then(|offer| offer.network.as_ref());
        let working = self.work_order.as_ref().and_then(|order| order.network.as_ref());
        offered.or(working).unwrap_or(&self.filing.brand)
    }

    /// The technician on the job.
    pub fn technician(&self) -> Option<&TechnicianId> {
        self.work_order.as_ref()?.technician.as_ref()
    }

    /// Who comes along with the technician, where the work needs two at once.
    pub fn helper(&self) -> Option<&TechnicianId> {
        self.work_order.as_ref()?.helper.as_ref()
    }

    /// Whether somebody is one of those on the job.
    pub fn is_on_the_job(&self, technician: &str) -> bool {
        self.technician().into_iter().chain(self.helper()).any(|one| one.as_str() == technician)
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

    /// What is to be paid to the customer now, in fen.
    pub fn to_pay_fen(&self) -> i64 {
        match (self.stage, self.goodwill, self.remedy) {
            (Stage::Compensating, Some(goodwill), _) => goodwill.amount_fen,
            (_, _, Some((_, amount_fen))) => amount_fen,
            _ => 0,
        }
    }

    /// Whether money that the rules give has reached the customer, whatever goodwill did.
    pub fn is_paid_by_rule(&self) -> bool {
        self.paid.iter().any(|one| !one.goodwill)
    }

    /// Whether somebody has given a certificate of this case.
    pub fn has_inspected(&self, technician: &TechnicianId) -> bool {
        self.certificates.iter().any(|one| one.technician.as_ref() == Some(technician))
    }

    /// The centres whose technicians have given certificates of this case.
    pub fn inspecting_centres(&self) -> impl Iterator<Item = &CentreId> {
        self.certificates.iter().filter_map(|one| one.centre.as_ref())
    }

    /// The newest certificate.
    pub fn finding(&self) -> Option<&Inspected> {
        self.certificates.last()
    }

    /// Whether somebody is at the door or on the way to it, so that a cancellation must ask the field
    /// first. A pause does not take anybody away from there.
    pub fn is_in_the_field(&self) -> bool {
        match self.standing() {
            Stage::OnSite | Stage::Inspecting => true,
            Stage::Appointed => self.visit.as_ref().is_some_and(|visit| visit.en_route),
            _ => false,
        }
    }

    /// How often a running clock has run out since it was started.
    pub fn missed(&self, clock: Clock) -> u32 {
        self.misses.iter().find(|(missed, _)| *missed == clock).map_or(0, |(_, times)| *times)
    }

    /// Whether an answer to the customer's chase would come within the time for it; `None` where no chase waits.
    pub fn answers_chase_in_time(&self) -> Option<bool> {
        self.owes(Task::Clock(Clock::Reminder)).map(|_| self.missed(Clock::Reminder) == 0)
    }

    /// All the money that reached the customer, in fen.
    pub fn paid_fen(&self) -> i64 {
        self.paid.iter().fold(0, |sum, one| sum.saturating_add(one.amount_fen))
    }

    /// The clocks a pause stops.
    pub(crate) fn stoppable(&self) -> impl Iterator<Item = &Obligation> {
        self.obligations
            .iter()
            .filter(|owed| matches!(owed.task, Task::Clock(clock) if clock.row().pausable))
    }
}
