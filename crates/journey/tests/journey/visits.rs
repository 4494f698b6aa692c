//! Visits that do not go as booked: nobody there, no parts, no help, no safety, no wish any more.

use parasol_journey::deadline::Clock;
use parasol_journey::event::{ProposedWindow, Window};
use parasol_journey::ids::{AppointmentId, TechnicianId};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{Party, PauseCause, UnableReason};
use parasol_journey::{ActorKind, Command, Fact, Rejection, Stage, Task, Verb};

use crate::course::{Course, standing_in, technician};

use ActorKind::{Agent, Brand, Centre, Customer, Technician, Timer};

fn unable(reason: UnableReason, parts_at: Option<Timestamp>) -> Command {
    Command::ReportUnable { reason, next_at: None, parts_at }
}

/// Books the technician of the case from then on.
fn book(course: &mut Course, from: Timestamp) -> Result<(), Rejection> {
    let appointment = AppointmentId::new(course.next_id());
    let technician = course.case.technician().unwrap().clone();
    let window = Window { start: from, end: from + Span::hours(2) };
    course.give(Customer, &Command::BookAppointment { appointment, technician, window })
}

/// A case whose technician could not finish.
fn failed(reason: UnableReason, parts_at: Option<Timestamp>) -> Course {
    let mut course = standing_in(Stage::OnSite);
    course.must(Technician, &unable(reason, parts_at));
    assert_eq!(course.case.stage, Stage::TechnicianAssigned);
    course
}

fn helper() -> Option<TechnicianId> {
    Some("tech-3".parse().unwrap())
}

fn has(course: &Course, fact: impl Fn(&Fact) -> bool) -> bool {
    course.log.iter().any(|event| fact(&event.fact))
}

#[test]
fn a_second_visit_waits_for_the_parts_it_lacked() {
    let mut course = failed(UnableReason::PartsMissing, None);
    let now = course.now;
    let soon = now + Span::days(1);
    assert_eq!(book(&mut course, soon), Err(Rejection::PartsDateMissing));
    let held = Command::HoldSlot {
        appointment: AppointmentId::new(course.next_id()),
        technician: technician(),
        window: Window { start: soon, end: soon + Span::hours(2) },
        expires_at: now + Span::minutes(10),
    };
    assert_eq!(course.give(Customer, &held), Err(Rejection::PartsDateMissing));

    let arrives_at = now + Span::days(3);
    course.must(Centre, &Command::ExpectParts { arrives_at });
    let early = book(&mut course, arrives_at - Span::minutes(1));
    assert_eq!(early, Err(Rejection::PartsNotThere { from: arrives_at }));
    let later = now + Span::days(5);
    course.must(Brand, &Command::ExpectParts { arrives_at: later });
    assert_eq!(book(&mut course, arrives_at), Err(Rejection::PartsNotThere { from: later }));
    book(&mut course, later).unwrap();
    let earlier = Command::RescheduleAppointment {
        technician: technician(),
        window: Window { start: soon, end: soon + Span::hours(2) },
        asked_by: Party::Customer,
    };
    assert_eq!(course.give(Customer, &earlier), Err(Rejection::PartsNotThere { from: later }));

    course.now = later;
    course.must(
        Technician,
        &Command::CheckIn { distance_m: None, mock_location: false, arrived_at: None },
    );
    assert_eq!(course.case.second_visit, None, "it is being made");
    let known = failed(UnableReason::PartsMissing, Some(now + Span::days(2)));
    assert_eq!(known.case.second_visit.unwrap().parts_at, Some(now + Span::days(2)));
}

#[test]
fn parts_are_expected_where_they_were_missing_and_no_further_ahead_than_a_visit_may_be() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    let expect = |course: &Course, span| Command::ExpectParts { arrives_at: course.now + span };
    let none = expect(&course, Span::days(1));
    assert_eq!(course.give(Centre, &none), Err(Rejection::PartNotAwaited));
    let mut course = failed(UnableReason::PartsMissing, None);
    let far = expect(&course, Span::days(91));
    assert_eq!(course.give(Centre, &far), Err(Rejection::WindowInvalid));
    course.must(Agent, &Command::WithdrawOffer { reason: "ours".into() });
    assert_eq!(course.case.second_visit, None, "another centre has its own store");
}

