//! Courses worth telling: what a reader would ask "but what if …" about.

use parasol_journey::certificate::{
    Certificate, CertificateFault, EvidenceItem, EvidenceKind, Exterior, Level,
};
use parasol_journey::deadline::Clock;
use parasol_journey::event::{Ending, Fact, Filing, Path};
use parasol_journey::task::Work;
use parasol_journey::time::Span;
use parasol_journey::vocab::{
    Cause, Channel, Conclusion, ContactFailure, Function, NoCodeReason, Party, PauseCause, Remedy,
};
use parasol_journey::{ActorKind, Command, Rejection, Stage, Task, Verb};

use crate::course::{Course, centre, filing, standing_in};

#[test]
fn an_answer_to_an_offer_that_is_gone_moves_nothing() {
    let mut course = standing_in(Stage::Dispatched);
    let late = course.sample_of(Verb::AcceptOffer);
    course.sample(ActorKind::Centre, Verb::DeclineOffer).sample(ActorKind::Policy, Verb::MakeOffer);
    let Err(Rejection::OfferSuperseded { live, .. }) = course.give(ActorKind::Centre, &late) else {
        panic!("a superseded offer was accepted")
    };
    assert_eq!(live, course.case.offer.as_ref().map(|offer| offer.id));
}

#[test]
fn a_deadline_is_met_or_missed_but_never_both() {
    let mut course = standing_in(Stage::Dispatched);
    let accept = course.sample_of(Verb::AcceptOffer);
    let expires = course.case.offer.as_ref().unwrap().expires_at;
    course.now = expires;
    assert_eq!(course.give(ActorKind::Centre, &accept).unwrap_err().code(), "OFFER_EXPIRED");
    course.now = expires - Span::from_micros(1);
    course.must(ActorKind::Centre, &accept);
    assert!(course.case.owes(Task::Clock(Clock::Accept)).is_none());
}

#[test]
fn a_centre_is_asked_once() {
    let mut course = standing_in(Stage::Dispatched);
    let asked = course.case.offer.as_ref().unwrap().centre.clone();
    course.sample(ActorKind::Centre, Verb::DeclineOffer);
    let Command::MakeOffer { offer, .. } = course.sample_of(Verb::MakeOffer) else {
        unreachable!()
    };
    let again = Command::MakeOffer { offer, centre: asked.clone(), network: None };
    assert_eq!(
        course.give(ActorKind::Policy, &again),
        Err(Rejection::CentrePassedOver { centre: asked })
    );
    course
        .must(ActorKind::Policy, &Command::MakeOffer { offer, centre: centre(99), network: None });
}

#[test]
fn a_lent_centre_serves_for_another_brand_until_its_offer_is_over() {
    let mut course = standing_in(Stage::Dispatched);
    let own = course.case.filing.brand.clone();
    assert_eq!((course.case.serving_brand(), course.case.lenders.len()), (&own, 0));
    course.sample(ActorKind::Centre, Verb::DeclineOffer);
    let Command::MakeOffer { offer, .. } = course.sample_of(Verb::MakeOffer) else {
        unreachable!()
    };
    let lender: parasol_journey::ids::BrandId = "lender".parse().unwrap();
    let lent =
        |at: u128| Command::MakeOffer { offer, centre: centre(at), network: Some(lender.clone()) };
    course.must(ActorKind::Policy, &lent(97));
    assert_eq!(course.case.serving_brand(), &lender);
    course.sample(ActorKind::Centre, Verb::AcceptOffer);
    assert_eq!(course.case.work_order.as_ref().unwrap().network, Some(lender.clone()));
    assert_eq!(course.case.serving_brand(), &lender);
    let reason = "centre_suspended".to_owned();
    course.must(ActorKind::Policy, &Command::WithdrawOffer { reason });
    assert_eq!(course.case.serving_brand(), &own, "the unit's brand has the case again");
    course.must(ActorKind::Policy, &lent(98));
    assert_eq!(course.case.lenders, [lender], "each lender is known once");
}

