//! From figures to points and ranks. Pure, whole numbers only.
//!
//! A figure needs [`SAMPLE_MIN`] occurrences to say something. Its value is drawn towards the mean of the
//! category as if as many occurrences of the mean had been seen too, so that a few lucky cases make nobody
//! first. Points run straight from the worst value of the row to the best one.

use std::collections::BTreeMap;

use super::indicator::{Group, Id, Level, Row, Unit};
use super::ledger::Tally;

/// How many occurrences a figure needs.
pub const SAMPLE_MIN: i64 = 30;
/// How many occurrences of the mean are added when a value is drawn towards it.
const DRAWN_BY: i64 = 30;
/// The most points.
const FULL: i64 = 1_000;
/// Parts of one.
const MILLION: i64 = 1_000_000;

/// One figure with all that is told of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What was counted.
    pub tally: Tally,
    /// Its value in the unit of the indicator.
    pub value: i64,
    /// What nine of ten stay within; of times only.
    pub p90: i64,
    /// The value of everybody.
    pub mean: i64,
    /// The value drawn towards it.
    pub drawn: i64,
    /// Its points; 0 where there are too few.
    pub points: i64,
}

impl Told {
    /// Whether there are too few occurrences.
    pub fn is_insufficient(&self) -> bool {
        self.tally.count < SAMPLE_MIN
    }
}

/// The value of a tally; of times the median has to be known.
pub fn value(row: &Row, tally: Tally, median: i64) -> i64 {
    let of = |scale: i64| {
        let (sum, count) = (i128::from(tally.sum) * i128::from(scale), i128::from(tally.count));
        let value = sum.checked_div(count).unwrap_or_default();
        i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
    };
    match row.unit {
        Unit::Share | Unit::Count => of(MILLION),
        Unit::Points | Unit::Money => of(1),
        Unit::Time => median,
    }
}

/// The value that stands at a share of sorted values, in thousandths: 500 is the median (the lower one).
pub fn quantile(sorted: &[i64], thousandths: usize) -> i64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0 };
    sorted[last * thousandths / 1_000]
}

/// The value of everybody: of times the mean of the medians by how many stand behind each.
pub fn mean(row: &Row, all: &[(Tally, i64)]) -> i64 {
    let together = all.iter().fold(Tally::default(), |sum, (tally, _)| sum.changed(*tally));
    let medians: i128 =
        all.iter().map(|(one, median)| i128::from(one.count) * i128::from(*median)).sum();
    let median = medians.checked_div(i128::from(together.count)).unwrap_or_default();
    value(row, together, i64::try_from(median).unwrap_or(i64::MAX))
}

/// Everything that is told of a figure.
pub fn told(row: &Row, tally: Tally, (median, p90): (i64, i64), mean: i64) -> Told {
    let value = value(row, tally, median);
    let drawn = (i128::from(value) * i128::from(tally.count)
        + i128::from(mean) * i128::from(DRAWN_BY))
        / i128::from(tally.count + DRAWN_BY);
    let drawn = i64::try_from(drawn).unwrap_or_default();
    let mut told = Told { tally, value, p90, mean, drawn, points: 0 };
    if !told.is_insufficient() {
        told.points = points(row, drawn);
    }
    told
}

fn points(row: &Row, value: i64) -> i64 {
    let (best, worst) = (i128::from(row.best), i128::from(row.worst));
    let points = (i128::from(value) - worst) * i128::from(FULL) / (best - worst);
    i64::try_from(points.clamp(0, i128::from(FULL))).unwrap_or_default()
}

/// How somebody does altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Points, 0 to 1,000.
    pub points: i64,
    /// Points of each group, in its order; `None` for one without a figure.
    pub groups: [Option<i64>; 4],
    /// Whether enough figures say something for a rank.
    pub is_ranked: bool,
}

/// The mean by weight of what says something. Half of the weight has to be there for a rank.
pub fn standing(level: Level, figures: &BTreeMap<Id, Told>) -> Standing {
    let mut standing = Standing::default();
    let (mut sum, mut weights) = (0, 0);
    let (mut known, mut all) = (0, 0);
    for (place, group) in Group::ALL.iter().enumerate() {
        let rows = super::indicator::INDICATORS.iter();
        let rows = rows.filter(|row| row.group == *group && row.levels.contains(&level));
        let (mut group_sum, mut group_known, mut group_all) = (0, 0, 0);
        for row in rows {
            group_all += row.weight;
            if let Some(one) = figures.get(&row.id).filter(|one| !one.is_insufficient()) {
                group_sum += row.weight * one.points;
                group_known += row.weight;
            }
        }
        if group_all > 0 {
            all += group.weight() * MILLION;
            known += group.weight() * MILLION * group_known / group_all;
        }
        if group_known > 0 {
            let mean = group_sum / group_known;
            standing.groups[place] = Some(mean);
            sum += group.weight() * mean;
            weights += group.weight();
        }
    }
    standing.points = if weights > 0 { sum / weights } else { 0 };
    standing.is_ranked = all > 0 && known * 2 >= all;
    standing
}

