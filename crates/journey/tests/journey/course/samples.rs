//! A sample of every command, by what it is about.

use parasol_journey::certificate::{
    Certificate, EvidenceItem, EvidenceKind, Exterior, Handling, Level, Packaging,
};
use parasol_journey::deadline::Clock;
use parasol_journey::event::{
    Awaited, Decision, OfferedRemedy, Path, Proposal, Proposed, ProposedWindow, Window,
};
use parasol_journey::ids::*;
use parasol_journey::survey::{Question, SurveyAnswer};
use parasol_journey::time::Span;
use parasol_journey::vocab::*;
use parasol_journey::{Command, Task, Verb};
use uuid::Uuid;

use super::{Course, centre, filing, technician};

fn because() -> String {
    "because".to_owned()
}

/// One of the list, another for every id.
fn any_of<T: Copy>(list: &[T], id: Uuid) -> T {
    list[usize::try_from(id.as_u128()).unwrap() % list.len()]
}

/// Nobody, or somebody, by the id.
fn any_helper(id: Uuid) -> Option<TechnicianId> {
    any_of(&[None, Some("tech-3")], id).map(|helper| helper.parse().unwrap())
}

impl Course {
    /// A command of this kind that fits the case as well as such a command can.
    pub fn sample_of(&mut self, verb: Verb) -> Command {
        let id = self.next_id();
        let found = self.of_filing(verb, id);
        let found = found.or_else(|| self.of_dispatch(verb, id));
        let found = found.or_else(|| self.of_visit(verb, id));
        let found = found.or_else(|| self.of_verdict(verb, id));
        let found = found.or_else(|| self.of_remedy(verb));
        let found = found.or_else(|| self.of_holding(verb, id));
        found.unwrap_or_else(|| panic!("{verb} has no sample"))
    }

    fn of_filing(&mut self, verb: Verb, id: Uuid) -> Option<Command> {
        Some(match verb {
            Verb::File => Command::File { filing: filing() },
            Verb::Triage => Command::Triage { path: Path::Inspection, rules: vec![] },
            Verb::SolveByGuidance => Command::SolveByGuidance,
            Verb::FailGuidance => Command::FailGuidance,
            Verb::LinkCertificate => {
                Command::LinkCertificate { certificate: CertificateId::new(id) }
            }
            Verb::RefuseLinkedCertificate => Command::RefuseLinkedCertificate { reason: because() },
            Verb::DeclareIntact => Command::DeclareIntact,
            Verb::ReportPickup => Command::ReportPickup { intact: true, missing_gifts: vec![] },
            _ => return None,
        })
    }

    fn of_dispatch(&mut self, verb: Verb, id: Uuid) -> Option<Command> {
        let live = self.case.offer.as_ref();
        let offer = live.map_or(OfferId::new(id), |offer| offer.id);
        Some(match verb {
            Verb::MakeOffer => {
                let (offer, centre) = (OfferId::new(id), centre(id.as_u128()));
                Command::MakeOffer { offer, centre, network: None }
            }
            Verb::ReportNoCoverage => Command::ReportNoCoverage,
            Verb::AcceptOffer => Command::AcceptOffer {
                offer,
                work_order: WorkOrderId::new(id),
                centre: live.map(|offer| offer.centre.clone()),
                partner_order: None,
            },
            Verb::DeclineOffer => {
                Command::DeclineOffer { offer, reason: DeclineReason::NoCapacity }
            }
            Verb::WithdrawOffer => Command::WithdrawOffer { reason: because() },
            Verb::AssignCentre => Command::AssignCentre { centre: centre(1) },
            Verb::AssignTechnician => {
                Command::AssignTechnician { technician: technician(), helper: any_helper(id) }
            }
            Verb::ReassignTechnician => {
                let technician = "tech-2".parse().unwrap();
                Command::ReassignTechnician { technician, helper: any_helper(id) }
            }
            _ => return None,
        })
    }

