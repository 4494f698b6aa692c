//! Between the wire and the house's own types.
//!
//! Outward conversions cannot fail. Inward ones go through the [`Checker`], which collects every
//! violation of a request before it refuses it.

mod certificate;
mod checker;
mod listed;

use parasol_journey::Task;
use parasol_journey::case::{Case, Visit};
use parasol_journey::deadline::Clock;
use parasol_journey::event::Window;
use parasol_journey::time::{SECOND, Timestamp};
use parasol_journey::vocab::Party;

pub use checker::{Checker, Complete};
pub use listed::Listed;

use crate::common::v1;
use crate::language::Language;

/// The currency of every amount (ISO 4217).
pub const CURRENCY: &str = "CNY";

/// Nanoseconds in a microsecond; what is finer is cut off.
const NANOS_PER_MICRO: i64 = 1_000;
/// The range of `google.protobuf.Timestamp`: from 0001-01-01T00:00:00Z ...
const SECONDS_MIN: i64 = -62_135_596_800;
/// ... to 9999-12-31T23:59:59Z.
const SECONDS_MAX: i64 = 253_402_300_799;

/// An instant for the wire.
pub fn to_timestamp(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, micros) = (at.micros().div_euclid(SECOND), at.micros().rem_euclid(SECOND));
    prost_types::Timestamp {
        seconds,
        nanos: i32::try_from(micros * NANOS_PER_MICRO).expect("less than a second in nanoseconds"),
    }
}

/// An instant from the wire, cut to microseconds; `None` outside the years 1 to 9999 or with a
/// malformed fraction.
pub fn timestamp(wire: &prost_types::Timestamp) -> Option<Timestamp> {
    let in_range = (SECONDS_MIN..=SECONDS_MAX).contains(&wire.seconds)
        && (0..1_000_000_000).contains(&wire.nanos);
    let micros = i64::from(wire.nanos) / NANOS_PER_MICRO;
    in_range.then(|| Timestamp::from_micros(wire.seconds * SECOND + micros))
}

/// A window for the wire.
pub fn to_window(window: Window) -> v1::TimeWindow {
    v1::TimeWindow { from: Some(to_timestamp(window.start)), to: Some(to_timestamp(window.end)) }
}

/// The windows a case's customer is asked about, for the wire.
pub fn to_proposed_windows(case: &Case) -> Vec<v1::ProposedWindow> {
    let expires_at = case.owes(Task::Clock(Clock::ChooseWindow)).map(|owed| to_timestamp(owed.due));
    let of = |visit: &Visit| v1::ProposedWindow {
        hold_id: visit.id.to_string(),
        window: Some(to_window(visit.window)),
        expires_at,
    };
    case.proposed.iter().map(of).collect()
}

/// An amount for the wire.
pub fn to_money(fen: i64) -> v1::Money {
    v1::Money { fen, currency: CURRENCY.to_owned() }
}

/// A version as an etag: a quoted decimal (AIP-154).
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The version in an etag: `"12"`, the weak form `W/"12"` that gateways make of it, or a bare `12`.
pub fn version_of(etag: &str) -> Option<u64> {
    let strong = etag.strip_prefix("W/").unwrap_or(etag);
    let digits = match strong.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => strong,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// The small result every step of a case answers with.
pub fn case_view(case: &Case) -> v1::CaseView {
    v1::CaseView {
        case_id: case.id.to_string(),
        etag: etag(case.version),
        stage: case.stage.number(),
        turn: Some(v1::Turn {
            holder: case.turn.holder().map_or(0, Listed::number),
            since: Some(to_timestamp(case.turn.since())),
        }),
    }
}

/// Who bears what the tests of a dispute cost: whoever it went against; nobody where there were none.
pub fn test_cost(loser: Party, tests: u32, language: Language) -> Option<v1::TestCost> {
    let (zh, en) = loser.names();
    let explanation = match (loser, language) {
        (Party::Customer, Language::Zh) => "检测结论维持原判，检测费用由您承担。".to_owned(),
        (Party::Customer, Language::En) => {
            "The finding stands, so the tests are at your cost.".to_owned()
        }
        (_, Language::Zh) => format!("检测费用由{zh}承担，与您无关。"),
        (_, Language::En) => format!("The {en} bears what the tests cost; you do not."),
    };
    (tests > 0).then(|| v1::TestCost {
        payer: loser.as_str().to_owned(),
        tests: i32::try_from(tests).unwrap_or(i32::MAX),
        explanation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_microseconds_before_and_after_1970() {
        for micros in [0, 1, -1, 1_780_882_200_123_456, -62_135_596_800_000_000] {
            let at = Timestamp::from_micros(micros);
            assert_eq!(timestamp(&to_timestamp(at)), Some(at));
        }
        let finer = prost_types::Timestamp { seconds: 1, nanos: 1_999 };
        assert_eq!(timestamp(&finer), Some(Timestamp::from_micros(1_000_001)));
    }

    #[test]
    fn instants_out_of_range_are_none() {
        for (seconds, nanos) in
            [(SECONDS_MAX + 1, 0), (SECONDS_MIN - 1, 0), (0, -1), (0, 1_000_000_000)]
        {
            assert_eq!(timestamp(&prost_types::Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn etags_are_read_in_every_usual_form_and_no_other() {
        assert_eq!(version_of(&etag(12)), Some(12));
        assert_eq!(version_of("W/\"12\""), Some(12));
        assert_eq!(version_of("12"), Some(12));
        for wrong in ["", "\"12", "12\"", "W/", "+12", "-1", "*", "\"\"", "18446744073709551616"] {
            assert_eq!(version_of(wrong), None, "{wrong:?}");
        }
    }
}
