//! Which centre gets the work: a pure ranking of the centres that come to the county.
//!
//! The order is total and the same everywhere: the centre of the same county first, because nobody is
//! nearer, then whoever has used the smallest share of the day's capacity, then by id. There is no
//! position of a county to measure distances from, so a farther centre is not told from a near one.

use std::cmp::Ordering;

use parasol_journey::ids::CentreId;
use serde::{Deserialize, Serialize};

/// A centre of the brand that goes to the county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub centre: CentreId,
    /// Whether it serves the category there.
    pub serves: bool,
    /// Whether it lies in the county itself.
    pub same_county: bool,
    /// Visits it can make in a day for the category.
    pub visits: u32,
    /// Offers of the category made to it since midnight that wait or were accepted.
    pub given_today: u32,
}

/// A centre that can have the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Which.
    pub centre: CentreId,
    /// Whether it lies in the county itself.
    pub same_county: bool,
    /// Offers it was given today.
    pub given_today: u32,
    /// Out of so many.
    pub visits: u32,
}

/// Why a centre cannot have the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// It was asked before, or gave the finding under dispute.
    PassedOver,
    /// It comes to the county, but not for this category.
    CategoryNotServed,
    /// It makes no visits for this category.
    NoCapacity,
    /// Its capacity of today is used up.
    FullToday,
}

/// A centre that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub centre: CentreId,
    /// Why.
    pub because: Unfit,
}

/// Who was considered, best first, and who was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// Whether the brand is one of the network's.
    pub brand_known: bool,
    /// Those that can have the work, best first.
    pub placed: Vec<Placed>,
    /// Those that cannot, by id.
    pub left_out: Vec<LeftOut>,
}

/// Ranks the centres that cover a county for a brand. Whether the brand is known is for the caller to
/// say.
pub fn rank(candidates: Vec<Candidate>, passed_over: &[CentreId]) -> Ranking {
    let mut ranking = Ranking::default();
    for one in candidates {
        match unfit(&one, passed_over) {
            Some(because) => ranking.left_out.push(LeftOut { centre: one.centre, because }),
            None => ranking.placed.push(Placed {
                centre: one.centre,
                same_county: one.same_county,
                given_today: one.given_today,
                visits: one.visits,
            }),
        }
    }
    ranking.placed.sort_by(better_first);
    ranking.left_out.sort_by(|a, b| a.centre.cmp(&b.centre));
    ranking
}

fn unfit(one: &Candidate, passed_over: &[CentreId]) -> Option<Unfit> {
    if passed_over.contains(&one.centre) {
        Some(Unfit::PassedOver)
    } else if !one.serves {
        Some(Unfit::CategoryNotServed)
    } else if one.visits == 0 {
        Some(Unfit::NoCapacity)
    } else if one.given_today >= one.visits {
        Some(Unfit::FullToday)
    } else {
        None
    }
}

fn better_first(a: &Placed, b: &Placed) -> Ordering {
    // given / visits compared without dividing.
    let share = |one: &Placed, other: &Placed| u64::from(one.given_today) * u64::from(other.visits);
    b.same_county
        .cmp(&a.same_county)
        .then_with(|| share(a, b).cmp(&share(b, a)))
        .then_with(|| a.centre.cmp(&b.centre))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> CentreId {
        name.parse().unwrap()
    }

    fn candidate(name: &str, same_county: bool, given_today: u32, visits: u32) -> Candidate {
        Candidate { centre: id(name), serves: true, same_county, visits, given_today }
    }

    fn placed(ranking: &Ranking) -> Vec<&str> {
        ranking.placed.iter().map(|one| one.centre.as_str()).collect()
    }

    #[test]
    fn same_county_then_load_then_id() {
        #[rustfmt::skip]
        let table: [(&[Candidate], &[&str]); 5] = [
            (&[],                                                                   &[]),
            (&[candidate("b", false, 0, 9), candidate("a", true, 8, 9)],            &["a", "b"]),
            (&[candidate("a", true, 2, 4), candidate("b", true, 1, 3)],             &["b", "a"]),
            (&[candidate("b", true, 1, 2), candidate("a", true, 2, 4)],             &["a", "b"]),
            (&[candidate("c", false, 0, 1), candidate("b", true, 3, 9), candidate("a", true, 1, 9)],
                                                                                    &["a", "b", "c"]),
        ];
        for (candidates, expected) in table {
            assert_eq!(placed(&rank(candidates.to_vec(), &[])), expected);
            let mut turned = candidates.to_vec();
            turned.reverse();
            assert_eq!(placed(&rank(turned, &[])), expected, "the order of the input matters");
        }
    }

    #[test]
    fn everybody_left_out_has_a_reason() {
        let elsewhere = Candidate { serves: false, ..candidate("skill", true, 0, 5) };
        let candidates = vec![
            candidate("gone", true, 0, 5),
            elsewhere,
            candidate("none", true, 0, 0),
            candidate("full", true, 5, 5),
            candidate("over", true, 6, 5),
            candidate("last", false, 4, 5),
        ];
        let ranking = rank(candidates, &[id("gone")]);
        assert_eq!(placed(&ranking), ["last"]);
        let reasons: Vec<_> =
            ranking.left_out.iter().map(|one| (one.centre.as_str(), one.because)).collect();
        let expected = [
            ("full", Unfit::FullToday),
            ("gone", Unfit::PassedOver),
            ("none", Unfit::NoCapacity),
            ("over", Unfit::FullToday),
            ("skill", Unfit::CategoryNotServed),
        ];
        assert_eq!(reasons, expected);
        let json = serde_json::to_string(&ranking).unwrap();
        assert_eq!(serde_json::from_str::<Ranking>(&json).unwrap(), ranking);
    }
}