#[test]
fn a_unit_declared_intact_when_filing_goes_straight_to_the_pick_up() {
    let triage = Command::Triage { path: Path::NoReason, rules: vec!["R01".into()] };
    for (declared_intact, stage, holder) in
        [(true, Stage::Returning, Party::Carrier), (false, Stage::NoReason, Party::Customer)]
    {
        let mut course = Course::filed(Filing { declared_intact, ..filing() });
        course.must(ActorKind::Policy, &triage);
        assert_eq!((course.case.stage, course.case.turn.holder()), (stage, Some(holder)));
        let declared = course.log.iter().any(|event| event.fact == Fact::DeclaredIntact);
        assert_eq!(declared, declared_intact);
    }
}

#[test]
fn a_customer_who_left_the_wish_open_chooses() {
    let mut course = Course::filed(Filing { wants: None, ..filing() });
    let triage = Command::Triage { path: Path::NoVisit, rules: vec!["R13".into()] };
    course.must(ActorKind::Policy, &triage).sample(ActorKind::Policy, Verb::Decide);
    assert_eq!(course.case.stage, Stage::RemedyOffered);
    assert_eq!(course.case.remedy, None);
}

#[test]
fn a_pause_stops_the_clock_and_gives_back_what_was_left() {
    let mut course = standing_in(Stage::OnSite);
    let left = course.case.owes(Task::Clock(Clock::Verdict)).unwrap().due.since(course.now);
    course.sample(ActorKind::Customer, Verb::Pause);
    assert_eq!(course.case.turn.holder(), Some(Party::Customer));
    course.wait(Span::hours(30)).sample(ActorKind::Agent, Verb::Resume);
    assert_eq!(course.case.stage, Stage::OnSite);
    let again = course.case.owes(Task::Clock(Clock::Verdict)).unwrap().due.since(course.now);
    assert_eq!(left, again);
}

#[test]
fn the_field_cannot_stop_its_own_clock() {
    let mut course = standing_in(Stage::OnSite);
    for owner in [Party::Brand, Party::Centre, Party::Technician] {
        let pause = Command::Pause {
            owner,
            cause: PauseCause::Weather,
            resume_at: course.now + Span::days(1),
        };
        assert_eq!(course.give(ActorKind::Agent, &pause).unwrap_err().code(), "PAUSE_TOO_LONG");
    }
}

#[test]
fn three_failed_contacts_over_two_days_pause_with_notice_and_never_close() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    for _ in 0..3 {
        let next_at = course.now + Span::hours(13);
        let failed = Command::ReportContactFailed { reason: ContactFailure::NoAnswer, next_at };
        course.must(ActorKind::Technician, &failed).wait(Span::hours(12));
    }
    assert_eq!(course.case.stage, Stage::Paused);
    assert_eq!(course.case.turn.holder(), Some(Party::Retailer), "who has to tell them first");
    let told =
        Command::RecordNotice { asked: course.case.asked.unwrap().seq, channel: Channel::Sms };
    course.must(ActorKind::Policy, &told);
    assert_eq!(course.case.turn.holder(), Some(Party::Customer));
    course.miss_next();
    assert_eq!(course.case.stage, Stage::Unreachable, "the pause ends by itself");
}

#[test]
fn a_second_visit_after_a_no_show_is_charged_to_the_technician() {
    let mut course = standing_in(Stage::Appointed);
    let window = course.case.owes(Task::Clock(Clock::Window)).copied().unwrap();
    course.now = window.due;
    let fire = Command::Fire { task: window.task, generation: window.generation };
    course.must(ActorKind::Timer, &fire);
    assert_eq!(course.case.stage, Stage::TechnicianAssigned);
    assert_eq!(course.case.breaches.last().unwrap().charged_to, Party::Technician);
    assert!(course.case.visit.is_none());
    course.sample(ActorKind::Customer, Verb::BookAppointment);
    assert_eq!(course.case.stage, Stage::Appointed);
}

