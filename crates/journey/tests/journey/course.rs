//! Drives cases: a sample of every command, and a way from filing to every stage.

use parasol_journey::calendar::Calendar;
use parasol_journey::certificate::{
    Certificate, EvidenceItem, EvidenceKind, Exterior, Handling, Level, Packaging,
};
use parasol_journey::deadline::Deadlines;
use parasol_journey::event::{Awaited, Decision, Filing, OfferedRemedy, Path, Window};
use parasol_journey::ids::*;
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::*;
use parasol_journey::{
    Actor, ActorKind, Case, Command, Ctx, Event, Rejection, Stage, Task, Verb, decide, file,
};
use uuid::Uuid;

/// A case with its whole log and a clock that only moves when told.
pub struct Course {
    pub case: Case,
    pub log: Vec<Event>,
    pub now: Timestamp,
    ids: u128,
}

/// A Monday morning inside the calendar.
pub fn start() -> Timestamp {
    Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
}

pub fn filing() -> Filing {
    Filing {
        customer: CustomerId::new(Uuid::from_u128(7)),
        order_line: "JX1-1".parse().unwrap(),
        sku: "AUR-BCD-520".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category: Category::Refrigerator,
        serial: "SN0001".parse().unwrap(),
        county: "330106".parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(Remedy::Repair),
        symptom: "not_cooling".into(),
        received_at: start() - Span::days(3),
        installed_at: None,
        price_fen: 399_900,
        promises: vec![Promise::FiveWorkingDays, Promise::HundredMinutes],
        policy: "cn-2026.1".into(),
        prior_repairs: 0,
        declared_intact: false,
        danger: false,
        damaged_on_arrival: false,
    }
}

pub fn actor(kind: ActorKind) -> Actor {
    Actor { kind, id: Some(format!("{kind}-1")) }
}

pub fn centre(n: u128) -> CentreId {
    format!("aurora-hz-{n:02}").parse().unwrap()
}

pub fn technician() -> TechnicianId {
    "tech-1".parse().unwrap()
}

impl Course {
    pub fn filed(filing: Filing) -> Self {
        let now = start();
        let actor = actor(ActorKind::Customer);
        let deadlines = Deadlines::default();
        let ctx = Ctx { now, actor: &actor, calendar: Calendar::china(), deadlines: &deadlines };
        let id = CaseId::new(Uuid::from_u128(1));
        let decided = file(id, &Command::File { filing }, &ctx).unwrap();
        Self { case: decided.case, log: decided.events, now, ids: 100 }
    }

    pub fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    pub fn wait(&mut self, span: Span) -> &mut Self {
        self.now = self.now + span;
        self
    }

    /// Gives a command; on success the case moves on.
    pub fn give(&mut self, kind: ActorKind, command: &Command) -> Result<(), Rejection> {
        let actor = actor(kind);
        let deadlines = Deadlines::default();
        let ctx = Ctx {
            now: self.now,
            actor: &actor,
            calendar: Calendar::china(),
            deadlines: &deadlines,
        };
        let decided = decide(&self.case, command, &ctx)?;
        self.log.extend(decided.events);
        self.case = decided.case;
        Ok(())
    }

    pub fn must(&mut self, kind: ActorKind, command: &Command) -> &mut Self {
        let stage = self.case.stage;
        self.give(kind, command)
            .unwrap_or_else(|refused| panic!("{} in {stage}: {refused}", command.verb()));
        self
    }

    /// Gives the sample of a command.
    pub fn sample(&mut self, kind: ActorKind, verb: Verb) -> &mut Self {
        let command = self.sample_of(verb);
        self.must(kind, &command)
    }

    /// Lets the earliest armed clock run out.
    pub fn miss_next(&mut self) -> &mut Self {
        let owed = *self.case.next_deadline().expect("an open case has a deadline");
        self.now = self.now.max(owed.due);
        self.must(ActorKind::Timer, &Command::Fire { task: owed.task, generation: owed.generation })
    }

