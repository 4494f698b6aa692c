//! Folding: how each entry of the log changes the state.
//!
//! Adopts what an event says. It checks nothing, decides nothing and reads no rule, so an old log
//! folds the same for ever.

use crate::actor::Actor;
use crate::case::{
    Breach, Case, Dispute, Goodwill, Inspected, LastHeard, LiveOffer, LiveWorkOrder, Opinion,
    OrderedParts, PaidOut, Panel, Pause, Quote, SecondVisit, Visit, WaitingProposal,
};
use crate::certificate::Level;
use crate::deadline::Clock;
use crate::event::{Awaited, Event, Fact, ProposedWindow, Window};
use crate::ids::{AppointmentId, CaseId, TechnicianId};
use crate::pinned::Fitted;
use crate::stage::Stage;
use crate::task::{Obligation, Task};
use crate::time::Timestamp;
use crate::vocab::{PartStage, Remedy, UnableReason};

/// How many breaches the state remembers in detail; the log has all of them.
const BREACHES_KEPT: usize = 32;

/// How many failed contacts the state remembers, the first ones; the log has all of them.
const FAILURES_KEPT: usize = 32;

/// How many parts that were built in the state remembers, the last ones; the log has all of them.
const FITTED_KEPT: usize = 32;

/// Of how many parties the state remembers the number of their last message; of a party that is
/// forgotten no message is stale.
const HEARD_KEPT: usize = 16;