#[test]
fn a_serial_that_differs_holds_and_does_not_deny() {
    let course = standing_in(Stage::VerdictHeld);
    assert!(!course.case.finding().unwrap().finding.serial_matches);
    assert_eq!(course.case.turn.holder(), Some(Party::Brand));
}

#[test]
fn blaming_the_user_waits_for_the_brand() {
    let mut course = standing_in(Stage::OnSite);
    let mut certificate = course.certificate();
    certificate.cause = Cause::User;
    let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
    course.must(ActorKind::Technician, &submit);
    assert_eq!(course.case.stage, Stage::VerdictHeld);
    assert!(!course.case.finding().unwrap().finding.evidence_ok, "one photo is not enough");
}

#[test]
fn five_wrong_codes_lock_the_sixth() {
    let mut course = standing_in(Stage::Repairing);
    for _ in 0..5 {
        course.must(ActorKind::Technician, &Command::CompleteVisit { matches: false });
    }
    let right = Command::CompleteVisit { matches: true };
    assert_eq!(course.give(ActorKind::Technician, &right), Err(Rejection::CodeLocked));
    assert_eq!(course.case.stage, Stage::Repairing);
}

#[test]
fn a_new_code_gives_new_attempts_and_there_is_an_end_to_new_codes() {
    let mut course = standing_in(Stage::Repairing);
    for _ in 0..5 {
        course.must(ActorKind::Technician, &Command::CompleteVisit { matches: false });
    }
    course.must(ActorKind::Customer, &Command::RenewCode);
    assert_eq!((course.case.wrong_codes, course.case.code_number()), (0, 1));
    let from = Some(course.now + Span::minutes(1));
    let refused = course.give(ActorKind::Technician, &Command::RenewCode);
    assert_eq!(refused, Err(Rejection::CodeRenewedTooOften { from }));
    for _ in 0..4 {
        course.wait(Span::minutes(1)).must(ActorKind::Technician, &Command::RenewCode);
    }
    course.wait(Span::days(1));
    let refused = course.give(ActorKind::Agent, &Command::RenewCode);
    assert_eq!(refused, Err(Rejection::CodeRenewedTooOften { from: None }));
    course.must(ActorKind::Technician, &Command::CompleteVisit { matches: true });
    assert_eq!(course.case.ending.unwrap().0, Ending::Code);
}

#[test]
fn an_agent_takes_the_customers_word_for_a_lost_code() {
    let mut course = standing_in(Stage::Repairing);
    let waive = Command::WaiveCode { reason: NoCodeReason::PhoneLost };
    assert!(course.give(ActorKind::Technician, &waive).is_err(), "nobody waives their own proof");
    course.must(ActorKind::Agent, &waive);
    assert_eq!(course.case.stage, Stage::Closed);
    assert_eq!(course.case.ending.unwrap().0, Ending::CodeWaived);
    assert_eq!(course.case.repairs.failed, 0);
}

#[test]
fn the_right_code_closes_the_case() {
    let course = standing_in(Stage::Closed);
    assert_eq!(course.case.ending.unwrap().0, Ending::Code);
}

#[test]
fn what_was_asked_for_is_done_and_what_was_not_offered_is_refused() {
    let mut course = standing_in(Stage::RemedyOffered);
    let refund = Command::ChooseRemedy { remedy: Remedy::Refund };
    assert!(matches!(
        course.give(ActorKind::Customer, &refund),
        Err(Rejection::RemedyNotOffered { remedy: Remedy::Refund, .. })
    ));
    course.must(ActorKind::Customer, &Command::ChooseRemedy { remedy: Remedy::Repair });
    assert_eq!(course.case.stage, Stage::Repairing);
}