    /// A command of this kind that fits the case as well as such a command can.
    pub fn sample_of(&mut self, verb: Verb) -> Command {
        let id = self.next_id();
        let now = self.now;
        let window = Window { start: now + Span::hours(3), end: now + Span::hours(5) };
        let offer = self.case.offer.as_ref().map_or(OfferId::new(id), |offer| offer.id);
        let newest = self.case.finding().map_or(CertificateId::new(id), |newest| newest.id);
        let (appointment, window) = match &self.case.hold {
            Some(held) => (held.id, held.window),
            None => (AppointmentId::new(id), window),
        };
        let text = || "because".to_owned();
        match verb {
            Verb::File => Command::File { filing: filing() },
            Verb::Triage => Command::Triage { path: Path::Inspection, rules: vec![] },
            Verb::SolveByGuidance => Command::SolveByGuidance,
            Verb::FailGuidance => Command::FailGuidance,
            Verb::LinkCertificate => {
                Command::LinkCertificate { certificate: CertificateId::new(id) }
            }
            Verb::RefuseLinkedCertificate => Command::RefuseLinkedCertificate { reason: text() },
            Verb::DeclareIntact => Command::DeclareIntact,
            Verb::ReportPickup => Command::ReportPickup { intact: true },
            Verb::MakeOffer => {
                Command::MakeOffer { offer: OfferId::new(id), centre: centre(id.as_u128()) }
            }
            Verb::ReportNoCoverage => Command::ReportNoCoverage,
            Verb::AcceptOffer => Command::AcceptOffer {
                offer,
                work_order: WorkOrderId::new(id),
                centre: self.case.offer.as_ref().map(|offer| offer.centre.clone()),
                partner_order: None,
            },
            Verb::DeclineOffer => {
                Command::DeclineOffer { offer, reason: DeclineReason::NoCapacity }
            }
            Verb::WithdrawOffer => Command::WithdrawOffer { reason: text() },
            Verb::AssignCentre => Command::AssignCentre { centre: centre(1) },
            Verb::AssignTechnician => Command::AssignTechnician { technician: technician() },
            Verb::ReassignTechnician => {
                Command::ReassignTechnician { technician: "tech-2".parse().unwrap() }
            }
            Verb::ReportContactFailed => Command::ReportContactFailed {
                reason: ContactFailure::NoAnswer,
                next_at: now + Span::hours(4),
            },
            Verb::HoldSlot => Command::HoldSlot {
                appointment: AppointmentId::new(id),
                technician: self.assigned(),
                window,
                expires_at: now + Span::minutes(10),
            },
            Verb::ReleaseSlot => Command::ReleaseSlot,
            Verb::BookAppointment => {
                Command::BookAppointment { appointment, technician: self.assigned(), window }
            }
            Verb::RescheduleAppointment => Command::RescheduleAppointment {
                technician: self.assigned(),
                window,
                asked_by: Party::Customer,
            },
            Verb::StartTravel => Command::StartTravel,
            Verb::CheckIn => Command::CheckIn { distance_m: Some(20) },
            Verb::ReportNoShow => Command::ReportNoShow { by: Party::Customer },
            Verb::ReportUnable => Command::ReportUnable { reason: UnableReason::NoAccess },
            Verb::SubmitCertificate => {
                Command::SubmitCertificate { certificate: Box::new(self.certificate()) }
            }
            Verb::ConfirmCertificate => Command::ConfirmCertificate { certificate: newest },
            Verb::ContestCertificate => {
                Command::ContestCertificate { certificate: newest, reason: text() }
            }
            Verb::Decide => Command::Decide { decision: self.decision(Remedy::Repair) },
            Verb::Deny => {
                let offered = Vec::new();
                Command::Deny { decision: Decision { offered, ..self.decision(Remedy::Repair) } }
            }
            Verb::SendToAgent => Command::SendToAgent { rules: vec![] },
            Verb::OrderSecondInspection => Command::OrderSecondInspection { rules: vec![] },
            Verb::ChooseRemedy => {
                let offered = self.case.decision.as_ref().and_then(|one| one.offered.first());
                let remedy = offered.map_or(Remedy::Repair, |first| first.remedy);
                Command::ChooseRemedy { remedy }
            }
            Verb::RequestParts => Command::RequestParts { part: "compressor".into() },
            Verb::ShipParts => Command::ShipParts { arrives_at: now + Span::days(2) },
            Verb::ReportReceived => Command::ReportReceived,
            Verb::ReportReturned => Command::ReportReturned,
            Verb::CompleteRepair => Command::CompleteRepair,
            Verb::ReportRepairFailed => Command::ReportRepairFailed,
            Verb::CompleteVisit => Command::CompleteVisit { matches: true },
            Verb::RecordRefund => Command::RecordRefund { operation: "op-1".into() },
            Verb::RecordPaymentAccepted => Command::RecordPaymentAccepted {
                operation: "op-1".into(),
                ask_at: now + Span::hours(1),
            },
            Verb::RecordReplacementOrdered => {
                Command::RecordReplacementOrdered { operation: "op-3".into() }
            }
            Verb::ReportReplacement => {
                Command::ReportReplacement { serial: "SN0002".parse().unwrap() }
            }
            Verb::RecordCompensation => Command::RecordCompensation { operation: "op-2".into() },
            Verb::GrantGoodwill => Command::GrantGoodwill { amount_fen: 5_000 },
            Verb::AcceptDenial => Command::AcceptDenial,
            Verb::ConfirmOutcome => Command::ConfirmOutcome,
            Verb::RejectOutcome => Command::RejectOutcome,
            Verb::OpenDispute => Command::OpenDispute { reason: text() },
            Verb::AnswerDispute => Command::AnswerDispute { concedes: false },
            Verb::AwaitInDispute => Command::AwaitInDispute { awaited: Awaited::Evidence },
            Verb::Reopen => Command::Reopen { reason: text() },
            Verb::Pause => Command::Pause {
                owner: Party::Customer,
                cause: PauseCause::CustomerAskedLater,
                resume_at: now + Span::days(2),
            },
            Verb::Resume => Command::Resume,
            Verb::Cancel => Command::Cancel,
            Verb::AcknowledgeCancel => Command::AcknowledgeCancel,
            Verb::RefuseCancel => Command::RefuseCancel { reason: text() },
            Verb::Remind => Command::Remind,
            Verb::AnswerReminder => Command::AnswerReminder,
            Verb::KeepMessage => {
                Command::KeepMessage { message: "accept_offer".into(), reason: text() }
            }
            Verb::Fire => self.fire_next(),
        }
    }

