//! Facts of cases whose course is written straight into their state.

use parasol_journey::calendar::Calendar;
use parasol_journey::case::{Breach, Dispute};
use parasol_journey::certificate::{Finding as Certified, Handling};
use parasol_journey::deadline::Deadlines;
use parasol_journey::event::Filing;
use parasol_journey::ids::{CaseId, CertificateId, CustomerId};
use parasol_journey::pinned::{Contract, RepairsBefore};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{Category, Conclusion, Remedy};
use parasol_journey::{Actor, ActorKind, Command, Ctx, file};
use uuid::Uuid;

use super::*;

/// A case as filed, about a refrigerator in Jiangsu.
pub fn filed_on(received_at: Timestamp, now: Timestamp) -> Case {
    let filing = Filing {
        customer: CustomerId::new(Uuid::from_u128(7)),
        order_line: "300000010007-1".parse().unwrap(),
        sku: "AUR-RF-468".parse().unwrap(),
        brand: "aurora".parse().unwrap(),
        category: Category::Refrigerator,
        serial: "S1".parse().unwrap(),
        county: "320106".parse().unwrap(),
        kind: CaseKind::Quality,
        wants: Some(Remedy::Repair),
        symptom: "not_cooling".to_owned(),
        received_at,
        installed_at: None,
        price_fen: 399_900,
        promises: vec![],
        terms: vec![],
        policy: "cn-2026.1".to_owned(),
        prior_repairs: 1,
        repairs_before: RepairsBefore::default(),
        gifts: vec![],
        contract: Contract::default(),
        declared_intact: false,
        danger: false,
        damaged_on_arrival: false,
    };
    let actor = Actor::new(ActorKind::Customer, "u-1");
    let (calendar, deadlines) = (Calendar::china(), &Deadlines::default());
    let ctx = Ctx { now, actor: &actor, calendar, deadlines };
    let id = CaseId::new(Uuid::from_u128(1));
    file(id, &Command::File { filing }, &ctx).unwrap().case
}

/// A certificate that found a fault of the product.
pub fn found(level: Level) -> Inspected {
    Inspected {
        id: CertificateId::new(Uuid::from_u128(level as u128 + 10)),
        finding: Certified {
            level,
            function: Function::Fault,
            cause: Cause::Product,
            conclusion: Conclusion::Repairable,
            handling: Handling::None,
            evidence_ok: true,
            serial_matches: true,
            danger: false,
        },
        contested: false,
        confirmed: false,
        answers_dispute: false,
        proven_later: false,
        centre: None,
        technician: None,
    }
}

fn case() -> Case {
    let now = Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap();
    filed_on(now - Span::days(100), now)
}

fn facts(case: &Case) -> Facts {
    let pack = Pack::builtin();
    let calendar = Calendar::china();
    let filed = Facts::of_filing(&pack, &case.filing, case.filed_at, calendar).unwrap();
    of_case(&pack, case, filed)
}

fn missed(case: &mut Case, clock: Clock) {
    let charged_to = clock.row().owner;
    case.breaches.push(Breach { clock, charged_to, at: case.filed_at });
}

fn disputed(case: &mut Case, conceded: bool) {
    let reason = "denial".to_owned();
    case.dispute = Some(Dispute { heard: true, conceded, ..Dispute::opened(reason, None) });
}

#[test]
fn a_quiet_case_has_quiet_facts() {
    let facts = facts(&case());
    assert_eq!((facts.finding, facts.history.repairs), (None, 1));
    assert_eq!(facts.breaches, Breaches::default());
    assert!(facts.in_validity && facts.intact && facts.stock_same_model);
    assert!(!facts.danger && !facts.customer_disputes);
}

#[test]
fn every_missed_clock_is_the_fact_it_stands_for() {
    type Says = fn(&Facts) -> bool;
    let table: [(Clock, Says); 3] = [
        (Clock::LegalParts, |facts| facts.history.parts_wait_days >= 91),
        (Clock::LegalRepair, |facts| facts.history.repairer_wait_days >= 31),
        (Clock::VerdictConfirm, |facts| facts.breaches.brand_silent),
    ];
    for (clock, _) in table {
        let mut case = case();
        missed(&mut case, clock);
        let facts = facts(&case);
        for (other, says) in table {
            assert_eq!(says(&facts), other == clock, "{clock} missed, {other} asked");
        }
    }
}

