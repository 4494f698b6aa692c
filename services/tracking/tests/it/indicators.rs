//! Each indicator on a course that a person can retell.

use parasol_desk::customer_id;
use parasol_journey::survey::{Question, SurveyAnswer};
use parasol_journey::time::Span;
use parasol_journey::vocab::{AnomalyKind, Cause, Conclusion, DeclineReason, Party};
use parasol_journey::{ActorKind, Command, Stage, Verb};
use parasol_tracking::scores::indicator::{Id, Level};
use parasol_tracking::scores::marks::{FollowedUp, Marks, marks};

use crate::course::{Course, filing};
use crate::simulated::case_id;
use crate::world::CUSTOMER;

use ActorKind::{Agent, Centre, Customer, Policy, Technician};

/// A course of the customer of these tests, as far as the visit that is booked.
pub fn booked() -> Course {
    let mut filing = filing();
    filing.customer = customer_id(CUSTOMER);
    let mut course = Course::filed(filing);
    course.sample(Policy, Verb::Triage).sample(Policy, Verb::MakeOffer);
    course.wait(Span::minutes(20)).sample(Centre, Verb::AcceptOffer);
    course.sample(Centre, Verb::AssignTechnician).sample(Customer, Verb::BookAppointment);
    course
}

fn check_in(course: &mut Course, distance_m: Option<u32>) {
    course
        .must(Technician, &Command::CheckIn { distance_m, mock_location: false, arrived_at: None });
}

/// The same until the case has closed, well and with the code.
pub fn closed() -> Course {
    let mut course = booked();
    course.wait(Span::hours(3));
    check_in(&mut course, Some(20));
    course.wait(Span::hours(1)).sample(Technician, Verb::SubmitCertificate);
    course.sample(Policy, Verb::Decide);
    course.wait(Span::hours(1)).sample(Technician, Verb::CompleteVisit);
    assert_eq!(course.case.stage, Stage::Closed);
    course
}

fn of(course: &Course) -> Marks {
    marks(case_id(1), &course.log, &[]).unwrap()
}

/// The values of an indicator at a level, with what they are left out for.
fn found(marks: &Marks, level: Level, indicator: Id) -> Vec<(i64, &'static str)> {
    let fits = marks
        .iter()
        .filter(|((figure, _), _)| (figure.level, figure.indicator) == (level, indicator));
    fits.map(|(_, mark)| (mark.value, mark.excluded)).collect()
}

fn counts(marks: &Marks, level: Level, indicator: Id) -> Vec<i64> {
    let found = found(marks, level, indicator);
    assert!(found.iter().all(|(_, excluded)| excluded.is_empty()), "{found:?}");
    found.into_iter().map(|(value, _)| value).collect()
}

#[test]
fn a_straight_repair_counts_well_for_everybody() {
    let marks = of(&closed());
    let hour = Span::hours(1).micros();
    for level in [Level::Brand, Level::Centre] {
        assert_eq!(counts(&marks, level, Id::AcceptRate), [1]);
        assert_eq!(counts(&marks, level, Id::AcceptTime), [Span::minutes(20).micros()]);
        assert_eq!(counts(&marks, level, Id::Completion24), [1]);
        assert_eq!(counts(&marks, level, Id::SecondVisit), [0]);
        assert_eq!(counts(&marks, level, Id::Chased), [0]);
        assert_eq!(counts(&marks, level, Id::Breaches), [0]);
    }
    for level in [Level::Brand, Level::Centre, Level::Technician] {
        assert_eq!(counts(&marks, level, Id::FirstContact), [1]);
        assert_eq!(counts(&marks, level, Id::OnTime), [1]);
        assert_eq!(counts(&marks, level, Id::NoShow), [0]);
        assert_eq!(counts(&marks, level, Id::VerdictTime), [hour]);
        assert_eq!(counts(&marks, level, Id::CertificateQuality), [1]);
        assert_eq!(counts(&marks, level, Id::FirstFix), [1]);
        assert_eq!(counts(&marks, level, Id::RepeatRepair), [0]);
        assert_eq!(counts(&marks, level, Id::OverturnOfAll), [0]);
    }
    assert_eq!(counts(&marks, Level::Technician, Id::CodeUse), [1]);
    assert_eq!(counts(&marks, Level::Technician, Id::FalseCheckIn), [0]);
    assert_eq!(counts(&marks, Level::Retailer, Id::IntakeWrongUnit), [0]);
    let gross = counts(&marks, Level::Brand, Id::FlowGross);
    assert_eq!(gross, [5 * hour + Span::minutes(20).micros()]);
    assert_eq!(counts(&marks, Level::Brand, Id::FlowNet), gross, "the customer was waited for");
}

