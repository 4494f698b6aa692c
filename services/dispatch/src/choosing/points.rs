//! From figures to points, and how much each counts. All of it is whole numbers but the distance.
//!
//! The scales are ours; [ADR 014](../../../../docs/adr/014-the-choice-of-a-centre.md) says why.

use serde::{Deserialize, Serialize};

use super::Candidate;

/// The most points of a figure.
const FULL: u64 = 1_000;
/// The distance for which half of the points are given, metres.
const HALF_WAY_M: u64 = 25_000;
/// Points for the distance where the place of the county is not known and the centre is not in it.
const ELSEWHERE: u32 = 500;
/// Points of a centre that nobody has judged and that has answered no offer.
const NEUTRAL_SCORE: u64 = 700;
/// Answers that count as much as what is supposed of a centre without any.
const NEUTRAL_ANSWERS: u64 = 20;
/// Points of a centre that the customer has seen nothing of.
const NEUTRAL_HISTORY: u32 = 500;
/// Points that a case which went well adds.
const WELL: u32 = 100;
/// Points that a complaint takes.
const COMPLAINT: u32 = 250;
/// The radius of a ball of the earth's volume, metres.
const EARTH_M: f64 = 6_371_000.8;
/// Parts of a degree that a coordinate counts.
const MICRODEGREES: f64 = 1_000_000.0;

/// How much each figure counts. Only the ratios matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// How near the centre is.
    pub distance: u32,
    /// What of its day is free.
    pub load: u32,
    /// How good it is.
    pub score: u32,
    /// What the customer has seen of it.
    pub history: u32,
}

impl Default for Weights {
    /// Those of the configuration's defaults.
    fn default() -> Self {
        Self { distance: 40, load: 25, score: 25, history: 10 }
    }
}

impl Weights {
    /// Points by weight, added up.
    pub fn sum(&self, points: Points) -> u64 {
        let parts = [
            (self.distance, points.distance),
            (self.load, points.load),
            (self.score, points.score),
            (self.history, points.history),
        ];
        parts.into_iter().map(|(weight, points)| u64::from(weight) * u64::from(points)).sum()
    }

    /// The mean that a sum stands for; 0 where nothing counts.
    pub fn mean(&self, sum: u64) -> u32 {
        let all = [self.distance, self.load, self.score, self.history];
        let all: u64 = all.into_iter().map(u64::from).sum();
        sum.checked_div(all).map_or(0, small)
    }
}

/// Points for each figure, 0 to 1,000. Written as a list of four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u32; 4]", into = "[u32; 4]")]
pub struct Points {
    /// For how near it is.
    pub distance: u32,
    /// For what of its day is free.
    pub load: u32,
    /// For how good it is.
    pub score: u32,
    /// For what the customer has seen of it.
    pub history: u32,
}

impl From<[u32; 4]> for Points {
    fn from([distance, load, score, history]: [u32; 4]) -> Self {
        Self { distance, load, score, history }
    }
}

impl From<Points> for [u32; 4] {
    fn from(points: Points) -> Self {
        [points.distance, points.load, points.score, points.history]
    }
}

impl Points {
    /// Those of a centre.
    pub fn of(one: &Candidate) -> Self {
        let distance = match one.distance_m {
            Some(metres) => small(FULL * HALF_WAY_M / HALF_WAY_M.saturating_add(metres)),
            None if one.same_county => small(FULL),
            None => ELSEWHERE,
        };
        let free = u64::from(one.visits.saturating_sub(one.given_today));
        let load = (FULL * free).checked_div(u64::from(one.visits)).map_or(0, small);
        let most = small(FULL);
        Self { distance, load, score: one.score.min(most), history: one.history.min(most) }
    }
}

/// How a centre answered the offers of a category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// It took them.
    pub accepted: u64,
    /// It declined them.
    pub declined: u64,
    /// It let them lapse.
    pub expired: u64,
}