#[test]
fn who_needed_help_comes_back_with_somebody_or_not_at_all() {
    let mut course = failed(UnableReason::NeedsHelp, None);
    let soon = course.now + Span::days(1);
    assert_eq!(book(&mut course, soon), Err(Rejection::HelpNeeded));
    let mut other = course.clone();
    let alone = |name: &str, helper| Command::ReassignTechnician {
        technician: name.parse().unwrap(),
        helper,
    };
    other.must(Centre, &alone("tech-2", None));
    book(&mut other, soon).unwrap();
    course.must(Centre, &alone("tech-1", helper()));
    book(&mut course, soon).unwrap();
    let visit = course.case.visit.clone().unwrap();
    assert_eq!(visit.crew().map(TechnicianId::as_str).collect::<Vec<_>>(), ["tech-1", "tech-3"]);

    let moved = Command::RescheduleAppointment {
        technician: technician(),
        window: Window { start: soon + Span::days(1), end: soon + Span::days(1) + Span::hours(2) },
        asked_by: Party::Customer,
    };
    course.must(Customer, &moved);
    assert_eq!(course.case.visit.as_ref().unwrap().helper, helper(), "both move");
    let hand_over = |name: &str| Command::HandOverVisit { technician: name.parse().unwrap() };
    assert_eq!(course.give(Centre, &hand_over("tech-3")), Err(Rejection::HelpNeeded));
    course.must(Centre, &hand_over("tech-2"));
    let visit = course.case.visit.clone().unwrap();
    assert_eq!(visit.crew().map(TechnicianId::as_str).collect::<Vec<_>>(), ["tech-2", "tech-3"]);
    let nobody = alone("tech-3", helper());
    assert_eq!(course.give(Centre, &nobody), Err(Rejection::HelpNeeded));
}

#[test]
fn each_side_tells_of_the_other_once_they_were_due() {
    let no_show = |by| Command::ReportNoShow { by };
    let mut course = standing_in(Stage::Appointed);
    let window = course.case.visit.as_ref().unwrap().window;
    course.now = window.start - Span::minutes(1);
    let early = Err(Rejection::NoShowTooEarly { from: window.start });
    assert_eq!(course.give(Technician, &no_show(Party::Technician)), early);
    course.now = window.start;
    let early = Err(Rejection::NoShowTooEarly { from: window.end });
    assert_eq!(course.give(Customer, &no_show(Party::Customer)), early);

    let mut nobody_opened = course.clone();
    nobody_opened.must(Centre, &no_show(Party::Technician));
    assert!(has(&nobody_opened, |fact| *fact == Fact::NoShow { by: Party::Customer }));
    assert_eq!(nobody_opened.case.stage, Stage::TechnicianAssigned);

    let mut nobody_came = course.clone();
    nobody_came.now = window.end;
    nobody_came.must(Customer, &no_show(Party::Customer));
    assert!(has(&nobody_came, |fact| *fact == Fact::NoShow { by: Party::Technician }));

    // A check-in that the customer knows nothing of does not silence them.
    course.must(
        Technician,
        &Command::CheckIn { distance_m: None, mock_location: true, arrived_at: None },
    );
    course.must(Customer, &no_show(Party::Customer));
    assert!(has(&course, |fact| *fact == Fact::NoShow { by: Party::Technician }));
}

#[test]
fn weather_and_danger_name_the_next_step_and_blame_nobody() {
    for (reason, cause) in
        [(UnableReason::Unsafe, PauseCause::Unsafe), (UnableReason::Weather, PauseCause::Weather)]
    {
        let mut course = standing_in(Stage::OnSite);
        let next = |course: &Course, span: Option<Span>| Command::ReportUnable {
            reason,
            next_at: span.map(|span| course.now + span),
            parts_at: None,
        };
        for span in [None, Some(Span::ZERO), Some(Span::days(8))] {
            let refused = next(&course, span);
            let answer = course.give(Technician, &refused);
            assert_eq!(answer, Err(Rejection::NextContactRequired), "{span:?}");
        }
        let (breaches, at) = (course.case.breaches.clone(), course.now + Span::days(2));
        let command = next(&course, Some(Span::days(2)));
        course.must(Technician, &command);
        let pause = course.case.pause.clone().unwrap();
        assert_eq!((pause.owner, pause.cause, pause.resume_at), (Party::Retailer, cause, at));
        assert_eq!(course.case.turn.holder(), Some(Party::Retailer));
        assert_eq!((course.case.breaches.clone(), course.case.certificates.len()), (breaches, 0));
        course.miss_next();
        assert_eq!(course.case.stage, Stage::TechnicianAssigned, "somebody looks again");
    }
}

#[test]
fn who_cancels_at_the_door_has_had_a_visit() {
    let turned_away = |fact: &Fact| matches!(fact, Fact::TurnedAway { .. });
    let mut agreed = standing_in(Stage::OnSite);
    let visit = agreed.case.visit.as_ref().unwrap().id;
    agreed.sample(Customer, Verb::Cancel);
    let mut silent = agreed.clone();
    let mut refused = agreed.clone();
    agreed.sample(Technician, Verb::AcknowledgeCancel);
    assert_eq!(agreed.case.stage, Stage::Cancelled);
    assert!(has(&agreed, |fact| *fact == Fact::TurnedAway { appointment: visit }));

    let task = Task::Clock(Clock::AcknowledgeCancel);
    let owed = *silent.case.owes(task).unwrap();
    silent.now = owed.due;
    silent.must(Timer, &Command::Fire { task, generation: owed.generation });
    assert_eq!(silent.case.stage, Stage::Cancelled);
    assert!(has(&silent, turned_away));

    refused.sample(Technician, Verb::RefuseCancel);
    assert_eq!(refused.case.stage, Stage::OnSite);
    assert!(!has(&refused, turned_away));

    // Who is only on the way has made no visit.
    let mut on_the_way = standing_in(Stage::Appointed);
    on_the_way.sample(Technician, Verb::StartTravel).sample(Customer, Verb::Cancel);
    on_the_way.sample(Technician, Verb::AcknowledgeCancel);
    assert_eq!(on_the_way.case.stage, Stage::Cancelled);
    assert!(!has(&on_the_way, turned_away));
}