#[test]
fn an_absent_customer_is_left_out_only_where_an_arrival_is_on_record() {
    for (distance_m, expected) in
        [(Some(20), (0, "customer_absent")), (Some(2_000), (0, "")), (None, (0, ""))]
    {
        let mut course = booked();
        course.wait(Span::hours(3));
        check_in(&mut course, distance_m);
        course.must(Technician, &Command::ReportNoShow { by: Party::Customer });
        let marks = of(&course);
        for level in [Level::Brand, Level::Centre, Level::Technician] {
            assert_eq!(found(&marks, level, Id::OnTime), [expected], "{distance_m:?}");
            assert_eq!(found(&marks, level, Id::NoShow), [expected], "{distance_m:?}");
        }
    }
}

#[test]
fn a_technician_who_does_not_come_and_one_who_comes_late_are_not_on_time() {
    let mut missed = booked();
    missed.wait(Span::hours(6)).must(Customer, &Command::ReportNoShow { by: Party::Technician });
    let marks = of(&missed);
    assert_eq!(counts(&marks, Level::Technician, Id::OnTime), [0]);
    assert_eq!(counts(&marks, Level::Technician, Id::NoShow), [1]);
    let mut late = booked();
    late.wait(Span::hours(6));
    check_in(&mut late, Some(900));
    let marks = of(&late);
    assert_eq!(counts(&marks, Level::Technician, Id::OnTime), [0]);
    assert_eq!(counts(&marks, Level::Technician, Id::NoShow), [0]);
    assert_eq!(counts(&marks, Level::Technician, Id::FalseCheckIn), [1], "900 m away");
}

/// A finding against the user that is refused, and the customer who disputes it 40 days later.
fn disputed() -> Course {
    let mut course = booked();
    course.wait(Span::hours(3));
    check_in(&mut course, Some(20));
    let mut certificate = course.certificate();
    certificate.cause = Cause::User;
    certificate.conclusion = Conclusion::DoesNotMeet;
    let certificate = Box::new(certificate);
    course.must(Technician, &Command::SubmitCertificate { certificate });
    if course.case.stage == Stage::VerdictHeld {
        course.sample(ActorKind::Brand, Verb::ConfirmCertificate);
    }
    course.sample(Policy, Verb::Deny).sample(Customer, Verb::OpenDispute);
    course
}

#[test]
fn a_verdict_that_is_overturned_restates_its_own_month() {
    let mut course = disputed();
    let before = of(&course);
    assert_eq!(counts(&before, Level::Technician, Id::OverturnOfAll), [0]);
    assert_eq!(counts(&before, Level::Technician, Id::UserCause), [1]);
    course.wait(Span::days(40));
    course.must(ActorKind::Brand, &Command::AnswerDispute { concedes: true });
    course.sample(Policy, Verb::Decide);
    let after = of(&course);
    assert_eq!(counts(&after, Level::Technician, Id::OverturnOfAll), [1]);
    assert_eq!(counts(&after, Level::Centre, Id::OverturnOfDisputed), [1]);
    let month = |marks: &Marks, indicator| {
        let mut keys = marks.keys().filter(|(figure, _)| figure.indicator == indicator);
        keys.next().unwrap().0.month.to_string()
    };
    assert_eq!(month(&after, Id::OverturnOfAll), month(&before, Id::OverturnOfAll));
    assert_eq!(month(&after, Id::OverturnOfAll), "2026-06");
    assert_eq!(month(&after, Id::OverturnOfDisputed), "2026-07");
}