    fn of_visit(&mut self, verb: Verb, id: Uuid) -> Option<Command> {
        let now = self.now;
        let window = Window { start: now + Span::hours(3), end: now + Span::hours(5) };
        let kept = self.case.hold.as_ref().or(self.case.proposed.last());
        let held = kept.map(|kept| (kept.id, kept.window));
        let (appointment, window) = held.unwrap_or((AppointmentId::new(id), window));
        let technician = self.case.technician().cloned().unwrap_or_else(technician);
        Some(match verb {
            Verb::ReportContactFailed => Command::ReportContactFailed {
                reason: ContactFailure::NoAnswer,
                next_at: now + Span::hours(4),
            },
            Verb::HoldSlot => {
                let (appointment, expires_at) = (AppointmentId::new(id), now + Span::minutes(10));
                Command::HoldSlot { appointment, technician, window, expires_at }
            }
            Verb::ReleaseSlot => Command::ReleaseSlot,
            Verb::ProposeWindows => {
                let later = Window { start: window.end, end: window.end + Span::hours(2) };
                let windows = [window, later].map(|window| ProposedWindow {
                    appointment: AppointmentId::new(self.next_id()),
                    window,
                });
                let expires_at = now + Span::hours(20);
                Command::ProposeWindows { technician, windows: windows.to_vec(), expires_at }
            }
            Verb::ReleaseWindows => Command::ReleaseWindows,
            Verb::BookAppointment => Command::BookAppointment { appointment, technician, window },
            Verb::RescheduleAppointment => {
                let asked_by = Party::Customer;
                Command::RescheduleAppointment { technician, window, asked_by }
            }
            Verb::HandOverVisit => Command::HandOverVisit { technician: "tech-2".parse().unwrap() },
            Verb::StartTravel => {
                Command::StartTravel { arriving_at: Some(now + Span::minutes(30)) }
            }
            Verb::CheckIn => {
                Command::CheckIn { distance_m: Some(20), mock_location: false, arrived_at: None }
            }
            Verb::ReportNoShow => {
                let over = self.case.visit.as_ref().map_or(now, |visit| visit.window.end);
                self.now = now.max(over);
                Command::ReportNoShow { by: Party::Customer }
            }
            Verb::ReportUnable => Command::ReportUnable {
                reason: any_of(UnableReason::ALL, id),
                next_at: Some(now + Span::days(1)),
                parts_at: any_of(&[None, Some(now + Span::days(3))], id),
            },
            Verb::ExpectParts => Command::ExpectParts { arrives_at: now + Span::days(2) },
            _ => return None,
        })
    }

    fn of_verdict(&mut self, verb: Verb, id: Uuid) -> Option<Command> {
        let newest = self.case.finding().map_or(CertificateId::new(id), |newest| newest.id);
        Some(match verb {
            Verb::SubmitCertificate => {
                Command::SubmitCertificate { certificate: Box::new(self.certificate()) }
            }
            Verb::ConfirmCertificate => Command::ConfirmCertificate { certificate: newest },
            Verb::ContestCertificate => {
                Command::ContestCertificate { certificate: newest, reason: because() }
            }
            Verb::Decide => Command::Decide { decision: self.decision(Remedy::Repair) },
            Verb::Deny => {
                let offered = Vec::new();
                Command::Deny { decision: Decision { offered, ..self.decision(Remedy::Repair) } }
            }
            Verb::SendToAgent => Command::SendToAgent { rules: vec![] },
            Verb::OrderSecondInspection => Command::OrderSecondInspection { rules: vec![] },
            Verb::ProposeDecision => Command::ProposeDecision {
                proposal: Box::new(Proposal {
                    id: ProposalId::new(id),
                    what: Proposed::Goodwill(6_000),
                    worth_fen: 6_000,
                }),
            },
            Verb::ApproveProposal => Command::ApproveProposal { proposal: self.proposal(id) },
            Verb::RefuseProposal => Command::RefuseProposal { proposal: self.proposal(id) },
            _ => return None,
        })
    }