    fn fire_next(&mut self) -> Command {
        match self.case.next_deadline().copied() {
            Some(owed) => {
                self.now = self.now.max(owed.due);
                Command::Fire { task: owed.task, generation: owed.generation }
            }
            None => Command::Fire {
                task: Task::Clock(parasol_journey::deadline::Clock::Accept),
                generation: 1,
            },
        }
    }

    fn assigned(&self) -> TechnicianId {
        self.case.technician().cloned().unwrap_or_else(technician)
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
        }
    }

    pub fn decision(&mut self, remedy: Remedy) -> Decision {
        Decision {
            id: DecisionId::new(self.next_id()),
            policy: "cn-2026.1".into(),
            rules: vec!["R30".into()],
            offered: vec![OfferedRemedy { remedy, amount_fen: 0, payer: "brand".into() }],
            certificate: self.case.finding().map(|newest| newest.id),
        }
    }
}

/// A case that stands in the wanted stage, by a real course.
pub fn standing_in(stage: Stage) -> Course {
    use ActorKind::{Agent, Centre, Customer, Policy, Technician};
    let mut filing = filing();
    if stage == Stage::RemedyOffered {
        filing.wants = Some(Remedy::Refund);
    }
    let mut course = Course::filed(filing);
    let path = |path| Command::Triage { path, rules: vec![] };
    match stage {
        Stage::Filed => return course,
        Stage::NoReason | Stage::Returning => {
            course.must(Policy, &path(Path::NoReason));
            if stage == Stage::Returning {
                course.sample(Customer, Verb::DeclareIntact);
            }
            return course;
        }
        Stage::RemoteGuidance => {
            course.must(Policy, &path(Path::RemoteGuidance));
            return course;
        }
        Stage::EvidenceLinked => {
            course.sample(Customer, Verb::LinkCertificate);
            return course;
        }
        Stage::Cancelled => {
            course.sample(Customer, Verb::Cancel);
            return course;
        }
        Stage::VerdictIn => panic!("no case rests in {stage}"),
        _ => {}
    }
    course.sample(Policy, Verb::Triage);
    let way: &[(ActorKind, Verb, Stage)] = &[
        (Policy, Verb::MakeOffer, Stage::Dispatched),
        (Centre, Verb::AcceptOffer, Stage::CentreAssigned),
        (Centre, Verb::AssignTechnician, Stage::TechnicianAssigned),
        (Customer, Verb::BookAppointment, Stage::Appointed),
        (Technician, Verb::CheckIn, Stage::OnSite),
    ];
    for (kind, verb, _) in way {
        if course.case.stage == stage {
            return course;
        }
        if stage == Stage::Accepted && *verb == Verb::AcceptOffer {
            let Command::AcceptOffer { offer, work_order, .. } = course.sample_of(*verb) else {
                unreachable!("the sample of a verb is of that verb")
            };
            let (centre, partner_order) = (None, None);
            let command = Command::AcceptOffer { offer, work_order, centre, partner_order };
            course.must(ActorKind::Brand, &command);
            return course;
        }
        if stage == Stage::Unreachable && *verb == Verb::BookAppointment {
            course.sample(Technician, Verb::ReportContactFailed);
            return course;
        }
        course.sample(*kind, *verb);
    }
    match stage {
        Stage::OnSite => return course,
        Stage::Paused => {
            course.sample(Customer, Verb::Pause);
            return course;
        }
        Stage::CancelRequested => {
            course.sample(Customer, Verb::Cancel);
            return course;
        }
        Stage::Inspecting => {
            // A cancellation that came too late leaves the technician where he was; inspecting is
            // only rested in when the certificate is still to come.
            course.case.stage = Stage::Inspecting;
            return course;
        }
        Stage::VerdictHeld => {
            let mut certificate = course.certificate();
            certificate.serial = "OTHER".parse().unwrap();
            course.must(
                Technician,
                &Command::SubmitCertificate { certificate: Box::new(certificate) },
            );
            return course;
        }
        _ => {}
    }
    course.sample(Technician, Verb::SubmitCertificate);
    match stage {
        Stage::Deciding => {}
        Stage::Denied => {
            course.sample(Policy, Verb::Deny);
        }
        Stage::Disputed => {
            course.sample(Policy, Verb::Deny).sample(Customer, Verb::OpenDispute);
        }
        Stage::Compensating => {
            course.sample(Agent, Verb::GrantGoodwill);
        }
        Stage::Refunding | Stage::Replacing => {
            let remedy = if stage == Stage::Refunding { Remedy::Refund } else { Remedy::Replace };
            let decision = course.decision(remedy);
            course.must(Policy, &Command::Decide { decision });
            course.must(Customer, &Command::ChooseRemedy { remedy });
        }
        _ => {
            course.sample(Policy, Verb::Decide);
        }
    }
    match stage {
        Stage::AwaitConfirm => {
            course.sample(Technician, Verb::CompleteRepair);
        }
        Stage::Closed => {
            course.sample(Technician, Verb::CompleteVisit);
        }
        _ => {}
    }
    assert_eq!(course.case.stage, stage);
    course
}