#[test]
fn the_legal_parts_clock_runs_through_a_pause_and_no_second_request_restarts_it() {
    let mut course = standing_in(Stage::Repairing);
    course.sample(ActorKind::Technician, Verb::RequestParts);
    assert_eq!(course.case.turn.holder(), Some(Party::Brand), "who waits for parts is the brand");
    let due = course.case.owes(Task::Clock(Clock::LegalParts)).unwrap().due;
    course.wait(Span::days(1)).sample(ActorKind::Technician, Verb::RequestParts);
    course.sample(ActorKind::Customer, Verb::Pause).wait(Span::days(1));
    course.sample(ActorKind::Agent, Verb::Resume);
    assert_eq!(course.case.owes(Task::Clock(Clock::LegalParts)).unwrap().due, due);
}

#[test]
fn cancelling_asks_whoever_is_at_the_door() {
    let mut course = standing_in(Stage::CancelRequested);
    course.sample(ActorKind::Technician, Verb::RefuseCancel);
    assert_eq!(course.case.stage, Stage::OnSite);
    course.sample(ActorKind::Customer, Verb::Cancel).miss_next();
    assert_eq!(course.case.stage, Stage::Cancelled, "silence for an hour agrees");
}

#[test]
fn there_is_one_appeal_and_it_has_a_term() {
    let mut course = standing_in(Stage::Closed);
    let reopen = course.sample_of(Verb::Reopen);
    let closed = course.now;
    course.now = closed + Span::days(7) + Span::from_micros(1);
    assert_eq!(course.give(ActorKind::Customer, &reopen), Err(Rejection::AppealWindowOver));
    course.now = closed + Span::days(7);
    course.must(ActorKind::Customer, &reopen).sample(ActorKind::Brand, Verb::AnswerDispute);
    course.sample(ActorKind::Policy, Verb::Deny);
    let dispute = course.sample_of(Verb::OpenDispute);
    assert_eq!(course.give(ActorKind::Customer, &dispute), Err(Rejection::DisputeHeard));
}

#[test]
fn a_silent_field_does_not_stop_the_case() {
    let mut course = standing_in(Stage::OnSite);
    course.miss_next();
    assert_eq!(course.case.stage, Stage::Deciding);
    assert!(course.case.owes(Task::Work(Work::Decide)).is_some());
    assert!(matches!(course.log.last().unwrap().fact, Fact::BackToDecision { .. }));
}

#[test]
fn a_case_sent_to_an_agent_is_not_decided_by_the_policy_again() {
    let mut course = standing_in(Stage::Deciding);
    assert!(course.case.owes(Task::Work(Work::Decide)).is_some());
    course.sample(ActorKind::Policy, Verb::SendToAgent);
    assert!(course.case.owes(Task::Work(Work::Decide)).is_none());
    assert_eq!(course.case.next_deadline().unwrap().task, Task::Clock(Clock::DecideManually));
    course.sample(ActorKind::Agent, Verb::Decide);
    assert_eq!(course.case.stage, Stage::Repairing);
}

#[test]
fn ordering_the_new_unit_ends_the_work_and_the_delivery_ends_the_order() {
    let mut course = standing_in(Stage::Replacing);
    course.sample(ActorKind::Customer, Verb::Pause);
    course.sample(ActorKind::Policy, Verb::RecordReplacementOrdered);
    assert!(course.case.owes(Task::Work(Work::ShipReplacement)).is_none());
    assert_eq!(course.case.replacement_order.as_deref(), Some("op-3"));
    let twice = course.sample_of(Verb::RecordReplacementOrdered);
    assert_eq!(course.give(ActorKind::Policy, &twice), Err(Rejection::TaskSuperseded));
    course.sample(ActorKind::Agent, Verb::Resume);
    assert!(course.case.owes(Task::Work(Work::ShipReplacement)).is_none(), "ordered once");
    course.sample(ActorKind::Carrier, Verb::ReportReplacement);
    assert_eq!(course.case.replacement_order, None);
}

#[test]
fn a_payment_that_is_only_accepted_is_asked_about_later() {
    let mut course = standing_in(Stage::Refunding);
    let first = *course.case.owes(Task::Work(Work::PayRefund)).unwrap();
    course.sample(ActorKind::Payment, Verb::RecordPaymentAccepted);
    let again = *course.case.owes(Task::Work(Work::PayRefund)).unwrap();
    assert!(again.generation > first.generation && again.due > course.now);
    assert!(course.case.paid.is_empty());
    course.sample(ActorKind::Payment, Verb::RecordRefund);
    assert_eq!(course.case.paid.len(), 1);
    assert!(course.case.owes(Task::Work(Work::PayRefund)).is_none());
}