    /// The proposal that waits, or one that does not.
    fn proposal(&self, id: Uuid) -> ProposalId {
        let waits = self.case.proposal.as_ref();
        waits.map_or(ProposalId::new(id), |waiting| waiting.proposal.id)
    }

    fn of_remedy(&mut self, verb: Verb) -> Option<Command> {
        Some(match verb {
            Verb::ChooseRemedy => {
                let offered = self.case.decision.as_ref().and_then(|one| one.offered.first());
                let remedy = offered.map_or(Remedy::Repair, |first| first.remedy);
                Command::ChooseRemedy { remedy }
            }
            Verb::RequestParts => Command::RequestParts { part: "compressor".into() },
            Verb::ShipParts => Command::ShipParts { arrives_at: self.now + Span::days(2) },
            Verb::ReportBackorder => Command::ReportBackorder {
                part: self.part(PartStage::Awaited),
                expected_at: self.now + Span::days(20),
            },
            Verb::ReceiveParts => Command::ReceiveParts { part: self.part(PartStage::Awaited) },
            Verb::InstallParts => {
                let returns = self.case.version.is_multiple_of(2);
                Command::InstallParts { part: self.part(PartStage::Received), returns }
            }
            Verb::ReturnParts => Command::ReturnParts { part: self.part(PartStage::Returning) },
            Verb::ReportReceived => Command::ReportReceived,
            Verb::ReportReturned => Command::ReportReturned,
            Verb::CompleteRepair => Command::CompleteRepair,
            Verb::ReportRepairFailed => Command::ReportRepairFailed,
            Verb::RenewCode => Command::RenewCode,
            Verb::WaiveCode => Command::WaiveCode { reason: NoCodeReason::PhoneLost },
            Verb::CompleteVisit => Command::CompleteVisit { matches: true },
            Verb::RecordRefund => Command::RecordRefund { operation: "op-1".into() },
            Verb::RecordPaymentAccepted => Command::RecordPaymentAccepted {
                operation: "op-1".into(),
                ask_at: self.now + Span::hours(1),
            },
            Verb::RecordReplacementOrdered => {
                Command::RecordReplacementOrdered { operation: "op-3".into() }
            }
            Verb::ReportReplacement => {
                Command::ReportReplacement { serial: "SN0002".parse().unwrap() }
            }
            Verb::RecordCompensation => Command::RecordCompensation { operation: "op-2".into() },
            Verb::GrantGoodwill => Command::GrantGoodwill { amount_fen: 5_000 },
            Verb::QuoteRepair => Command::QuoteRepair { amount_fen: 30_000 },
            Verb::AcceptQuote => Command::AcceptQuote { amount_fen: 30_000 },
            Verb::AcceptDenial => Command::AcceptDenial,
            Verb::ConfirmOutcome => Command::ConfirmOutcome,
            Verb::RejectOutcome => Command::RejectOutcome,
            _ => return None,
        })
    }

    /// Parts that stand there, if there are any.
    fn part(&self, stage: PartStage) -> String {
        let found = self.case.parts.iter().find(|ordered| ordered.stage == stage);
        found.map_or("compressor", |ordered| ordered.part.as_str()).to_owned()
    }

