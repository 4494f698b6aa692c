//! Ranking people by one figure. Pure.

use parasol_api::admin::v1::StaffFigure;

use super::figures::Figures;

/// The least sample that earns a place.
pub const SAMPLE_MIN: i64 = 30;
/// A whole, in millionths.
const WHOLE: i64 = 1_000_000;

/// Somebody to rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub subject: String,
    /// The value.
    pub value: i64,
    /// What it was counted from.
    pub sample: i64,
    /// The place, from 1; 0 where the sample is too small. Ignored when it is ranked.
    pub place: i64,
}

impl Candidate {
    /// Somebody with their figures.
    pub fn new(subject: String, figures: &Figures, by: StaffFigure) -> Self {
        let share = |part: i64, of: i64| if of == 0 { 0 } else { part * WHOLE / of };
        let (value, sample) = match by {
            StaffFigure::Reopened => {
                (share(figures.reopened, figures.decisions), figures.decisions)
            }
            StaffFigure::Overrides => {
                (share(figures.overrides, figures.decisions), figures.decisions)
            }
            StaffFigure::ChasesInTime => {
                (share(figures.chases_in_time, figures.chases), figures.chases)
            }
            StaffFigure::Cases | StaffFigure::Unspecified => (figures.cases, figures.cases),
        };
        Self { subject, value, sample, place: 0 }
    }
}

/// Puts people in order: those with a place first, the best in front, then the others, by subject. Equal values
/// share a place, and the next one is as far behind as there are people before it.
pub fn rank(mut people: Vec<Candidate>, by: StaffFigure) -> Vec<Candidate> {
    let more_is_better = matches!(by, StaffFigure::ChasesInTime | StaffFigure::Cases);
    let worth = |one: &Candidate| if more_is_better { -one.value } else { one.value };
    people.sort_by_cached_key(|one| {
        let is_small = one.sample < SAMPLE_MIN;
        (is_small, if is_small { 0 } else { worth(one) }, one.subject.clone())
    });
    let mut last: Option<(i64, i64)> = None;
    for (before, one) in (1..).zip(&mut people) {
        if one.sample < SAMPLE_MIN {
            one.place = 0;
            continue;
        }
        one.place = match last {
            Some((value, place)) if value == one.value => place,
            _ => before,
        };
        last = Some((one.value, one.place));
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(decisions: i64, reopened: i64) -> Figures {
        Figures { decisions, reopened, cases: decisions, ..Figures::default() }
    }

    fn places(people: &[(&str, Figures)], by: StaffFigure) -> Vec<(String, i64)> {
        let candidate =
            |(who, figures): &(&str, Figures)| Candidate::new((*who).to_owned(), figures, by);
        let ranked = rank(people.iter().map(candidate).collect(), by);
        ranked.into_iter().map(|one| (one.subject, one.place)).collect()
    }

    #[test]
    fn the_best_stand_in_front_equals_share_and_small_samples_have_no_place() {
        let people = [
            ("few-b", figures(29, 0)),
            ("worst", figures(30, 30)),
            ("twin-b", figures(60, 6)),
            ("best", figures(30, 0)),
            ("twin-a", figures(40, 4)),
            ("few-a", figures(0, 0)),
        ];
        let told = places(&people, StaffFigure::Reopened);
        let expected =
            [("best", 1), ("twin-a", 2), ("twin-b", 2), ("worst", 4), ("few-a", 0), ("few-b", 0)];
        let expected: Vec<_> = expected.map(|(who, place)| (who.to_owned(), place)).into();
        assert_eq!(told, expected);
        let told = places(&people, StaffFigure::Cases);
        assert_eq!((told[0].0.as_str(), told[1].0.as_str()), ("twin-b", "twin-a"));
    }
}