#[test]
fn a_certificate_speaks_with_the_authority_of_its_inspection() {
    let mut course = standing_in(Stage::OnSite);
    let mut claiming = course.certificate();
    claiming.level = Level::Lab;
    let submit = Command::SubmitCertificate { certificate: Box::new(claiming) };
    let refused = course.give(ActorKind::Technician, &submit).unwrap_err();
    assert_eq!(refused, Rejection::CertificateInvalid(vec![CertificateFault::LevelNotDue]));

    let mut course = standing_in(Stage::Disputed);
    course.sample(ActorKind::Lab, Verb::SubmitCertificate);
    let newest = course.case.finding().unwrap();
    assert_eq!(newest.finding.level, Level::Lab, "whatever it claimed");
    assert!(newest.answers_dispute);
}

#[test]
fn blaming_the_user_needs_a_sign_and_photos() {
    for (sign, photos, proven) in [(true, 2, true), (false, 2, false), (true, 1, false)] {
        let mut course = standing_in(Stage::OnSite);
        let mut certificate = course.certificate();
        certificate.cause = Cause::User;
        certificate.cause_sign = sign;
        let outside = |nth: usize| EvidenceItem {
            kind: EvidenceKind::Exterior,
            sha256: format!("{nth:064x}"),
            ..certificate.evidence[0].clone()
        };
        let outside: Vec<_> = (0..photos).map(outside).collect();
        certificate.evidence.truncate(1);
        certificate.evidence.extend(outside);
        let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
        course.must(ActorKind::Technician, &submit);
        let held = course.case.finding().unwrap();
        assert_eq!(held.finding.evidence_ok, proven, "sign {sign}, {photos} photos");
    }
}

#[test]
fn the_same_photo_named_twice_is_one_photo() {
    let mut course = standing_in(Stage::OnSite);
    let mut certificate = course.certificate();
    certificate.cause = Cause::User;
    certificate.cause_sign = true;
    let outside = EvidenceItem { kind: EvidenceKind::Exterior, ..certificate.evidence[0].clone() };
    certificate.evidence = vec![certificate.evidence[0].clone(), outside.clone(), outside.clone()];
    certificate.evidence.push(EvidenceItem { kind: EvidenceKind::Fault, ..outside });
    let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
    course.must(ActorKind::Technician, &submit);
    assert!(!course.case.finding().unwrap().finding.evidence_ok);
}

/// Every reason for which a certificate is refused, each by itself.
#[test]
fn each_fault_of_a_certificate_is_told_by_its_own_name() {
    type Change = fn(&mut Certificate);
    let changes: [(CertificateFault, Change); 10] = [
        (CertificateFault::NameplatePhotoMissing, |one| {
            one.evidence.retain(|item| item.kind != EvidenceKind::Nameplate);
        }),
        (CertificateFault::ExteriorPhotoMissing, |one| one.exterior = Exterior::Dent),
        (CertificateFault::InspectedInFuture, |one| {
            one.inspected_at = one.inspected_at + Span::hours(1);
        }),
        (CertificateFault::EvidenceTakenInFuture, |one| {
            one.evidence[0].taken_at = one.evidence[0].taken_at + Span::hours(1);
        }),
        (CertificateFault::TechnicianNotAssigned, |one| {
            one.technician = Some("somebody-else".parse().unwrap());
        }),
        (CertificateFault::Contradiction, |one| {
            one.function = Function::Normal;
            one.conclusion = Conclusion::MeetsReturnExchange;
        }),
        (CertificateFault::FaultCodeMissing, |one| one.fault_code.clear()),
        (CertificateFault::EvidenceHashInvalid, |one| one.evidence[0].sha256 = "AB".repeat(32)),
        (CertificateFault::TooMuchEvidence, |one| {
            one.evidence = vec![one.evidence[0].clone(); 51];
        }),
        (CertificateFault::SupersedesNotNewest, |one| one.supersedes = Some(one.id)),
    ];
    for (fault, change) in changes {
        let mut course = standing_in(Stage::OnSite);
        let mut certificate = course.certificate();
        change(&mut certificate);
        let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
        let refused = course.give(ActorKind::Technician, &submit).unwrap_err();
        assert_eq!(refused, Rejection::CertificateInvalid(vec![fault]));
        assert_eq!(course.case.stage, Stage::OnSite, "{fault} moves nothing");
    }
    let mut course = standing_in(Stage::OnSite);
    let mut certificate = course.certificate();
    certificate.inspected_at = certificate.inspected_at - Span::days(1);
    let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
    let refused = course.give(ActorKind::Technician, &submit).unwrap_err();
    let before = CertificateFault::InspectedBeforeVisit;
    assert_eq!(refused, Rejection::CertificateInvalid(vec![before]));
}