/// Ranks by points: the best first, equal points share a rank, those without one stand at the end by name.
pub fn rank(mut standings: Vec<(String, Standing)>) -> Vec<(String, Standing, i64)> {
    let place = |one: &Standing| (!one.is_ranked, -one.points * i64::from(one.is_ranked));
    standings.sort_by(|a, b| place(&a.1).cmp(&place(&b.1)).then_with(|| a.0.cmp(&b.0)));
    let mut ranked: Vec<(String, Standing, i64)> = Vec::with_capacity(standings.len());
    for (at, (subject, standing)) in (1..).zip(standings) {
        let same = ranked.last().filter(|(_, before, _)| before.points == standing.points);
        let rank = same.map_or(at, |(_, _, rank)| *rank);
        ranked.push((subject, standing, if standing.is_ranked { rank } else { 0 }));
    }
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(count: i64, sum: i64) -> Tally {
        Tally { count, sum, excluded: 0 }
    }

    #[test]
    fn a_share_earns_points_between_its_worst_and_its_best_in_either_direction() {
        let row = Id::OnTime.row();
        let told_of = |sum| told(row, share(100, sum), (0, 0), 895_000);
        assert_eq!(told_of(99).value, 990_000);
        assert!(told_of(99).drawn < 990_000 && told_of(99).drawn > 895_000, "drawn to the mean");
        assert_eq!(told_of(0).points, 0);
        let less = Id::NoShow.row();
        assert_eq!(told(less, share(1_000, 0), (0, 0), 0).points, 1_000);
        assert_eq!(told(less, share(1_000, 1_000), (0, 0), 1_000_000).points, 0);
        assert_eq!(told(less, share(1_000, 25), (0, 0), 25_000).points, 500);
    }

    #[test]
    fn twenty_nine_say_nothing_and_thirty_do() {
        let row = Id::OnTime.row();
        let few = told(row, share(29, 29), (0, 0), 900_000);
        assert!(few.is_insufficient());
        assert_eq!(few.points, 0);
        assert!(!told(row, share(30, 30), (0, 0), 900_000).is_insufficient());
        assert!(told(row, share(30, 30), (0, 0), 900_000).points > 0);
    }

    #[test]
    fn a_small_sample_is_drawn_further_than_a_large_one() {
        let row = Id::OnTime.row();
        let small = told(row, share(30, 30), (0, 0), 800_000).drawn;
        let large = told(row, share(3_000, 3_000), (0, 0), 800_000).drawn;
        assert_eq!(small, 900_000);
        assert!(large > 997_000 && large < 1_000_000);
    }

    #[test]
    fn quantiles_are_values_that_occur() {
        assert_eq!(quantile(&[], 500), 0);
        assert_eq!(quantile(&[7], 900), 7);
        assert_eq!(quantile(&[1, 2, 3, 4], 500), 2);
        assert_eq!(quantile(&(1..=100).collect::<Vec<_>>(), 900), 90);
    }

    #[test]
    fn who_has_too_little_to_show_has_no_rank_and_equal_points_share_one() {
        let known = |points| Standing { points, groups: [None; 4], is_ranked: true };
        let unknown = Standing { points: 999, ..Standing::default() };
        let ranked = rank(vec![
            ("d".into(), unknown),
            ("c".into(), known(500)),
            ("a".into(), known(500)),
            ("b".into(), known(800)),
            ("e".into(), known(100)),
        ]);
        let told: Vec<_> = ranked.iter().map(|(who, _, rank)| (who.as_str(), *rank)).collect();
        assert_eq!(told, [("b", 1), ("a", 2), ("c", 2), ("e", 4), ("d", 0)]);
    }

    #[test]
    fn half_of_the_weight_makes_a_rank_and_less_does_not() {
        let mut figures = BTreeMap::new();
        let full = |row: &Row| {
            told(row, share(100, 100 * row.best / MILLION.max(1)), (row.best, 0), row.best)
        };
        assert!(!standing(Level::Technician, &figures).is_ranked);
        figures.insert(Id::FirstContact, full(Id::FirstContact.row()));
        assert!(!standing(Level::Technician, &figures).is_ranked);
        for row in super::super::indicator::INDICATORS {
            figures.insert(row.id, full(row));
        }
        let all = standing(Level::Technician, &figures);
        assert!(all.is_ranked && all.groups.iter().all(Option::is_some), "{all:?}");
    }
}