impl Case {
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
        self.absorb(&event.fact, &event.actor, event.at, event.stage);
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
        self.forget_misses();
        self.hear(event);
        self.turn.hand_to(event.turn, event.at);
    }

    /// Notes the number of a partner's message that moved the case. One that was only kept has moved
    /// nothing, so an earlier one may still come.
    pub(crate) fn hear(&mut self, event: &Event) {
        let sequence = event.heard.map_or(0, |heard| heard.sequence);
        if sequence == 0 || matches!(event.fact, Fact::MessageKept { .. }) {
            return;
        }
        let before = self.last_heard(&event.actor);
        self.heard.retain(|last| last.from != event.actor);
        if self.heard.len() >= HEARD_KEPT {
            self.heard.remove(0);
        }
        let sequence = sequence.max(before);
        self.heard.push(LastHeard { from: event.actor.clone(), sequence });
    }

    fn last_heard(&self, from: &Actor) -> u64 {
        self.heard.iter().find(|last| last.from == *from).map_or(0, |last| last.sequence)
    }

    /// What an event changes beside obligations and turn.
    pub(crate) fn absorb(&mut self, fact: &Fact, by: &Actor, at: Timestamp, stage: Stage) {
        let left = self.stage;
        self.stage = stage;
        if stage != left {
            // It was made for the case as it stood.
            self.proposal = None;
        }
        if stage != Stage::Paused {
            self.end_pause(at);
        }
        if stage != Stage::CancelRequested {
            self.cancel_from = None;
        }
        self.absorb_dispatch(fact);
        self.absorb_visit(fact, at);
        self.absorb_remedy(fact, at, left);
        self.absorb_parts(fact, at);
        self.absorb_asked(fact, at, left);
        self.absorb_holding(fact, at, left);
        self.absorb_dispute(fact);
        self.absorb_proposal(fact, by, at);
        self.absorb_promises(fact);
        if stage.is_ended() {
            // Nobody will book it any more.
            self.hold = None;
            self.proposed.clear();
        }
    }

    fn absorb_dispatch(&mut self, fact: &Fact) {
        match fact {
            Fact::OfferMade { offer, number, centre, network, expires_at } => {
                self.offers_made = *number;
                self.offer = Some(LiveOffer {
                    id: *offer,
                    centre: centre.clone(),
                    network: network.clone(),
                    expires_at: *expires_at,
                });
                if let Some(lender) = network.as_ref().filter(|one| !self.lenders.contains(one)) {
                    self.lenders.push(lender.clone());
                }
            }
            Fact::OfferAccepted { offer, work_order, partner_order } => {
                if let Some(taken) = self.offer.take() {
                    self.work_order = Some(LiveWorkOrder {
                        id: *work_order,
                        offer: *offer,
                        centre: taken.centre,
                        network: taken.network,
                        technician: None,
                        helper: None,
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
                self.second_visit = None;
            }
            Fact::CentreAssigned { centre } => {
                if let Some(order) = &mut self.work_order {
                    order.centre = centre.clone();
                }
            }
            Fact::TechnicianAssigned { technician, helper } => {
                if let Some(order) = &mut self.work_order {
                    order.technician = Some(technician.clone());
                    order.helper.clone_from(helper);
                }
                self.drop_visit();
            }
            Fact::SecondInspectionOrdered { .. } => {
                self.second_opinion = true;
                self.count_test();
                self.passed_over.extend(self.work_order.take().map(|order| order.centre));
                self.drop_visit();
                self.second_visit = None;
            }
            _ => {}
        }
    }

    fn absorb_visit(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::ContactFailed { .. } if self.contact_failures.len() < FAILURES_KEPT => {
                self.contact_failures.push(at);
            }
            Fact::SlotHeld { appointment, technician, helper, window, .. } => {
                self.hold = Some(visit(*appointment, technician, helper.as_ref(), *window));
            }
            Fact::SlotReleased { .. } => self.hold = None,
            Fact::WindowsProposed { technician, helper, windows, .. } => {
                self.windows_proposed += 1;
                let of = |one: &ProposedWindow| {
                    visit(one.appointment, technician, helper.as_ref(), one.window)
                };
                self.proposed = windows.iter().map(of).collect();
            }
            Fact::WindowsReleased => self.proposed.clear(),
            Fact::AppointmentBooked { appointment, technician, helper, window }
            | Fact::AppointmentRescheduled { appointment, technician, helper, window, .. } => {
                self.hold = None;
                self.proposed.clear();
                self.contact_failures.clear();
                self.visit = Some(visit(*appointment, technician, helper.as_ref(), *window));
            }
            Fact::VisitHandedOver { appointment, technician } => {
                self.hold = None;
                if let Some(order) = &mut self.work_order {
                    order.technician = Some(technician.clone());
                }
                if let Some(before) = &self.visit {
                    let (helper, window) = (before.helper.clone(), before.window);
                    self.visit = Some(visit(*appointment, technician, helper.as_ref(), window));
                }
            }
            Fact::TravelStarted { arriving_at } => {
                if let Some(visit) = &mut self.visit {
                    visit.en_route = true;
                    visit.arriving_at = *arriving_at;
                    visit.said_at = Some(at);
                }
            }
            Fact::CheckedIn { arrived_at, .. } => {
                self.checked_in_at = Some(arrived_at.unwrap_or(at));
                self.second_visit = None;
            }
            Fact::NoShow { .. } => self.drop_visit(),
            Fact::VisitFailed { reason, parts_at } => {
                self.need(*reason, *parts_at);
                self.drop_visit();
            }
            Fact::PartsExpected { at } => {
                if let Some(second) = &mut self.second_visit {
                    second.parts_at = Some(*at);
                }
            }
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
                    proven_later: false,
                    centre: self.work_order.as_ref().map(|order| order.centre.clone()),
                    technician: certificate.technician.clone(),
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

    fn absorb_remedy(&mut self, fact: &Fact, at: Timestamp, left: Stage) {
        match fact {
            Fact::Decided(decision) | Fact::Denied(decision) => {
                let earlier = self.decision.replace(decision.clone());
                for rule in earlier.into_iter().flat_map(|earlier| earlier.rules) {
                    if !self.rested_on.contains(&rule) {
                        self.rested_on.push(rule);
                    }
                }
                self.remedy = None;
                self.quote = None;
            }
            Fact::RemedyChosen { remedy, amount_fen } => {
                self.remedy = Some((*remedy, *amount_fen));
                if *remedy == Remedy::Repair {
                    self.repairs.since = Some(at);
                }
            }
            Fact::GoodwillGranted { amount_fen } => {
                self.goodwill = Some(Goodwill { amount_fen: *amount_fen, from: left });
            }
            Fact::RepairQuoted { amount_fen, valid_until } => {
                let (amount_fen, valid_until) = (*amount_fen, *valid_until);
                self.quote = Some(Quote { amount_fen, valid_until, accepted: false });
            }
            Fact::QuoteAccepted { .. } => {
                if let Some(quote) = &mut self.quote {
                    quote.accepted = true;
                }
            }
            Fact::UnitReceived => self.repairs.at_workshop = true,
            Fact::UnitReturned => {
                self.repairs.at_workshop = false;
                self.forget_parts(at);
            }
            Fact::RepairCompleted => {
                let at_workshop = self.repairs.at_workshop;
                self.end_repair(at);
                // Repaired is not yet returned.
                self.repairs.at_workshop = at_workshop;
                self.repairs.last_at = Some(at);
            }
            Fact::BackToDecision { .. } => self.end_repair(at),
            Fact::RepairFailed => {
                self.end_repair(at);
                self.repairs.failed += 1;
            }
            Fact::OutcomeRejected => {
                // Who rejects it has it.
                self.repairs.at_workshop = false;
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
            Fact::RefundPaid { operation } => {
                let amount_fen = self.remedy.map_or(0, |(_, amount_fen)| amount_fen);
                let operation = operation.clone();
                self.paid.push(PaidOut { operation, amount_fen, goodwill: false });
            }
            Fact::CompensationPaid { operation } => {
                let amount_fen = self.goodwill.take().map_or(0, |granted| granted.amount_fen);
                let operation = operation.clone();
                self.paid.push(PaidOut { operation, amount_fen, goodwill: true });
            }
            Fact::CodeRefused => self.wrong_codes += 1,
            Fact::CodeRenewed => {
                self.wrong_codes = 0;
                self.code_renewed = Some((self.code_number() + 1, at));
            }
            _ => {}
        }
    }

    fn absorb_parts(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::PartsRequested { part } => {
                self.repairs.parts_since = self.repairs.parts_since.or(Some(at));
                self.parts.retain(|ordered| ordered.part != *part);
                let (part, stage) = (part.clone(), PartStage::Awaited);
                self.parts.push(OrderedParts { part, stage, return_by: None });
            }
            Fact::PartsReceived { part } => {
                self.put_parts(part, PartStage::Received, None);
                self.end_wait_without_parts(at);
            }
            Fact::PartsInstalled { part, return_by } => {
                match return_by {
                    None => self.parts.retain(|ordered| ordered.part != *part),
                    Some(_) => self.put_parts(part, PartStage::Returning, *return_by),
                }
                self.end_wait_without_parts(at);
                self.keep_fitted(part, at);
            }
            Fact::PartsReturned { part } => {
                self.parts.retain(|ordered| ordered.part != *part);
                self.end_wait_without_parts(at);
            }
            _ => {}
        }
    }

    fn put_parts(&mut self, part: &str, stage: PartStage, return_by: Option<Timestamp>) {
        if let Some(ordered) = self.parts.iter_mut().find(|ordered| ordered.part == part) {
            (ordered.stage, ordered.return_by) = (stage, return_by);
        }
    }

    fn keep_fitted(&mut self, part: &str, at: Timestamp) {
        let fitted = &mut self.repairs.fitted;
        fitted.retain(|one| one.part != *part);
        if fitted.len() >= FITTED_KEPT {
            fitted.remove(0);
        }
        fitted.push(Fitted { part: part.to_owned(), at });
    }

    fn absorb_holding(&mut self, fact: &Fact, at: Timestamp, left: Stage) {
        match fact {
            Fact::Closed { ending } => self.ending = Some((*ending, at)),
            Fact::Reopened => self.ending = None,
            Fact::Paused { owner, cause, resume_at } => {
                let stopped = self.stoppable().map(|o| (o.task, o.due.since(at))).collect();
                let from = left;
                let (owner, cause, resume_at) = (*owner, *cause, *resume_at);
                self.pause = Some(Pause { from, owner, cause, since: at, resume_at, stopped });
            }
            Fact::CancelRequested => self.cancel_from = Some(left),
            Fact::Cancelled => self.drop_visit(),
            Fact::Reminded => self.reminders += 1,
            Fact::AnomalyRaised { .. } => self.anomalies += 1,
            Fact::Noted { .. } => self.notes += 1,
            Fact::Merged { into } => self.merged_into = Some(*into),
            Fact::MessageKept { .. } => self.messages_kept += 1,
            Fact::DeadlineMissed { clock, charged_to } => {
                self.count_miss(*clock);
                self.keep_breach(Breach { clock: *clock, charged_to: *charged_to, at });
            }
            _ => {}
        }
    }

    fn absorb_dispute(&mut self, fact: &Fact) {
        match fact {
            Fact::DisputeOpened { reason, evidence_until } => {
                self.dispute = Some(Dispute::opened(reason.clone(), *evidence_until));
            }
            Fact::EvidenceAdded { by, proves, is_all, .. } => {
                self.evidence_added += 1;
                let held =
                    self.certificates.last_mut().filter(|_| self.stage == Stage::VerdictHeld);
                if let Some(held) = held {
                    held.proven_later |= *proves;
                }
                if let Some(dispute) = self.dispute.as_mut().filter(|_| *is_all) {
                    dispute.complete.retain(|party| party != by);
                    dispute.complete.push(*by);
                }
            }
            Fact::PanelConvened { .. } => self.count_test(),
            Fact::DisputeAwaits { awaited: Awaited::Lab, .. } => self.count_test(),
            _ => {}
        }
        let Some(dispute) = &mut self.dispute else { return };
        match fact {
            Fact::DisputeAnswered { conceded, .. } => {
                dispute.answered = true;
                dispute.conceded |= *conceded;
            }
            Fact::DisputeAwaits { awaited, evidence_until } => {
                dispute.awaits = *awaited;
                dispute.evidence_until = evidence_until.or(dispute.evidence_until);
                dispute.complete.clear();
                if *awaited == Awaited::Lab {
                    (dispute.lab_asked, dispute.at_lab) = (true, false);
                }
            }
            Fact::UnitAtLab => dispute.at_lab = true,
            Fact::PanelConvened { experts } => {
                dispute.awaits = Awaited::Panel;
                let (experts, opinions) = (experts.clone(), Vec::new());
                dispute.panel = Some(Panel { experts, opinions, finding: None });
            }
            Fact::OpinionGiven { expert, function, cause } => {
                if let Some(panel) = &mut dispute.panel {
                    let (expert, function, cause) = (expert.clone(), *function, *cause);
                    panel.opinions.push(Opinion { expert, function, cause });
                }
            }
            Fact::PanelConcluded { function, cause, .. } => {
                if let Some(panel) = &mut dispute.panel {
                    panel.finding = Some((*function, *cause));
                }
            }
            Fact::DisputeHeard => dispute.heard = true,
            Fact::DisputeDecided { loser, .. } => dispute.loser = Some(*loser),
            _ => {}
        }
    }

    fn count_test(&mut self) {
        if let Some(dispute) = &mut self.dispute {
            dispute.tests += 1;
        }
    }

    fn absorb_proposal(&mut self, fact: &Fact, by: &Actor, at: Timestamp) {
        match fact {
            Fact::DecisionProposed(proposal) => {
                let (proposal, by) = (proposal.clone(), by.clone());
                self.proposal = Some(WaitingProposal { proposal, by, at });
            }
            Fact::ProposalApproved { .. }
            | Fact::ProposalRefused { .. }
            | Fact::ProposalLapsed { .. } => self.proposal = None,
            _ => {}
        }
    }

    /// Leaving the stage of a pause ends the pause, whatever led out of it.
    fn end_pause(&mut self, at: Timestamp) {
        if let Some(pause) = self.pause.take() {
            self.paused_before = self.paused_before + at.since(pause.since);
            let length = self.on_customer(&pause, at);
            self.go_on_after(length);
        }
    }

    fn count_miss(&mut self, clock: Clock) {
        match self.misses.iter_mut().find(|(missed, _)| *missed == clock) {
            Some((_, times)) => *times += 1,
            None => self.misses.push((clock, 1)),
        }
    }

    /// A clock that no longer runs starts without misses the next time; one that a pause has stopped
    /// still runs.
    fn forget_misses(&mut self) {
        let stopped = self.pause.as_ref().map(|pause| pause.stopped.as_slice()).unwrap_or_default();
        let owed = &self.obligations;
        self.misses.retain(|(clock, _)| {
            let task = Task::Clock(*clock);
            owed.iter().any(|one| one.task == task) || stopped.iter().any(|(one, _)| *one == task)
        });
    }

    /// An earlier breach of the same clock makes room first, so that a clock that runs out again and
    /// again does not push the others out.
    fn keep_breach(&mut self, breach: Breach) {
        if self.breaches.len() >= BREACHES_KEPT {
            let same = self.breaches.iter().position(|kept| kept.clock == breach.clock);
            self.breaches.remove(same.unwrap_or(0));
        }
        self.breaches.push(breach);
    }

    /// Notes what the next visit needs. Access, power, weather and danger are asked of nobody in
    /// advance.
    fn need(&mut self, reason: UnableReason, parts_at: Option<Timestamp>) {
        let technician = self.visit.as_ref().map(|visit| visit.technician.clone());
        let is_needed = matches!(reason, UnableReason::PartsMissing | UnableReason::NeedsHelp);
        if is_needed {
            self.second_visit = Some(SecondVisit { reason, technician, parts_at });
        }
    }

    fn drop_visit(&mut self) {
        self.hold = None;
        self.proposed.clear();
        self.visit = None;
        self.checked_in_at = None;
    }

    /// The wait ends with the last parts that were awaited.
    fn end_wait_without_parts(&mut self, at: Timestamp) {
        if !self.parts.iter().any(|ordered| ordered.stage == PartStage::Awaited) {
            self.end_parts_wait(at);
        }
    }

    /// Nobody builds in any more what was ordered; what has to go back to the brand still does.
    fn forget_parts(&mut self, at: Timestamp) {
        self.parts.retain(|ordered| ordered.stage == PartStage::Returning);
        self.end_parts_wait(at);
    }

    fn end_parts_wait(&mut self, at: Timestamp) {
        if let Some(since) = self.repairs.parts_since.take() {
            self.repairs.parts_spent = self.repairs.parts_spent + at.since(since);
        }
    }

    fn end_repair(&mut self, at: Timestamp) {
        self.forget_parts(at);
        if let Some(since) = self.repairs.since.take() {
            self.repairs.spent = self.repairs.spent + at.since(since);
        }
        self.repairs.at_workshop = false;
    }
}

fn visit(
    id: AppointmentId,
    technician: &TechnicianId,
    helper: Option<&TechnicianId>,
    window: Window,
) -> Visit {
    let (technician, helper) = (technician.clone(), helper.cloned());
    Visit { id, technician, helper, window, en_route: false, arriving_at: None, said_at: None }
}