#[test]
fn a_later_certificate_takes_the_place_of_the_newest_or_of_none() {
    for (names_newest, fine) in [(true, true), (false, false)] {
        let mut course = standing_in(Stage::Disputed);
        let newest = course.case.finding().unwrap().id;
        let mut certificate = course.certificate();
        certificate.supersedes = Some(if names_newest { newest } else { certificate.id });
        let submit = Command::SubmitCertificate { certificate: Box::new(certificate.clone()) };
        let given = course.give(ActorKind::Lab, &submit);
        assert_eq!(given.is_ok(), fine, "{given:?}");
        if fine {
            let chain: Vec<_> = course.case.certificates.iter().map(|one| one.id).collect();
            assert_eq!(chain[chain.len() - 2..], [newest, certificate.id], "both stay");
        }
    }
}

#[test]
fn a_serial_that_differs_for_a_stated_reason_is_not_held() {
    let mut course = standing_in(Stage::OnSite);
    let mut certificate = course.certificate();
    certificate.serial = "SN0009".parse().unwrap();
    certificate.serial_explained = true;
    let submit = Command::SubmitCertificate { certificate: Box::new(certificate) };
    course.must(ActorKind::Technician, &submit);
    assert_eq!(course.case.stage, Stage::Deciding);
}

#[test]
fn who_concedes_a_dispute_and_who_confirms_a_certificate_is_remembered() {
    let mut course = standing_in(Stage::Disputed);
    course.must(ActorKind::Brand, &Command::AnswerDispute { concedes: true });
    assert!(course.case.dispute.as_ref().unwrap().conceded);

    let mut course = standing_in(Stage::VerdictHeld);
    course.sample(ActorKind::Brand, Verb::ConfirmCertificate);
    assert!(course.case.finding().unwrap().confirmed);
}

#[test]
fn a_slot_that_is_held_when_the_case_ends_is_let_go() {
    let mut course = standing_in(Stage::Appointed);
    course.sample(ActorKind::Customer, Verb::HoldSlot);
    course.sample(ActorKind::Technician, Verb::CheckIn);
    while !course.case.stage.is_ended() {
        let (who, verb) = match course.case.stage {
            Stage::OnSite => (ActorKind::Technician, Verb::SubmitCertificate),
            Stage::Deciding => (ActorKind::Policy, Verb::Decide),
            Stage::RemedyOffered => (ActorKind::Customer, Verb::ChooseRemedy),
            Stage::Repairing => (ActorKind::Technician, Verb::CompleteRepair),
            Stage::AwaitConfirm => (ActorKind::Customer, Verb::ConfirmOutcome),
            other => panic!("the story does not come to {other}"),
        };
        assert!(course.case.owes(Task::Clock(Clock::HoldExpires)).is_some());
        course.sample(who, verb);
    }
    assert_eq!(course.case.stage, Stage::Closed);
    assert!(course.case.hold.is_none() && course.case.obligations.is_empty());
}