/// Points for how good a centre is: as somebody judged it, 1 to 100, or, where that is 0, from its
/// answers. To decline in time costs the customer less than to be silent. A few answers say little, so
/// they are mixed with what is supposed of everybody.
pub fn score_points(judged: u32, answers: Answers) -> u32 {
    if judged > 0 {
        return small(u64::from(judged.min(100)) * 10);
    }
    let Answers { accepted, declined, expired } = answers;
    let earned = FULL * accepted + FULL / 2 * declined;
    small(
        (earned + NEUTRAL_SCORE * NEUTRAL_ANSWERS)
            / (accepted + declined + expired + NEUTRAL_ANSWERS),
    )
}

/// Points for what a customer has seen of a centre: cases that went well, and complaints.
pub fn history_points(well: u32, complaints: u32) -> u32 {
    let most = small(FULL);
    let good = NEUTRAL_HISTORY.saturating_add(well.saturating_mul(WELL)).min(most);
    good.saturating_sub(complaints.saturating_mul(COMPLAINT))
}

/// Metres between two places in millionths of a degree north and east, over the ground as the crow
/// flies (haversine), to ten metres.
pub fn metres(a: (i64, i64), b: (i64, i64)) -> u64 {
    let (north, east) = (radians(b.0 - a.0), radians(b.1 - a.1));
    let over_the_top = (north / 2.0).sin().powi(2)
        + radians(a.0).cos() * radians(b.0).cos() * (east / 2.0).sin().powi(2);
    let metres = 2.0 * EARTH_M * over_the_top.sqrt().min(1.0).asin();
    tens(metres / 10.0) * 10
}

#[expect(clippy::cast_precision_loss, reason = "at most 360 million")]
fn radians(microdegrees: i64) -> f64 {
    (microdegrees as f64 / MICRODEGREES).to_radians()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half the way around the earth is two million tens of metres"
)]
fn tens(number: f64) -> u64 {
    number.round() as u64
}

fn small(points: u64) -> u32 {
    u32::try_from(points).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_map() {
        // West lake to the Bund, and to itself.
        let (lake, bund) = ((30_242_400, 120_169_300), (31_240_000, 121_490_000));
        let between = metres(lake, bund);
        assert!((168_000..170_500).contains(&between), "{between}");
        assert_eq!(metres(lake, lake), 0);
        assert_eq!(between, metres(bund, lake));
        let around = metres((0, 0), (0, 180_000_000));
        assert!((20_015_000..20_016_000).contains(&around), "{around}");
        assert!(metres((90_000_000, 0), (-90_000_000, 0)) > 20_000_000);
    }

    #[test]
    fn answers_are_mixed_with_what_is_supposed_of_everybody() {
        let answers = |accepted, declined, expired| Answers { accepted, declined, expired };
        #[rustfmt::skip]
        let table = [
            (0,   answers(0, 0, 0),     700),
            (0,   answers(1, 0, 0),     714),
            (0,   answers(0, 1, 0),     690),
            (0,   answers(0, 0, 1),     666),
            (0,   answers(980, 0, 0),   994),
            (0,   answers(0, 0, 980),   14),
            (1,   answers(980, 0, 0),   10),
            (100, answers(0, 0, 980),   1_000),
            (900, answers(0, 0, 0),     1_000),
        ];
        for (judged, answers, expected) in table {
            assert_eq!(score_points(judged, answers), expected, "{judged} {answers:?}");
        }
    }

    #[test]
    fn a_complaint_weighs_more_than_a_case_that_went_well() {
        let table = [(0, 0, 500), (1, 0, 600), (9, 0, 1_000), (0, 1, 250), (1, 1, 350), (0, 9, 0)];
        for (well, complaints, expected) in table {
            assert_eq!(history_points(well, complaints), expected, "{well} {complaints}");
        }
        assert_eq!(history_points(u32::MAX, u32::MAX), 0);
    }

    #[test]
    fn weights_are_ratios() {
        let points = Points { distance: 1_000, load: 500, score: 700, history: 500 };
        let one = Weights { distance: 4, load: 3, score: 2, history: 1 };
        let ten = Weights { distance: 40, load: 30, score: 20, history: 10 };
        assert_eq!(one.mean(one.sum(points)), 740);
        assert_eq!(ten.mean(ten.sum(points)), 740);
        let nothing = Weights { distance: 0, load: 0, score: 0, history: 0 };
        assert_eq!(nothing.mean(nothing.sum(points)), 0);
    }
}
