//! Whether a case will be late, and what could still be done about it.
//!
//! Pure: it follows from the clocks that run, from what is planned (a visit, parts, a pause) and from the hour. It
//! compares plans with deadlines and guesses nothing; a plan that keeps its deadline is on time, whatever usually
//! happens. What a way out costs is not said here.

use parasol_api::Language;
use parasol_api::tracking::v1::{ForecastOutlook as Outlook, WayOut};
use parasol_journey::deadline::{BEFORE_VISIT, Clock, Miss};
use parasol_journey::time::{Span, Timestamp};
use parasol_journey::vocab::{Party, Remedy};
use parasol_journey::{Case, Stage, Task};

/// How a case will go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Whether it will be late.
    pub outlook: Outlook,
    /// The deadline that is meant.
    pub clock: Clock,
    /// When that runs out.
    pub due: Timestamp,
    /// When it will be done as it is planned now.
    pub planned_for: Option<Timestamp>,
    /// Whose breach it would be.
    pub charged_to: Party,
    /// What there is to do, the best first.
    pub ways_out: Vec<WayOut>,
}

/// Clocks whose end does somebody good, or only wakes somebody: not to keep them is no delay.
fn is_a_duty(clock: Clock) -> bool {
    let harmless = matches!(
        clock.row().miss,
        Miss::Close | Miss::Resume | Miss::Never | Miss::ReleaseHold | Miss::ReleaseWindows
    );
    !harmless && clock != Clock::AcceptAlarm
}

/// The forecast of a case at a moment; `None` once it has ended, and while no clock runs that somebody has to keep.
pub fn forecast(case: &Case, now: Timestamp) -> Option<Forecast> {
    if case.stage.is_ended() {
        return None;
    }
    let duties = case.obligations.iter().filter_map(|owed| match owed.task {
        Task::Clock(clock) if is_a_duty(clock) => Some((clock, owed.due)),
        _ => None,
    });
    let judged = duties.map(|(clock, due)| judge(case, clock, due, now));
    // The worst first; of two alike the one that comes first.
    judged.min_by_key(|one| (std::cmp::Reverse(one.outlook as i32), one.due, one.clock))
}

fn judge(case: &Case, clock: Clock, due: Timestamp, now: Timestamp) -> Forecast {
    let planned_for = planned(case, clock);
    let is_late = planned_for.is_some_and(|planned| planned > due) || due <= now;
    let outlook = if is_late {
        Outlook::Late
    } else if planned_for.is_none() && due.since(now) < needed(case, clock) {
        Outlook::AtRisk
    } else {
        Outlook::OnTime
    };
    let ways_out = match outlook {
        Outlook::OnTime | Outlook::Unspecified => Vec::new(),
        Outlook::AtRisk | Outlook::Late => ways_out(case, clock, planned_for),
    };
    let promise = case.next_promise().filter(|_| clock == Clock::Promise);
    let charged_to = promise.map_or(clock.row().owner, |promise| promise.charged_to);
    Forecast { outlook, clock, due, planned_for, charged_to, ways_out }
}

/// When what a clock waits for is planned to happen.
fn planned(case: &Case, clock: Clock) -> Option<Timestamp> {
    let visit = case.visit.as_ref();
    match clock {
        // The visit counts when the technician is there: at the latest when the window ends.
        Clock::Visit | Clock::SecondInspection => {
            visit.map(|visit| visit.arriving_at.unwrap_or(visit.window.end)).or(parts(case))
        }
        Clock::Window => visit.and_then(|visit| visit.arriving_at),
        Clock::LegalRepair | Clock::LegalParts | Clock::Promise => parts(case),
        _ => None,
    }
}

/// When the parts are there that the repair waits for.
fn parts(case: &Case) -> Option<Timestamp> {
    let waits = matches!(case.stage, Stage::Repairing) || BEFORE_VISIT.contains(&case.stage);
    case.second_visit.as_ref().filter(|_| waits).and_then(|second| second.parts_at)
}

