//! A scorecard over several cells: what was counted is added, what cannot be added is left out.
//!
//! Pure. A figure is a numerator over a denominator, and those add up to what one count over all logs would give. A
//! median, the mean of a category, the points drawn from it and a rank do not follow from those of the parts; they stay
//! empty here rather than be made up. The mean of means is never taken.

use std::collections::BTreeMap;

use parasol_api::Error;
use parasol_api::tracking::v1::{Indicator, ScoreFigure, ScorePeriodState, ScoreUnit, Scorecard};

/// What shares and counts are told in.
const MILLION: i128 = 1_000_000;
/// The most changes that are told of a figure, as in one cell.
const RESTATEMENTS_MAX: usize = 20;

/// One card of those of several cells. Of a single one nothing is left out: it is the whole.
///
/// # Errors
/// `INTERNAL` where there is none.
pub fn together(cards: Vec<Scorecard>) -> Result<Scorecard, Error> {
    if cards.len() == 1 {
        return cards.into_iter().next().ok_or_else(nothing);
    }
    let mut all = cards.first().cloned().ok_or_else(nothing)?;
    let units: BTreeMap<String, ScoreUnit> = all.indicators.iter().map(unit).collect();
    let mut figures: Vec<ScoreFigure> = Vec::new();
    for figure in cards.iter().flat_map(|card| &card.figures) {
        match figures.iter_mut().find(|known| known.indicator == figure.indicator) {
            Some(known) => add(known, figure),
            None => figures.push(figure.clone()),
        }
    }
    for figure in &mut figures {
        let unit = units.get(&figure.indicator).copied().unwrap_or_default();
        figure.value = value(figure, unit);
        (figure.p90, figure.drawn, figure.mean, figure.points) = (0, 0, 0, 0);
        figure
            .restatements
            .sort_by_key(|one| one.at.map(|at| std::cmp::Reverse((at.seconds, at.nanos))));
        figure.restatements.truncate(RESTATEMENTS_MAX);
    }
    all.figures = figures;
    // A month is published once it is in every cell.
    let order = |card: &&Scorecard| match card.state() {
        ScorePeriodState::Unspecified | ScorePeriodState::Running => 0,
        ScorePeriodState::Preview => 1,
        ScorePeriodState::Published => 2,
    };
    if let Some(last) = cards.iter().min_by_key(order) {
        (all.state, all.published_at) = (last.state, last.published_at);
    }
    (all.points, all.rank, all.ranked, all.insufficient) = (0, 0, 0, true);
    all.flow.clear();
    Ok(all)
}

fn nothing() -> Error {
    Error::internal("a card is made of one at least")
}

fn unit(indicator: &Indicator) -> (String, ScoreUnit) {
    (indicator.indicator.clone(), indicator.unit())
}

fn add(all: &mut ScoreFigure, one: &ScoreFigure) {
    for (sum, part) in [
        (&mut all.numerator, one.numerator),
        (&mut all.denominator, one.denominator),
        (&mut all.excluded, one.excluded),
        (&mut all.numerator_now, one.numerator_now),
        (&mut all.denominator_now, one.denominator_now),
    ] {
        *sum = sum.saturating_add(part);
    }
    // Each alone had too few; whether they have enough together depends on a limit that is a cell's.
    all.insufficient &= one.insufficient;
    all.restatements.extend(one.restatements.iter().cloned());
}

/// The value of a figure that was added up, as one cell would say it; 0 for a time, whose median nobody knows here.
fn value(figure: &ScoreFigure, unit: ScoreUnit) -> i64 {
    let scale = match unit {
        ScoreUnit::Share | ScoreUnit::Count => MILLION,
        ScoreUnit::Points | ScoreUnit::Money => 1,
        ScoreUnit::Time | ScoreUnit::Unspecified => return 0,
    };
    let value = (i128::from(figure.numerator) * scale).checked_div(figure.denominator.into());
    i64::try_from(value.unwrap_or_default()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(figures: &[(&str, i64, i64)], state: ScorePeriodState) -> Scorecard {
        let figure = |(name, numerator, denominator): &(&str, i64, i64)| ScoreFigure {
            indicator: (*name).to_owned(),
            numerator: *numerator,
            denominator: *denominator,
            value: 77,
            points: 900,
            mean: 3,
            ..Default::default()
        };
        let indicator = |name: &str, unit: ScoreUnit| Indicator {
            indicator: name.to_owned(),
            unit: unit.into(),
            ..Default::default()
        };
        Scorecard {
            figures: figures.iter().map(figure).collect(),
            indicators: vec![
                indicator("share", ScoreUnit::Share),
                indicator("time", ScoreUnit::Time),
            ],
            state: state.into(),
            rank: 1,
            ranked: 4,
            points: 880,
            ..Default::default()
        }
    }

    #[test]
    fn what_was_counted_is_added_and_what_cannot_be_is_left_out() {
        let cards = vec![
            card(&[("share", 1, 2), ("time", 100, 2)], ScorePeriodState::Published),
            card(&[("share", 9, 98), ("time", 300, 3), ("new", 1, 1)], ScorePeriodState::Running),
        ];
        let all = together(cards).unwrap();
        let told: Vec<_> = all
            .figures
            .iter()
            .map(|one| (one.indicator.as_str(), one.numerator, one.denominator, one.value))
            .collect();
        // The mean of 50 % and 9.18 % would be 29.6 %.
        assert_eq!(told, [("share", 10, 100, 100_000), ("time", 400, 5, 0), ("new", 1, 1, 0)]);
        assert!(all.figures.iter().all(|one| (one.points, one.mean, one.drawn) == (0, 0, 0)));
        assert_eq!((all.points, all.rank, all.ranked, all.insufficient), (0, 0, 0, true));
        assert_eq!(all.state(), ScorePeriodState::Running, "not published everywhere");
    }

    #[test]
    fn a_card_of_one_cell_is_as_it_was() {
        let one = card(&[("share", 1, 2)], ScorePeriodState::Published);
        assert_eq!(together(vec![one.clone()]).unwrap(), one);
        assert!(together(Vec::new()).is_err());
    }
}