/// Two windows tomorrow, one after the other.
fn two_windows(course: &mut Course) -> Vec<ProposedWindow> {
    let first = course.now + Span::days(1);
    [first, first + Span::hours(2)]
        .map(|start| ProposedWindow {
            appointment: AppointmentId::new(course.next_id()),
            window: Window { start, end: start + Span::hours(2) },
        })
        .to_vec()
}

fn question(course: &Course, windows: &[ProposedWindow]) -> Command {
    Command::ProposeWindows {
        technician: technician(),
        windows: windows.to_vec(),
        expires_at: course.now + Span::hours(24),
    }
}

fn owes(course: &Course, clock: Clock) -> bool {
    course.case.owes(Task::Clock(clock)).is_some()
}

#[test]
fn who_is_asked_which_window_fits_has_the_turn_until_they_answer() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    let windows = two_windows(&mut course);
    let ask = question(&course, &windows);
    assert!(owes(&course, Clock::FirstContact));
    course.must(Centre, &ask);
    assert_eq!(course.case.turn.holder(), Some(Party::Customer));
    assert!(!owes(&course, Clock::FirstContact) && owes(&course, Clock::ChooseWindow));
    assert!(owes(&course, Clock::Visit), "asking wins no time for the visit");

    let mut declined = course.clone();
    declined.must(Customer, &Command::ReleaseWindows);
    assert!(declined.case.proposed.is_empty() && owes(&declined, Clock::FirstContact));
    assert_eq!(declined.case.turn.holder(), Some(Party::Technician));
    assert_eq!(declined.give(Customer, &Command::ReleaseWindows), Err(Rejection::HoldExpired));

    let second = &windows[1];
    let (appointment, window) = (second.appointment, second.window);
    let technician = technician();
    course.must(Customer, &Command::BookAppointment { appointment, technician, window });
    assert_eq!(course.case.stage, Stage::Appointed);
    assert_eq!(course.case.visit.as_ref().map(|visit| visit.id), Some(appointment));
    assert!(course.case.proposed.is_empty() && !owes(&course, Clock::ChooseWindow));
}

#[test]
fn windows_nobody_answers_go_free_and_somebody_has_to_call() {
    let mut course = standing_in(Stage::Unreachable);
    let windows = two_windows(&mut course);
    let ask = question(&course, &windows);
    course.must(Centre, &ask);
    assert!(!owes(&course, Clock::NextContact));
    let owed = *course.case.owes(Task::Clock(Clock::ChooseWindow)).unwrap();
    course.now = owed.due;
    let fire = Command::Fire { task: owed.task, generation: owed.generation };
    course.must(Timer, &fire);
    assert!(course.case.proposed.is_empty() && owes(&course, Clock::NextContact));
    assert_eq!(course.case.stage, Stage::Unreachable);
    assert!(course.case.breaches.iter().all(|breach| breach.clock != Clock::ChooseWindow));
}

#[test]
fn a_question_is_one_to_three_windows_apart_from_each_other_and_not_without_end() {
    let mut course = standing_in(Stage::TechnicianAssigned);
    let windows = two_windows(&mut course);
    let none = question(&course, &[]);
    assert_eq!(course.give(Centre, &none), Err(Rejection::WindowInvalid));
    let twice = question(&course, &[windows[0], windows[0]]);
    assert_eq!(course.give(Centre, &twice), Err(Rejection::WindowInvalid));
    let mut long = question(&course, &windows);
    if let Command::ProposeWindows { expires_at, .. } = &mut long {
        *expires_at = *expires_at + Span::minutes(1);
    }
    assert_eq!(course.give(Centre, &long), Err(Rejection::WindowInvalid));
    let ask = question(&course, &windows);
    for _ in 0..20 {
        course.must(Centre, &ask);
    }
    assert_eq!(course.give(Centre, &ask), Err(Rejection::ProposedTooOften));
}

#[test]
fn what_is_done_meanwhile_ends_the_question() {
    for verb in [Verb::HoldSlot, Verb::ReassignTechnician, Verb::ReportContactFailed] {
        let mut course = standing_in(Stage::TechnicianAssigned);
        let windows = two_windows(&mut course);
        let ask = question(&course, &windows);
        course.must(Centre, &ask).sample(Centre, verb);
        assert!(course.case.proposed.is_empty(), "{verb}");
        let clock = if verb == Verb::ReportContactFailed {
            Clock::NextContact
        } else {
            Clock::FirstContact
        };
        assert!(owes(&course, clock), "{verb}");
    }
    let mut course = standing_in(Stage::TechnicianAssigned);
    let windows = two_windows(&mut course);
    let ask = question(&course, &windows);
    course.must(Centre, &ask).sample(Customer, Verb::Pause);
    assert!(course.case.proposed.is_empty());
    course.sample(Customer, Verb::Resume);
    assert!(owes(&course, Clock::FirstContact));
}
