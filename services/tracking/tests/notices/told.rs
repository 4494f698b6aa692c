//! What is told of which step: whole courses, each with what its customer hears, and no template that nobody
//! ever gets.

use std::collections::BTreeSet;

use parasol_journey::certificate::{
    Certificate, EvidenceItem, EvidenceKind, Exterior, Handling, Level, Packaging,
};
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::event::{Awaited, Decision, OfferedRemedy, Path, ProposedWindow, Window};
use parasol_journey::ids::{AppointmentId, CaseId, CertificateId, DecisionId};
use parasol_journey::promise::{CountedIn, Pauses, Stop, Term, TermClock, Trigger, Worth};
use parasol_journey::time::Span;
use parasol_journey::vocab::{
    Cause, Channel, Conclusion, ContactFailure, Function, Party, Remedy, UnableReason,
};
use parasol_journey::{ActorKind, Command, Stage};
use parasol_tracking::notices::Template;

use crate::world::*;
use ActorKind::{Agent, Brand, Carrier, Centre, Customer, Payment, Policy, Technician};

fn decision(process: &Process, remedies: &[Remedy]) -> Decision {
    let one = |remedy: &Remedy| OfferedRemedy {
        remedy: *remedy,
        amount_fen: if *remedy == Remedy::Refund { 399_900 } else { 0 },
        payer: "brand".to_owned(),
        recourse: String::new(),
    };
    Decision {
        id: DecisionId::new(process.desk.ids.next()),
        policy: "cn-2026.1".to_owned(),
        rules: vec!["R10".to_owned()],
        offered: remedies.iter().map(one).collect(),
        certificate: None,
        overrides: false,
    }
}

async fn certificate(process: &Process, id: CaseId) -> Command {
    let now = process.desk.clock.now();
    let case = process.case(id).await;
    let photo = |kind| EvidenceItem { kind, sha256: "ab".repeat(32), taken_at: now };
    let certificate = Certificate {
        id: CertificateId::new(process.desk.ids.next()),
        level: Level::First,
        technician: case.technician().cloned(),
        inspected_at: now,
        serial: case.filing.serial.clone(),
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
    };
    Command::SubmitCertificate { certificate: Box::new(certificate) }
}

const CHECK_IN: Command =
    Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None };

/// What was planned for a case, without what every case gets.
async fn told(process: &Process, id: CaseId) -> BTreeSet<String> {
    let mut templates: BTreeSet<_> = process.states(id).await.into_keys().collect();
    assert!(templates.remove("filed"));
    templates
}

fn expected(templates: &str) -> BTreeSet<String> {
    templates.split(' ').map(str::to_owned).collect()
}

async fn a_repair(process: &Process) -> CaseId {
    let mut filing = filing();
    filing.wants = Some(Remedy::Repair);
    let id = process.booked(filing, 3).await;
    process.give(id, Technician, Command::StartTravel { arriving_at: None }).await;
    process.give(id, Technician, CHECK_IN).await;
    let submit = certificate(process, id).await;
    process.give(id, Technician, submit).await;
    let decide = Command::Decide { decision: decision(process, &[Remedy::Repair]) };
    process.give(id, Policy, decide).await;
    assert_eq!(process.case(id).await.stage, Stage::Repairing);
    process.give(id, Customer, Command::RenewCode).await;
    process.give(id, Technician, Command::RequestParts { part: "relay".into() }).await;
    let arrives_at = process.desk.clock.now() + Span::days(2);
    process.give(id, Brand, Command::ShipParts { arrives_at }).await;
    process.give(id, Centre, Command::ReportReceived).await;
    process.give(id, Customer, Command::Remind).await;
    process.give(id, Agent, Command::AnswerReminder).await;
    process.give(id, Centre, Command::ReportReturned).await;
    process.give(id, Technician, Command::CompleteRepair).await;
    let asked = process.case(id).await.asked.unwrap().seq;
    process.give(id, Policy, Command::RecordNotice { asked, channel: Channel::Sms }).await;
    process.give(id, Customer, Command::ConfirmOutcome).await;
    id
}