#[test]
fn a_case_that_is_opened_again_leaves_its_closing_and_keeps_what_was_said() {
    let mut course = closed();
    let answer = SurveyAnswer { csat: 2, nps: Some(3), ratings: vec![], has_text: false };
    course.must(Customer, &Command::AnswerSurvey { answer });
    let before = of(&course);
    assert_eq!(counts(&before, Level::Brand, Id::Completion72), [1]);
    course.wait(Span::days(2)).sample(Customer, Verb::Reopen);
    let after = of(&course);
    assert_eq!(counts(&after, Level::Brand, Id::Completion72), [0; 0]);
    assert_eq!(counts(&after, Level::Brand, Id::FlowGross), [0; 0]);
    assert_eq!(counts(&after, Level::Brand, Id::Csat), [2_000_000], "that was said");
    assert_eq!(counts(&after, Level::Technician, Id::RepeatRepair), [1], "back within 30 days");
}

#[test]
fn a_late_part_lowers_no_technician() {
    let mut course = closed();
    let ratings = vec![
        (Question::Arrival, 5),
        (Question::Inspection, 4),
        (Question::Repair, 3),
        (Question::Parts, 1),
        (Question::Dispatch, 2),
        (Question::Delivery, 1),
        (Question::Decision, 5),
    ];
    let answer = SurveyAnswer { csat: 3, nps: Some(9), ratings, has_text: true };
    course.must(Customer, &Command::AnswerSurvey { answer });
    let marks = of(&course);
    assert_eq!(counts(&marks, Level::Technician, Id::Rating), [4_000_000]);
    assert_eq!(counts(&marks, Level::Centre, Id::Rating), [2_000_000]);
    assert_eq!(counts(&marks, Level::Retailer, Id::Rating), [5_000_000]);
    assert_eq!(counts(&marks, Level::Brand, Id::Rating), [0; 0], "nobody asked about the brand");
    assert_eq!(counts(&marks, Level::Brand, Id::PartsRating), [1_000_000]);
    assert_eq!(counts(&marks, Level::Retailer, Id::DeliveryRating), [1_000_000]);
    assert_eq!(counts(&marks, Level::Brand, Id::Nps), [1_000_000]);
    assert_eq!(counts(&marks, Level::Brand, Id::BadReview), [0]);
}

#[test]
fn a_changed_answer_takes_the_place_of_the_one_before() {
    let mut course = closed();
    for csat in [1, 5] {
        let ratings = if csat == 1 { vec![(Question::Repair, 1)] } else { vec![] };
        let answer = SurveyAnswer { csat, nps: None, ratings, has_text: false };
        course.wait(Span::days(1)).must(Customer, &Command::AnswerSurvey { answer });
    }
    let marks = of(&course);
    assert_eq!(counts(&marks, Level::Brand, Id::Csat), [5_000_000]);
    assert_eq!(counts(&marks, Level::Technician, Id::Rating), [0; 0], "that was taken back");
}

#[test]
fn a_chase_that_nobody_answers_is_the_retailers() {
    let mut course = booked();
    course.sample(Customer, Verb::Remind);
    assert_eq!(counts(&of(&course), Level::Retailer, Id::ChasesUnanswered), [0]);
    let mut answered = course.clone();
    answered.wait(Span::hours(2)).sample(Agent, Verb::AnswerReminder);
    let marks = of(&answered);
    assert_eq!(counts(&marks, Level::Retailer, Id::ChasesUnanswered), [0]);
    assert_eq!(counts(&marks, Level::Agent, Id::FirstResponse), [Span::hours(2).micros()]);
    assert_eq!(counts(&marks, Level::Agent, Id::ChasesInTime), [1]);
    assert_eq!(counts(&marks, Level::Agent, Id::AgentActs), [1]);
    let owed =
        course.case.obligations.iter().find(|owed| owed.task.to_string().contains("reminder"));
    let owed = *owed.expect("a chase has its clock");
    course.now = course.now.max(owed.due);
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(ActorKind::Timer, &fire);
    assert_eq!(counts(&of(&course), Level::Retailer, Id::ChasesUnanswered), [1]);
    course.sample(Agent, Verb::AnswerReminder);
    assert_eq!(counts(&of(&course), Level::Agent, Id::ChasesInTime), [0], "answered late");
}