/// How long before its end a clock is at risk: what the step it waits for takes at least; of a promise a quarter
/// of its time, and a day at most.
fn needed(case: &Case, clock: Clock) -> Span {
    match clock {
        Clock::Classify => Span::ZERO,
        Clock::Promise => {
            let minutes = case.next_promise().map_or(0, |promise| promise.minutes);
            Span::minutes(i64::from(minutes / 4)).min(Span::days(1))
        }
        Clock::Accept | Clock::AssignCentre | Clock::AssignTechnician | Clock::FirstContact => {
            Span::minutes(30)
        }
        Clock::Window => Span::minutes(15),
        Clock::Visit => Span::hours(6),
        Clock::Verdict | Clock::VerdictConfirm | Clock::ExchangeShip | Clock::LabReport => {
            Span::hours(4)
        }
        Clock::LegalRepair | Clock::LegalParts | Clock::SecondInspection => Span::days(2),
        Clock::LegalRefund | Clock::LegalDelay => Span::days(1),
        _ => Span::hours(1),
    }
}

/// What there is to do in the state the case is in.
fn ways_out(case: &Case, clock: Clock, planned_for: Option<Timestamp>) -> Vec<WayOut> {
    let mut ways = Vec::new();
    let before_visit = BEFORE_VISIT.contains(&case.stage);
    let has_technician = case.technician().is_some();
    let repairs =
        matches!(case.remedy, Some((Remedy::Repair, _))) || case.stage == Stage::Repairing;
    if clock == Clock::Window {
        ways.extend([WayOut::MoveNow, WayOut::OtherTechnician]);
    } else if before_visit {
        // What is planned too late is planned earlier; what is not planned at all is moved on.
        let sooner = if planned_for.is_some() { WayOut::EarlierSlot } else { WayOut::MoveNow };
        ways.push(sooner);
        if has_technician {
            ways.push(WayOut::OtherTechnician);
        }
        if !case.is_in_the_field() {
            ways.push(WayOut::OtherCentre);
        }
    } else {
        ways.push(WayOut::MoveNow);
    }
    if parts(case).is_some() {
        ways.push(WayOut::PartsElsewhere);
    }
    if repairs || (before_visit && parts(case).is_some()) {
        ways.push(WayOut::ExchangeUnit);
    }
    if matches!(clock.row().miss, Miss::DecideWithoutBrand | Miss::DecideAgain) {
        ways.push(WayOut::DecideWithout);
    }
    ways
}

/// A way out in words.
pub fn way_out(way: WayOut, language: Language) -> &'static str {
    let (zh, en) = match way {
        WayOut::Unspecified => ("", ""),
        WayOut::MoveNow => ("当前责任方立即处理", "whoever has to move does so now"),
        WayOut::OtherCentre => ("改派其他网点", "another centre takes it"),
        WayOut::OtherTechnician => ("更换工程师", "another technician comes"),
        WayOut::EarlierSlot => ("改约更早的时间", "an earlier time is booked"),
        WayOut::PartsElsewhere => ("从其他渠道调配件", "the parts come from elsewhere"),
        WayOut::ExchangeUnit => ("直接换新", "the unit is exchanged"),
        WayOut::DecideWithout => ("由平台直接决定", "we decide without waiting"),
    };
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