#[tokio::test]
async fn every_template_has_a_step_that_asks_for_it() {
    let cell = Cell::on_sqlite().await;
    let process = cell.process().await;
    let mut all = BTreeSet::from(["filed".to_owned(), "digest".to_owned()]);
    let mut heard = |templates: BTreeSet<String>, wanted: &str| {
        assert_eq!(templates, expected(wanted));
        all.extend(templates);
    };

    let id = a_repair(&process).await;
    heard(
        told(&process, id).await,
        "accepted technician_named booked on_the_way at_the_door certificate_in \
         completion_code code_renewed parts_date unit_received unit_returned \
         reminder_answered confirm confirm_soon closed",
    );

    let id = missed(&cell, &process).await;
    heard(
        told(&process, id).await,
        "accepted technician_named booked visit_tomorrow moved handed_over nobody_came \
         windows_proposed call_back",
    );

    let id = in_vain(&process).await;
    heard(
        told(&process, id).await,
        "accepted technician_named booked at_the_door cancel_refused visit_unfinished \
         cancelled",
    );

    let mut outcomes = Vec::new();
    outcomes.push(replaced(&cell, &process).await);
    outcomes.push(disputed(&process).await);
    let id = process.file(filing()).await;
    let path = Command::Triage { path: Path::NoVisit, rules: vec![] };
    process.give(id, Policy, path).await;
    process
        .give(id, Policy, Command::Decide { decision: decision(&process, &[Remedy::Repair]) })
        .await;
    process.give(id, Customer, Command::ChooseRemedy { remedy: Remedy::Repair }).await;
    outcomes.push(id);
    for id in outcomes {
        all.extend(process.states(id).await.into_keys());
    }
    let missing: Vec<_> = Template::ALL.iter().filter(|one| !all.contains(one.as_str())).collect();
    assert!(missing.is_empty(), "nobody ever gets {missing:?}");
}

/// A choice, a replacement that is late, a broken promise, compensation.
async fn replaced(cell: &Cell, process: &Process) -> CaseId {
    let clock = TermClock {
        starts: Trigger::Filed,
        minutes: 24 * 60,
        counted_in: CountedIn::Natural,
        stops: Stop::Solved,
        pauses: Pauses::Never,
        charged_to: Party::Retailer,
        worth: Worth::Nothing,
    };
    let mut filing = filing();
    filing.wants = None;
    filing.terms = vec![Term { promise: "promise.test".into(), clock: Some(clock) }];
    let id = process.file(filing).await;
    process.give(id, Policy, Command::Triage { path: Path::NoVisit, rules: vec![] }).await;
    let both = decision(process, &[Remedy::Replace, Remedy::Refund]);
    process.give(id, Policy, Command::Decide { decision: both }).await;
    process.give(id, Customer, Command::ChooseRemedy { remedy: Remedy::Replace }).await;
    let operation = "ship_1".to_owned();
    process.give(id, Policy, Command::RecordReplacementOrdered { operation }).await;
    process.miss(cell, id, Limit::Promise).await;
    process.miss(cell, id, Limit::ExchangeShip).await;
    process
        .give(id, Carrier, Command::ReportReplacement { serial: "SN0002".parse().unwrap() })
        .await;
    process.give(id, Agent, Command::GrantGoodwill { amount_fen: 5_000 }).await;
    process.give(id, Payment, Command::RecordCompensation { operation: "pay_1".into() }).await;
    let templates = told(process, id).await;
    for one in [
        "choose_remedy",
        "replacement_begun",
        "replacement_ordered",
        "promise_broken",
        "late",
        "compensation_granted",
        "confirm",
    ] {
        assert!(templates.contains(one), "{one} is not among {templates:?}");
    }
    id
}

