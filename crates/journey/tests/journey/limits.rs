//! What ends, what is bounded, and what a deadline may and may not lead to.

use parasol_journey::deadline::Clock;
use parasol_journey::event::Awaited;
use parasol_journey::time::Span;
use parasol_journey::vocab::{ContactFailure, Party, PauseCause, Remedy, UnableReason};
use parasol_journey::{ActorKind, Command, Rejection, Stage, Task, Verb};

use crate::course::{Course, centre, standing_in};

fn owes(course: &Course, clock: Clock) -> bool {
    course.case.owes(Task::Clock(clock)).is_some()
}

fn fire(course: &mut Course, clock: Clock) {
    let owed = *course.case.owes(Task::Clock(clock)).unwrap();
    course.now = course.now.max(owed.due);
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
}

/// Uses up what all pauses of a case may take together.
fn use_up_pauses(course: &mut Course) {
    for _ in 0..2 {
        let pause = Command::Pause {
            owner: Party::Customer,
            cause: PauseCause::CustomerAskedLater,
            resume_at: course.now + Span::days(30),
        };
        course.must(ActorKind::Customer, &pause);
        fire(course, Clock::Resume);
    }
}

#[test]
fn a_held_slot_does_not_outlive_what_it_was_held_for() {
    for (actor, verb) in
        [(ActorKind::Technician, Verb::ReportNoShow), (ActorKind::Agent, Verb::WithdrawOffer)]
    {
        let mut course = standing_in(Stage::Appointed);
        course.sample(ActorKind::Customer, Verb::HoldSlot);
        assert!(owes(&course, Clock::HoldExpires) && owes(&course, Clock::Window));
        course.sample(actor, verb);
        assert!(!owes(&course, Clock::HoldExpires) && !owes(&course, Clock::Window), "{verb}");
    }
}

#[test]
fn a_held_slot_goes_free_in_a_pause_as_well() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    course.sample(ActorKind::Customer, Verb::HoldSlot).sample(ActorKind::Customer, Verb::Pause);
    course.miss_next();
    assert_eq!((course.case.stage, course.case.hold.is_some()), (Stage::Paused, false));
}

#[test]
fn cancelling_in_a_pause_asks_whoever_is_at_the_door() {
    let mut course = standing_in(Stage::Paused);
    course.wait(Span::hours(1)).sample(ActorKind::Customer, Verb::Cancel);
    assert_eq!(course.case.stage, Stage::CancelRequested);
    assert_eq!(course.case.cancel_from, Some(Stage::OnSite));
    assert!(course.case.pause.is_none() && !owes(&course, Clock::Resume));
    assert_eq!(course.case.paused_before, Span::hours(1));
    course.sample(ActorKind::Technician, Verb::RefuseCancel);
    assert_eq!((course.case.stage, course.case.cancel_from), (Stage::OnSite, None));
    assert!(owes(&course, Clock::Verdict));
}

#[test]
fn cancelling_in_a_pause_ends_a_case_with_nobody_in_the_field() {
    let mut course = standing_in(Stage::Appointed);
    course.sample(ActorKind::Customer, Verb::Pause).sample(ActorKind::Customer, Verb::Cancel);
    assert_eq!(course.case.stage, Stage::Cancelled);
    assert!(course.case.pause.is_none());
}

#[test]
fn a_pause_does_not_open_a_cancellation_that_was_not_open() {
    let mut course = standing_in(Stage::Repairing);
    course.sample(ActorKind::Customer, Verb::Pause);
    let Err(Rejection::IllegalTransition { stage, open, .. }) =
        course.give(ActorKind::Customer, &Command::Cancel)
    else {
        panic!("a repair was cancelled by way of a pause")
    };
    assert_eq!(stage, Stage::Repairing, "what forbids it");
    assert!(open.contains(&Verb::Resume) && !open.contains(&Verb::Cancel));
}

#[test]
fn a_visit_that_is_over_asks_nobody_about_a_cancellation() {
    let mut course = standing_in(Stage::Appointed);
    course.sample(ActorKind::Technician, Verb::StartTravel);
    course.sample(ActorKind::Technician, Verb::CheckIn);
    course.sample(ActorKind::Technician, Verb::SubmitCertificate);
    course.sample(ActorKind::Policy, Verb::Deny).sample(ActorKind::Customer, Verb::Cancel);
    assert_eq!(course.case.stage, Stage::Cancelled);
}

#[test]
fn a_technician_who_does_not_come_grants_the_cancellation() {
    let mut course = standing_in(Stage::Appointed);
    course.sample(ActorKind::Technician, Verb::StartTravel);
    let due = course.case.owes(Task::Clock(Clock::Window)).unwrap().due;
    course.now = due - Span::minutes(1);
    course.sample(ActorKind::Customer, Verb::Cancel);
    assert_eq!(course.case.stage, Stage::CancelRequested);
    fire(&mut course, Clock::Window);
    assert_eq!(course.case.stage, Stage::Cancelled);
    assert_eq!(course.case.breaches.last().unwrap().clock, Clock::Window);
}