#[test]
fn a_broken_promise_is_told_by_its_id_and_is_nobodys_silence() {
    let mut broken = case();
    broken.offers_made = 1;
    broken.promises_missed = vec!["vendor_24_hours".to_owned()];
    broken.breaches.push(Breach {
        clock: Clock::Promise,
        charged_to: Party::Brand,
        at: broken.filed_at,
    });
    let facts = facts(&broken);
    assert_eq!(facts.breaches.promises.ids().collect::<Vec<_>>(), ["vendor_24_hours"]);
    assert!(!facts.breaches.brand_silent);
}

#[test]
fn an_alarm_is_no_silence_and_an_offer_nobody_came_of_is() {
    let mut alarmed = case();
    missed(&mut alarmed, Clock::AcceptAlarm);
    missed(&mut alarmed, Clock::ChooseCentre);
    assert!(!facts(&alarmed).breaches.brand_silent);
    let mut asked = case();
    asked.offers_made = 2;
    assert!(facts(&asked).breaches.brand_silent);
    asked.certificates.push(found(Level::First));
    assert!(!facts(&asked).breaches.brand_silent);
}

#[test]
fn the_highest_level_counts_and_the_newest_of_it() {
    let mut case = case();
    let blaming = |level| {
        let mut one = found(level);
        one.finding.cause = Cause::User;
        one
    };
    case.certificates = vec![blaming(Level::Second), found(Level::First)];
    let finding = facts(&case).finding.unwrap();
    assert_eq!((finding.level, finding.cause), (2, Cause::User));
    case.certificates.push(found(Level::Second));
    assert_eq!(facts(&case).finding.unwrap().cause, Cause::Product);
}

#[test]
fn what_the_brand_says_about_a_certificate_counts() {
    let mut case = case();
    let mut other = found(Level::First);
    other.finding.serial_matches = false;
    case.certificates = vec![other];
    assert_eq!(facts(&case).finding.unwrap().identity, Identity::Differs);
    case.certificates[0].confirmed = true;
    assert_eq!(facts(&case).finding.unwrap().identity, Identity::Matches);

    case.certificates[0].finding.cause = Cause::User;
    assert!(facts(&case).finding.unwrap().evidence_ok);
    assert!(!facts(&case).breaches.brand_evidence_late);
    case.certificates[0].contested = true;
    assert!(!facts(&case).finding.unwrap().evidence_ok);
    assert!(facts(&case).breaches.brand_evidence_late);
}

#[test]
fn a_dispute_stands_until_it_is_answered_by_a_second_opinion_or_given_up() {
    let mut case = case();
    let mut blaming = found(Level::First);
    blaming.finding.cause = Cause::User;
    case.certificates = vec![blaming];
    disputed(&mut case, false);
    assert!(facts(&case).customer_disputes);
    let mut second = found(Level::Second);
    second.finding.cause = Cause::User;
    second.answers_dispute = true;
    case.certificates.push(second);
    assert!(!facts(&case).customer_disputes);

    disputed(&mut case, true);
    let conceded = facts(&case);
    assert!(!conceded.customer_disputes);
    assert_eq!(conceded.finding.unwrap().cause, Cause::Product);
}

#[test]
fn a_danger_is_believed_until_somebody_has_looked() {
    let mut case = case();
    case.filing.danger = true;
    assert!(facts(&case).danger);
    case.certificates.push(found(Level::First));
    assert!(!facts(&case).danger);
    case.certificates[0].finding.danger = true;
    assert!(facts(&case).danger);
}

#[test]
fn days_in_repair_are_taken_out_of_the_warranty() {
    let now = Timestamp::parse("2026-06-10T09:30:00+08:00").unwrap();
    let mut case = filed_on(now - Span::days(370), now);
    assert!(!facts(&case).in_validity);
    case.repairs.spent = Span::days(6);
    let suspended = facts(&case);
    assert!(suspended.in_validity);
    assert_eq!(suspended.history.repair_days, 6);
}