    fn of_holding(&mut self, verb: Verb, id: Uuid) -> Option<Command> {
        const AWAITED: &[Awaited] = &[Awaited::Reply, Awaited::Evidence, Awaited::Lab];
        Some(match verb {
            Verb::OpenDispute => Command::OpenDispute { reason: because() },
            Verb::AnswerDispute => Command::AnswerDispute { concedes: false },
            Verb::AwaitInDispute => Command::AwaitInDispute { awaited: any_of(AWAITED, id) },
            Verb::AddEvidence => {
                let is_all = any_of(&[false, true], id);
                Command::AddEvidence { pieces: 2, proves: true, is_all }
            }
            Verb::ReportAtLab => Command::ReportAtLab,
            Verb::ConvenePanel => {
                let experts = ["lab-1", "expert-2", "expert-3"].map(str::to_owned);
                Command::ConvenePanel { experts: experts.into() }
            }
            Verb::GiveOpinion => {
                Command::GiveOpinion { function: Function::Fault, cause: Cause::Product }
            }
            Verb::Reopen => Command::Reopen { reason: because() },
            Verb::Pause => Command::Pause {
                owner: Party::Customer,
                cause: PauseCause::CustomerAskedLater,
                resume_at: self.now + Span::days(2),
            },
            Verb::Resume => Command::Resume,
            Verb::Cancel => Command::Cancel,
            Verb::AcknowledgeCancel => Command::AcknowledgeCancel,
            Verb::RefuseCancel => Command::RefuseCancel { reason: because() },
            Verb::Remind => Command::Remind,
            Verb::AnswerReminder => Command::AnswerReminder,
            Verb::RecordNotice => {
                Command::RecordNotice { asked: self.asked(), channel: Channel::Sms }
            }
            Verb::RecordNoNotice => Command::RecordNoNotice { asked: self.asked() },
            Verb::RaiseAnomaly => {
                let (anomaly, kind) = (AnomalyId::new(id), any_of(AnomalyKind::ALL, id));
                Command::RaiseAnomaly { anomaly, kind }
            }
            Verb::AnswerSurvey => Command::AnswerSurvey {
                answer: SurveyAnswer {
                    csat: 4,
                    nps: Some(9),
                    ratings: vec![(Question::Repair, 5)],
                    has_text: false,
                },
            },
            Verb::Note => {
                let (note, source) = (NoteId::new(id), any_of(NoteSource::ALL, id));
                Command::Note { note, source }
            }
            Verb::Merge => Command::Merge { into: CaseId::new(id) },
            Verb::KeepMessage => {
                Command::KeepMessage { message: "accept_offer".into(), reason: because() }
            }
            Verb::Fire => self.fire_next(),
            _ => return None,
        })
    }

    /// The entry that asks the customer for something.
    fn asked(&self) -> u64 {
        self.case.asked.map_or(0, |asked| asked.seq)
    }

    fn fire_next(&mut self) -> Command {
        match self.case.next_deadline().copied() {
            Some(owed) => {
                self.now = self.now.max(owed.due);
                Command::Fire { task: owed.task, generation: owed.generation }
            }
            None => Command::Fire { task: Task::Clock(Clock::Accept), generation: 1 },
        }
    }

    pub fn certificate(&mut self) -> Certificate {
        let id = CertificateId::new(self.next_id());
        let photo = |kind| EvidenceItem { kind, sha256: "ab".repeat(32), taken_at: self.now };
        Certificate {
            id,
            level: Level::First,
            technician: self.case.technician().cloned(),
            inspected_at: self.now,
            serial: self.case.filing.serial.clone(),
            packaging: Packaging::Intact,
            exterior: Exterior::Intact,
            function: Function::Fault,
            fault_code: "F01".into(),
            cause: Cause::Product,
            evidence: vec![photo(EvidenceKind::Nameplate), photo(EvidenceKind::Fault)],
            handling: Handling::None,
            customer_signed: true,
            conclusion: Conclusion::Repairable,
            serial_explained: false,
            cause_sign: false,
            danger: false,
            supersedes: None,
            words: String::new(),
        }
    }

    pub fn decision(&mut self, remedy: Remedy) -> Decision {
        Decision {
            id: DecisionId::new(self.next_id()),
            policy: "cn-2026.1".into(),
            rules: vec!["R30".into()],
            offered: vec![OfferedRemedy {
                remedy,
                amount_fen: 0,
                payer: "brand".into(),
                recourse: String::new(),
            }],
            certificate: self.case.finding().map(|newest| newest.id),
            overrides: false,
        }
    }
}