#[test]
fn reports_of_the_field_are_taken_when_no_pause_is_left() {
    for reason in [UnableReason::Unsafe, UnableReason::Weather] {
        let mut course = standing_in(Stage::OnSite);
        use_up_pauses(&mut course);
        let next_at = Some(course.now + Span::hours(1));
        let unable = Command::ReportUnable { reason, next_at, parts_at: None };
        course.must(ActorKind::Technician, &unable);
        assert_eq!(course.case.stage, Stage::TechnicianAssigned);
    }
    let mut course = standing_in(Stage::TechnicianAssigned);
    use_up_pauses(&mut course);
    for _ in 0..4 {
        let next_at = course.now + Span::hours(13);
        let failed = Command::ReportContactFailed { reason: ContactFailure::NoAnswer, next_at };
        course.must(ActorKind::Technician, &failed).wait(Span::hours(12));
    }
    assert_eq!(course.case.stage, Stage::Unreachable);
    assert!(owes(&course, Clock::NextContact));
}

#[test]
fn a_first_opinion_is_not_heard_in_a_dispute() {
    for kind in [ActorKind::Brand, ActorKind::Centre, ActorKind::Technician] {
        let mut course = standing_in(Stage::Disputed);
        let submit = course.sample_of(Verb::SubmitCertificate);
        let refused = course.give(kind, &submit).unwrap_err();
        assert_eq!(refused.code(), "ILLEGAL_TRANSITION");
    }
    for (awaited, level) in [(None, "second"), (Some(Awaited::Lab), "lab")] {
        let mut course = standing_in(Stage::Disputed);
        if let Some(awaited) = awaited {
            course.must(ActorKind::Agent, &Command::AwaitInDispute { awaited });
        }
        course.sample(ActorKind::Agent, Verb::SubmitCertificate);
        let newest = course.case.finding().unwrap();
        assert_eq!(newest.finding.level.as_str(), level);
        assert!(newest.answers_dispute && course.case.dispute.as_ref().unwrap().heard);
        assert_eq!(course.case.stage, Stage::Deciding);
        course.sample(ActorKind::Policy, Verb::Deny);
        let again = course.sample_of(Verb::OpenDispute);
        assert_eq!(course.give(ActorKind::Customer, &again), Err(Rejection::DisputeHeard));
    }
}

#[test]
fn goodwill_in_a_dispute_does_not_end_it() {
    let mut course = standing_in(Stage::Disputed);
    course.sample(ActorKind::Agent, Verb::GrantGoodwill);
    course.sample(ActorKind::Payment, Verb::RecordCompensation);
    assert_eq!(course.case.stage, Stage::Disputed);
    assert!(owes(&course, Clock::DisputeReply), "the other side still has to answer");
    assert!(!course.case.dispute.as_ref().unwrap().heard);
    course.sample(ActorKind::Agent, Verb::Deny);
    assert!(course.case.dispute.as_ref().unwrap().heard);
}

#[test]
fn a_second_inspection_that_found_no_centre_is_over() {
    let mut course = standing_in(Stage::Deciding);
    course.sample(ActorKind::Policy, Verb::OrderSecondInspection);
    assert!(owes(&course, Clock::SecondInspection));
    course.sample(ActorKind::Policy, Verb::ReportNoCoverage);
    assert!(!owes(&course, Clock::SecondInspection), "it would call back a case that was decided");
    assert!(course.case.second_opinion, "the decision sees that it was ordered");
}

#[test]
fn messages_and_reminders_of_a_case_have_an_end() {
    let mut course = standing_in(Stage::Dispatched);
    for (kind, verb, most, refusal) in [
        (ActorKind::Centre, Verb::KeepMessage, 200, Rejection::EvidenceFull),
        (ActorKind::Customer, Verb::Remind, 100, Rejection::RemindedTooOften),
    ] {
        for _ in 0..most {
            course.sample(kind, verb);
        }
        let one_more = course.sample_of(verb);
        assert_eq!(course.give(kind, &one_more), Err(refusal));
    }
}

#[test]
fn an_outage_does_not_fill_the_log() {
    let mut course = standing_in(Stage::Filed);
    let filed = course.now;
    while course.now < filed + Span::days(30) {
        fire(&mut course, Clock::Classify);
    }
    assert!(course.log.len() < 45, "{} entries in a month", course.log.len());
    let due = course.case.owes(Task::Clock(Clock::Classify)).unwrap().due;
    assert_eq!(due.since(course.now), Span::days(1), "it is asked for every day still");
    assert_eq!(course.case.breaches.len(), 32);
}

#[test]
fn goodwill_is_something_and_never_more_than_the_price() {
    let mut course = standing_in(Stage::Denied);
    let price = course.case.filing.price_fen;
    let grant = |amount_fen| Command::GrantGoodwill { amount_fen };
    for wrong in [i64::MIN, -1, 0, price + 1, i64::MAX] {
        let refused = course.give(ActorKind::Agent, &grant(wrong));
        assert_eq!(refused, Err(Rejection::AmountOutOfRange { most_fen: price }), "{wrong}");
    }
    for (amount_fen, left) in [(price - 10, 10), (10, 0)] {
        course.must(ActorKind::Agent, &grant(amount_fen));
        course.sample(ActorKind::Payment, Verb::RecordCompensation);
        assert_eq!(course.case.stage, Stage::Denied, "the customer may still contest the denial");
        let refused = course.give(ActorKind::Agent, &grant(left + 1));
        assert_eq!(refused, Err(Rejection::AmountOutOfRange { most_fen: left }));
    }
    assert_eq!(course.case.paid_fen(), price);
}