/// A denial, its dispute with everything there is, a refund that the provider takes its time for, an appeal.
async fn disputed(process: &Process) -> CaseId {
    let id = process.file(filing()).await;
    process.give(id, Policy, Command::Triage { path: Path::NoVisit, rules: vec![] }).await;
    process.give(id, Policy, Command::Deny { decision: decision(process, &[]) }).await;
    process.give(id, Customer, Command::AcceptDenial).await;
    process.give(id, Customer, Command::Reopen { reason: "not_mine".into() }).await;
    // Where the case asks the customer something they would be asked again instead.
    process.give(id, Agent, Command::GrantGoodwill { amount_fen: 5_000 }).await;
    process.give(id, Payment, Command::RecordCompensation { operation: "pay_3".into() }).await;
    process.give(id, Agent, Command::AwaitInDispute { awaited: Awaited::Lab }).await;
    process.give(id, Agent, Command::AwaitInDispute { awaited: Awaited::Evidence }).await;
    process.give(id, Brand, Command::AnswerDispute { concedes: true }).await;
    let refund = decision(process, &[Remedy::Refund]);
    process.give(id, Policy, Command::Decide { decision: refund }).await;
    let ask_at = process.desk.clock.now() + Span::hours(1);
    let operation = "pay_2".to_owned();
    process.give(id, Policy, Command::RecordPaymentAccepted { operation, ask_at }).await;
    let templates = told(process, id).await;
    for one in [
        "denied",
        "compensation_paid",
        "closed",
        "reopened",
        "dispute_opened",
        "dispute_answered",
        "evidence_wanted",
        "dispute_tested",
        "dispute_decided",
        "refund_begun",
        "refund_accepted",
    ] {
        assert!(templates.contains(one), "{one} is not among {templates:?}");
    }
    id
}

/// A visit that is moved and handed over and to which nobody comes, and a customer who does not answer.
async fn missed(cell: &Cell, process: &Process) -> CaseId {
    let id = process.booked(filing(), 30).await;
    let case = process.case(id).await;
    let technician = case.technician().unwrap().clone();
    let start = case.visit.unwrap().window.start + Span::hours(3);
    let window = Window { start, end: start + Span::hours(2) };
    let moved = Command::RescheduleAppointment {
        technician: technician.clone(),
        window,
        asked_by: Party::Customer,
    };
    process.give(id, Customer, moved).await;
    process
        .give(id, Centre, Command::HandOverVisit { technician: "tech-2".parse().unwrap() })
        .await;
    process.miss(cell, id, Limit::Window).await;
    let now = process.desk.clock.now();
    let offered = ProposedWindow {
        appointment: AppointmentId::new(process.desk.ids.next()),
        window: Window { start: now + Span::days(2), end: now + Span::days(2) + Span::hours(2) },
    };
    let propose = Command::ProposeWindows {
        technician: "tech-2".parse().unwrap(),
        windows: vec![offered],
        expires_at: now + Span::hours(10),
    };
    process.give(id, Centre, propose).await;
    while process.case(id).await.stage != Stage::Paused {
        let next_at = process.desk.clock.now() + Span::hours(20);
        let reason = ContactFailure::NoAnswer;
        process.give(id, Technician, Command::ReportContactFailed { reason, next_at }).await;
        cell.wait(Span::hours(19));
    }
    id
}

/// A visit in vain, and a cancellation that came too late and one that did not.
async fn in_vain(process: &Process) -> CaseId {
    let id = process.booked(filing(), 3).await;
    process.give(id, Technician, CHECK_IN).await;
    process.give(id, Customer, Command::Cancel).await;
    process.give(id, Technician, Command::RefuseCancel { reason: "opened".into() }).await;
    let next_at = Some(process.desk.clock.now() + Span::days(1));
    let unable = Command::ReportUnable { reason: UnableReason::Weather, next_at, parts_at: None };
    process.give(id, Technician, unable).await;
    process.give(id, Customer, Command::Cancel).await;
    id
}