/// The forecast in one sentence.
pub fn words(forecast: &Forecast, language: Language) -> String {
    let due = forecast.due.shanghai().format("%m-%d %H:%M");
    let ways: Vec<_> = forecast.ways_out.iter().map(|way| way_out(*way, language)).collect();
    match (language, forecast.outlook) {
        (_, Outlook::Unspecified) => String::new(),
        (Language::Zh, Outlook::OnTime) => format!("预计在 {due} 前完成"),
        (Language::En, Outlook::OnTime) => format!("On time for {due}"),
        (Language::Zh, Outlook::AtRisk) => {
            format!("可能在 {due} 逾期, 除非: {}", ways.join("; 或"))
        }
        (Language::En, Outlook::AtRisk) => {
            format!("At risk of missing {due} unless {}", ways.join(", or "))
        }
        (Language::Zh, Outlook::Late) => {
            format!("按现有安排将超过 {due}, 除非: {}", ways.join("; 或"))
        }
        (Language::En, Outlook::Late) => {
            format!("Late for {due} as it is planned, unless {}", ways.join(", or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::event::{Event, Filing, Window};
    use parasol_journey::ids::{AppointmentId, CaseId, CustomerId};
    use parasol_journey::pinned::{Contract, RepairsBefore};
    use parasol_journey::promise::{
        CountedIn, Pauses, Running, Stop, Term, TermClock, Trigger, Worth,
    };
    use parasol_journey::task::Obligation;
    use parasol_journey::time::HOUR;
    use parasol_journey::vocab::{CaseKind, Category, UnableReason};
    use parasol_journey::{Actor, ActorKind, Fact};
    use uuid::Uuid;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-08T12:00:00+08:00").unwrap()
    }

    fn hours(n: i64) -> Span {
        Span::from_micros(n * HOUR)
    }

    /// A case in a stage with clocks that run out so many hours from now.
    fn case(stage: Stage, clocks: &[(Clock, i64)]) -> Case {
        let filing = Filing {
            customer: CustomerId::new(Uuid::from_u128(1)),
            order_line: "L-1".parse().unwrap(),
            sku: "AURORA-1".parse().unwrap(),
            brand: "aurora".parse().unwrap(),
            category: Category::Refrigerator,
            serial: "SN0001".parse().unwrap(),
            county: "330106".parse().unwrap(),
            kind: CaseKind::Quality,
            wants: None,
            symptom: "not_cooling".to_owned(),
            received_at: now(),
            installed_at: None,
            price_fen: 399_900,
            promises: Vec::new(),
            terms: Vec::new(),
            policy: "cn".to_owned(),
            prior_repairs: 0,
            repairs_before: RepairsBefore::default(),
            gifts: Vec::new(),
            contract: Contract::default(),
            declared_intact: false,
            danger: false,
            damaged_on_arrival: false,
        };
        let filed = Event {
            seq: 1,
            at: now(),
            actor: Actor::new(ActorKind::Customer, "u-1"),
            fact: Fact::Filed(filing),
            stage: Stage::Filed,
            turn: Some(Party::Retailer),
            armed: Vec::new(),
            cancelled: Vec::new(),
            heard: None,
        };
        let mut case = Case::replay(CaseId::new(Uuid::from_u128(1)), &[filed]).unwrap();
        case.stage = stage;
        let owed = |(clock, left): &(Clock, i64)| Obligation {
            task: Task::Clock(*clock),
            due: now() + hours(*left),
            generation: 1,
        };
        case.obligations = clocks.iter().map(owed).collect();
        case
    }

    fn visit(from: i64, to: i64) -> parasol_journey::case::Visit {
        parasol_journey::case::Visit {
            id: AppointmentId::new(Uuid::from_u128(3)),
            technician: "t-1".parse().unwrap(),
            helper: None,
            window: Window { start: now() + hours(from), end: now() + hours(to) },
            en_route: false,
            arriving_at: None,
            said_at: None,
        }
    }

    fn outlook(case: &Case) -> (Outlook, Vec<WayOut>) {
        let found = forecast(case, now()).unwrap();
        (found.outlook, found.ways_out)
    }

    #[test]
    fn a_case_is_on_time_at_risk_or_late() {
        use Outlook::{AtRisk, Late, OnTime};
        use WayOut::{DecideWithout, ExchangeUnit, MoveNow, OtherCentre};
        let before: &'static [WayOut] = &[MoveNow, OtherCentre];
        type Row = (Stage, &'static [(Clock, i64)], Outlook, &'static [WayOut]);
        let table: &[Row] = &[
            (Stage::Dispatched, &[(Clock::Accept, 2)], OnTime, &[]),
            (Stage::Dispatched, &[(Clock::Accept, 0)], Late, before),
            // The alarm wakes somebody; it is no duty.
            (Stage::Dispatched, &[(Clock::AcceptAlarm, -1), (Clock::Accept, 2)], OnTime, &[]),
            (Stage::CentreAssigned, &[(Clock::Visit, 20)], OnTime, &[]),
            (Stage::CentreAssigned, &[(Clock::Visit, 5)], AtRisk, before),
            (Stage::CentreAssigned, &[(Clock::Visit, -1)], Late, before),
            // The worse of two is told of.
            (
                Stage::CentreAssigned,
                &[(Clock::AssignTechnician, 4), (Clock::Visit, 5)],
                AtRisk,
                before,
            ),
            (Stage::OnSite, &[(Clock::Verdict, 1)], AtRisk, &[MoveNow, DecideWithout]),
            (Stage::VerdictHeld, &[(Clock::VerdictConfirm, -2)], Late, &[MoveNow, DecideWithout]),
            (
                Stage::Repairing,
                &[(Clock::LegalRepair, 24)],
                AtRisk,
                &[MoveNow, ExchangeUnit, DecideWithout],
            ),
            (Stage::Refunding, &[(Clock::Execute, 20)], OnTime, &[]),
            (Stage::Refunding, &[(Clock::Execute, -1)], Late, &[MoveNow]),
        ];
        for (stage, clocks, expected, ways) in table {
            let found = outlook(&case(*stage, clocks));
            assert_eq!(found, (*expected, ways.to_vec()), "{stage} {clocks:?}");
        }
    }

    #[test]
    fn a_visit_booked_after_its_deadline_is_late_long_before() {
        let mut late = case(Stage::Appointed, &[(Clock::Visit, 30), (Clock::Window, 42)]);
        late.visit = Some(visit(40, 42));
        let found = forecast(&late, now()).unwrap();
        assert_eq!((found.outlook, found.clock), (Outlook::Late, Clock::Visit));
        assert_eq!(found.planned_for, Some(now() + hours(42)));
        assert_eq!(found.charged_to, Party::Centre);
        assert_eq!(found.ways_out, [WayOut::EarlierSlot, WayOut::OtherCentre]);
        late.visit = Some(visit(20, 22));
        assert_eq!(outlook(&late).0, Outlook::OnTime, "an earlier slot");
        let said = words(&found, Language::En);
        assert!(
            said.starts_with("Late for 06-09 18:00") && said.contains("unless an earlier"),
            "{said}"
        );
        let said = words(&found, Language::Zh);
        assert!(said.contains("除非: 改约更早的时间; 或改派其他网点"), "{said}");
    }

    #[test]
    fn a_technician_on_the_way_who_says_when_is_believed() {
        let mut case = case(Stage::Appointed, &[(Clock::Window, 2)]);
        case.visit = Some(visit(0, 2));
        assert_eq!(outlook(&case).0, Outlook::OnTime);
        case.visit.as_mut().unwrap().arriving_at = Some(now() + hours(3));
        assert_eq!(outlook(&case), (Outlook::Late, vec![WayOut::MoveNow, WayOut::OtherTechnician]));
    }

    /// A promise of a day that runs out so many hours from now is at risk in its last quarter, and its breach is
    /// charged to whom its pack names.
    #[test]
    fn a_promise_is_at_risk_in_its_last_quarter() {
        for (left, expected) in [(7, Outlook::OnTime), (5, Outlook::AtRisk), (-1, Outlook::Late)] {
            let mut case = case(Stage::Repairing, &[(Clock::Promise, left)]);
            let clock = TermClock {
                starts: Trigger::UnitReceived,
                minutes: 1_440,
                counted_in: CountedIn::Natural,
                stops: Stop::UnitReturned,
                pauses: Pauses::Never,
                charged_to: Party::Brand,
                worth: Worth::Always,
            };
            let promise = "vendor_24_hours".to_owned();
            case.filing.terms = vec![Term { promise: promise.clone(), clock: Some(clock) }];
            case.promises_running = vec![Running { promise, due: now() + hours(left) }];
            let found = forecast(&case, now()).unwrap();
            assert_eq!((found.outlook, found.charged_to), (expected, Party::Brand), "{left}");
        }
    }

    #[test]
    fn parts_that_come_after_the_legal_term_make_an_exchange_a_way_out() {
        let mut case = case(Stage::Repairing, &[(Clock::LegalRepair, 24 * 10)]);
        case.second_visit = Some(parasol_journey::case::SecondVisit {
            reason: UnableReason::PartsMissing,
            technician: None,
            parts_at: Some(now() + hours(24 * 12)),
        });
        let (found, ways) = outlook(&case);
        assert_eq!(found, Outlook::Late);
        assert!(
            ways.contains(&WayOut::PartsElsewhere) && ways.contains(&WayOut::ExchangeUnit),
            "{ways:?}"
        );
        case.second_visit.as_mut().unwrap().parts_at = Some(now() + hours(24 * 9));
        assert_eq!(outlook(&case), (Outlook::OnTime, Vec::new()));
    }

    #[test]
    fn nothing_is_foretold_of_a_case_that_has_ended_or_owes_nothing() {
        assert_eq!(forecast(&case(Stage::Closed, &[(Clock::Accept, -1)]), now()), None);
        assert_eq!(forecast(&case(Stage::Filed, &[]), now()), None);
        // What ends by itself is nobody's delay.
        assert_eq!(forecast(&case(Stage::AwaitConfirm, &[(Clock::Confirm, -1)]), now()), None);
    }

    #[test]
    fn every_way_out_has_words_in_both_languages() {
        for way in (1..).map_while(|number| WayOut::try_from(number).ok()) {
            for language in [Language::Zh, Language::En] {
                assert!(!way_out(way, language).is_empty(), "{way:?}");
            }
        }
    }
}