#[test]
fn the_policy_does_not_pay_twice_and_pays_nothing_negative() {
    let mut course = standing_in(Stage::Deciding);
    for (remedy, amount_fen) in [(Remedy::Refund, -1), (Remedy::Repair, 1)] {
        let mut decision = course.decision(remedy);
        decision.offered[0].amount_fen = amount_fen;
        let refused = course.give(ActorKind::Policy, &Command::Decide { decision });
        assert_eq!(refused, Err(Rejection::DecisionInvalid));
    }
    course.sample(ActorKind::Agent, Verb::GrantGoodwill);
    course.sample(ActorKind::Payment, Verb::RecordCompensation);
    let decision = course.decision(Remedy::Refund);
    let refund = Command::Decide { decision };
    let choose = Command::ChooseRemedy { remedy: Remedy::Refund };
    course.must(ActorKind::Policy, &refund).must(ActorKind::Customer, &choose);
    course.sample(ActorKind::Payment, Verb::RecordRefund);
    course.sample(ActorKind::Customer, Verb::RejectOutcome);
    assert_eq!(course.give(ActorKind::Policy, &refund), Err(Rejection::DecisionInvalid));
    course.must(ActorKind::Agent, &refund);
}

#[test]
fn misses_of_one_clock_do_not_count_for_another() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    course.sample(ActorKind::Customer, Verb::Remind);
    for _ in 0..2 {
        fire(&mut course, Clock::FirstContact);
    }
    course.sample(ActorKind::Customer, Verb::HoldSlot);
    course.now = course.case.owes(Task::Clock(Clock::Reminder)).unwrap().due;
    fire(&mut course, Clock::Reminder);
    fire(&mut course, Clock::Visit);
    assert_eq!(course.case.stage, Stage::TechnicianAssigned);
    assert_eq!(course.case.missed(Clock::FirstContact), 2);
    fire(&mut course, Clock::FirstContact);
    assert_eq!(course.case.stage, Stage::ChoosingCentre, "the third miss of the same clock");
    assert_eq!(course.case.missed(Clock::FirstContact), 0);
    assert_eq!(course.case.missed(Clock::Visit), 1, "it runs on, and so does its count");
}

#[test]
fn a_pause_neither_forgives_misses_nor_outlives_a_decision() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    fire(&mut course, Clock::FirstContact);
    course.sample(ActorKind::Customer, Verb::Pause).sample(ActorKind::Customer, Verb::Resume);
    assert_eq!(course.case.missed(Clock::FirstContact), 1);

    let mut course = standing_in(Stage::Repairing);
    course.sample(ActorKind::Technician, Verb::RequestParts);
    let due = course.case.owes(Task::Clock(Clock::LegalParts)).unwrap().due;
    // The repair's own 30 days are met by pausing; the law's 90 for parts are not.
    course.now = due - Span::days(1);
    course.sample(ActorKind::Customer, Verb::Pause);
    fire(&mut course, Clock::LegalParts);
    assert_eq!(course.case.stage, Stage::Deciding);
    assert!(course.case.pause.is_none() && !owes(&course, Clock::Resume));
    assert_eq!(course.case.paused_before, Span::days(1));
}

#[test]
fn a_centre_accepts_for_itself_and_nobody_names_one_that_is_out() {
    let mut course = standing_in(Stage::Dispatched);
    let out = course.case.offer.as_ref().unwrap().centre.clone();
    course.sample(ActorKind::Centre, Verb::DeclineOffer).sample(ActorKind::Policy, Verb::MakeOffer);
    let Command::AcceptOffer { offer, work_order, .. } = course.sample_of(Verb::AcceptOffer) else {
        unreachable!("the sample of a verb is of that verb")
    };
    let naming = |centre| Command::AcceptOffer { offer, work_order, centre, partner_order: None };
    let other = centre(77);
    let refused = course.give(ActorKind::Centre, &naming(Some(other.clone())));
    assert_eq!(refused, Err(Rejection::CentreNotOffered { centre: other.clone() }));
    let passed_over = Err(Rejection::CentrePassedOver { centre: out.clone() });
    assert_eq!(course.give(ActorKind::Brand, &naming(Some(out.clone()))), passed_over);

    let mut later = course.clone();
    later.must(ActorKind::Brand, &naming(None));
    let assign = Command::AssignCentre { centre: out };
    assert_eq!(later.give(ActorKind::Brand, &assign), passed_over);

    course.must(ActorKind::Brand, &naming(Some(other.clone())));
    assert_eq!(course.case.work_order.as_ref().unwrap().centre, other);
}