#[test]
fn an_agent_is_measured_by_decisions_against_the_policy_and_by_those_that_come_back() {
    for (overrides, comes_back) in [(false, false), (true, false), (true, true)] {
        let mut course = booked();
        course.wait(Span::hours(3));
        check_in(&mut course, Some(20));
        course.sample(Technician, Verb::SubmitCertificate);
        let Command::Deny { mut decision } = course.sample_of(Verb::Deny) else {
            panic!("the sample of a denial is one")
        };
        decision.overrides = overrides;
        course.must(Agent, &Command::Deny { decision });
        if comes_back {
            course.sample(Customer, Verb::OpenDispute);
        }
        let marks = of(&course);
        assert_eq!(counts(&marks, Level::Agent, Id::Overrides), [i64::from(overrides)]);
        assert_eq!(counts(&marks, Level::Agent, Id::HandReopened), [i64::from(comes_back)]);
        assert_eq!(counts(&marks, Level::Agent, Id::AgentActs), [1], "one entry in one case");
    }
}

#[test]
fn the_retailers_intake_is_scored_towards_the_brand() {
    let towards = |course: &Course, indicator| {
        let marks = of(course);
        let of_retailer = marks.keys().filter(|(figure, _)| figure.level == Level::Retailer);
        for (figure, _) in of_retailer {
            assert_eq!(figure.subject, course.case.filing.brand.as_str());
        }
        counts(&marks, Level::Retailer, indicator)
    };
    // An offer that the centre sends back as none of its business, and one that it accepts.
    let mut course = Course::filed(filing());
    course.sample(Policy, Verb::Triage).sample(Policy, Verb::MakeOffer);
    let offer = course.case.offer.as_ref().unwrap().id;
    let declined = Command::DeclineOffer { offer, reason: DeclineReason::NotOurs };
    course.must(Centre, &declined);
    assert_eq!(towards(&course, Id::IntakeNotOurs), [1]);
    assert_eq!(towards(&booked(), Id::IntakeNotOurs), [0]);
    // A certificate of another unit than was filed.
    let mut course = booked();
    course.wait(Span::hours(3));
    check_in(&mut course, Some(20));
    let mut certificate = course.certificate();
    certificate.serial = "OTHER".parse().unwrap();
    course.must(Technician, &Command::SubmitCertificate { certificate: Box::new(certificate) });
    assert_eq!(towards(&course, Id::IntakeWrongUnit), [1]);
    // Papers that were handed in and did not do.
    let mut course = Course::filed(filing());
    course.sample(Customer, Verb::LinkCertificate);
    assert_eq!(towards(&course, Id::IntakeProof), [0]);
    course.sample(Agent, Verb::RefuseLinkedCertificate);
    assert_eq!(towards(&course, Id::IntakeProof), [1]);
    // A case that ends because the data were wrong, and one that just ends.
    for (told, expected) in [(Some(AnomalyKind::AddressWrong), 1), (None, 0)] {
        let mut course = booked();
        if let (Some(kind), Command::RaiseAnomaly { anomaly, .. }) =
            (told, course.sample_of(Verb::RaiseAnomaly))
        {
            course.must(Centre, &Command::RaiseAnomaly { anomaly, kind });
        }
        course.sample(Customer, Verb::Cancel);
        assert_eq!(towards(&course, Id::IntakeCancelled), [expected]);
    }
}

#[test]
fn follow_ups_count_for_whoever_closed_them() {
    let course = closed();
    let one =
        |number, in_time| FollowedUp { number, agent: "a-1".to_owned(), at: course.now, in_time };
    let marks = marks(case_id(1), &course.log, &[one(1, true), one(2, false)]).unwrap();
    let mut values = counts(&marks, Level::Agent, Id::FollowUpInTime);
    values.sort_unstable();
    assert_eq!(values, [0, 1]);
}
