//! From a case to the facts its policy decides on.
//!
//! Pure: what was filed, what was found, what was missed, who disputes. Nothing about the customer
//! beyond the case enters, so two customers with the same course get the same outcome.

use parasol_journey::Case;
use parasol_journey::case::Inspected;
use parasol_journey::certificate::Level;
use parasol_journey::deadline::Clock;
use parasol_journey::time::{DAY, Span};
use parasol_journey::vocab::{CaseKind, Cause, Function, Party};
use parasol_policy::{Breaches, Facts, Finding, History, Identity, Pack, in_validity};

/// The code of the dispute that a pick-up opens when it finds the unit not intact.
const NOT_INTACT: &str = "not_intact_at_pickup";
/// A missed limit for parts stands for so many days at least (三包 art. 12: more than 90).
const PARTS_DAYS_MISSED: u32 = 91;
/// A missed limit for a repair stands for so many days at least (三包 art. 12: more than 30).
const REPAIR_DAYS_MISSED: u32 = 31;

/// Lays what happened since over the facts of the filing.
pub fn of_case(pack: &Pack, case: &Case, filed: Facts) -> Facts {
    let suspended = days(case.warranty_stopped(case.updated_at));
    let started = case.filing.period_start().shanghai_day();
    let today = case.filed_at.shanghai_day();
    let sold_on = case.filing.received_at.shanghai_day();
    let cover = pack.months(case.filing.category, case.filing.brand.as_str(), sold_on);
    let runs = |months: u32| in_validity(started, months, suspended, today);
    let found = counting(case);
    Facts {
        finding: finding_that_counts(case, found),
        history: history(case, filed.history.days_since_repair),
        breaches: breaches(case, found),
        in_validity: filed.in_validity || runs(cover.whole_unit),
        part_in_validity: filed.part_in_validity || cover.main_parts.is_some_and(runs),
        // Whoever has seen the unit knows better than the filing.
        danger: match found {
            Some(_) => case.certificates.iter().any(|one| one.finding.danger),
            None => filed.danger,
        },
        intact: !found_not_intact(case),
        customer_disputes: is_disputed(case),
        ..filed
    }
}

/// The certificate that counts: the highest level, the newest of it.
pub fn counting(case: &Case) -> Option<&Inspected> {
    case.certificates.iter().max_by_key(|one| one.finding.level)
}

/// Whether the customer contests what counts now. A second opinion that was given to hear the dispute
/// settles it, and so does the other side by giving in.
pub fn is_disputed(case: &Case) -> bool {
    let answered = counting(case).is_some_and(|one| one.answers_dispute) || panel(case).is_some();
    case.dispute.as_ref().is_some_and(|dispute| !dispute.conceded) && !answered
}

/// What a panel of experts found, if one did.
pub fn panel(case: &Case) -> Option<(Function, Cause)> {
    case.dispute.as_ref()?.panel.as_ref()?.finding
}

/// A panel has seen every certificate and stands above them, as a laboratory does.
fn finding_that_counts(case: &Case, found: Option<&Inspected>) -> Option<Finding> {
    let certified = found.map(|found| finding(case, found));
    let Some((function, cause)) = panel(case) else { return certified };
    let identity = certified.map_or(Identity::Matches, |finding| finding.identity);
    Some(Finding { cause, function, level: 3, evidence_ok: true, identity })
}

/// Who gave in has nothing left to prove: the fault is the product's.
fn finding(case: &Case, found: &Inspected) -> Finding {
    let level = match found.finding.level {
        Level::First => 1,
        Level::Second => 2,
        Level::Lab => 3,
    };
    if case.dispute.as_ref().is_some_and(|dispute| dispute.conceded) {
        return Finding { level, ..Finding::first(Cause::Product, Function::Fault) };
    }
    let same_unit = found.finding.serial_matches || found.confirmed;
    Finding {
        cause: found.finding.cause,
        function: found.finding.function,
        level,
        // What the brand itself contests is proven to nobody.
        evidence_ok: (found.finding.evidence_ok || found.proven_later) && !found.contested,
        identity: if same_unit { Identity::Matches } else { Identity::Differs },
    }
}

fn history(case: &Case, days_since_repair: Option<u32>) -> History {
    let repairs = &case.repairs;
    let missed = |clock, days: u32| if has_missed(case, clock) { days } else { 0 };
    let without_result = |one: &&Inspected| {
        one.finding.cause == Cause::Undetermined || one.finding.function == Function::Untested
    };
    let inspections_without_result = case.certificates.iter().filter(without_result).count();
    History {
        repairs: repairs.failed,
        repair_days: days(repairs.spent),
        // Parts are only ever awaited inside a repair, whose days are counted already.
        waiting_days: 0,
        parts_wait_days: missed(
            Clock::LegalParts,
            days(repairs.parts_spent).max(PARTS_DAYS_MISSED),
        ),
        repairer_wait_days: missed(Clock::LegalRepair, days(repairs.spent).max(REPAIR_DAYS_MISSED)),
        inspections_without_result: u32::try_from(inspections_without_result).unwrap_or(u32::MAX),
        days_since_repair,
    }
}

fn breaches(case: &Case, found: Option<&Inspected>) -> Breaches {
    // A first certificate that blames the user has waited for the brand before anything is decided on
    // it, so the brand's time for completing the evidence is over.
    let unproven = |one: &Inspected| {
        one.finding.level == Level::First
            && one.finding.cause == Cause::User
            && (one.contested || one.lacks_proof())
    };
    Breaches {
        brand_silent: is_brand_silent(case),
        brand_evidence_late: found.is_some_and(unproven),
        promises: case.promises_missed.iter().map(String::as_str).collect(),
    }
}

/// The brand's side let a deadline pass, or every centre was asked and nobody came. Alarms are no
/// deadlines, evidence that did not come is judged by the row for that, repairs and parts that take too long
/// and broken promises have rows of their own, and a defective part that is missing is between the brand and
/// its centre. A broken promise takes a case to the decision from before its visit as well, and nobody was
/// silent then.
fn is_brand_silent(case: &Case) -> bool {
    let is_silence = |clock: Clock| {
        !matches!(
            clock,
            Clock::AcceptAlarm
                | Clock::LegalRepair
                | Clock::LegalParts
                | Clock::Promise
                | Clock::PartsReturn
                | Clock::BrandEvidence
        )
    };
    let of_brand = |party| matches!(party, Party::Brand | Party::Centre | Party::Technician);
    let missed = case.breaches.iter().any(|one| of_brand(one.charged_to) && is_silence(one.clock));
    let nobody_came = case.certificates.is_empty() && case.offers_made > 0;
    missed || (nobody_came && case.promises_missed.is_empty())
}

fn found_not_intact(case: &Case) -> bool {
    let dispute = case.dispute.as_ref().filter(|dispute| !dispute.conceded);
    case.filing.kind == CaseKind::NoReason
        && dispute.is_some_and(|dispute| dispute.reason == NOT_INTACT)
}

fn has_missed(case: &Case, clock: Clock) -> bool {
    case.breaches.iter().any(|breach| breach.clock == clock)
}

/// Whole days; a day begun counts.
fn days(span: Span) -> u32 {
    let days = (span.micros().max(0) + DAY - 1) / DAY;
    u32::try_from(days).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub mod tests;
