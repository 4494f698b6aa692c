//! Which centre gets the work: a pure ranking of the centres that come to the county.
//!
//! Whoever may not have the work is left out with a reason. The others get points from 0 to 1,000 for four
//! figures: how near they are, what of their day is free, how good they are, what the customer has
//! seen of them. The weighted mean decides. Of equals the nearer comes first, then the less loaded, the
//! better, the better known, then the smaller id: the order is total, and whoever is better in every
//! figure is in front, also where the points are too coarse to tell.

mod fitness;
mod points;

use std::cmp::Ordering;

use parasol_journey::ids::{BrandId, CentreId};
use serde::{Deserialize, Serialize};

pub use fitness::barred;
pub use points::{Answers, Points, Weights, history_points, metres, score_points};

/// Centres of each list that are kept of a ranking.
const KEPT_MAX: usize = 200;

/// A centre of the brand that goes to the county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub centre: CentreId,
    /// Why it cannot have the work, whatever the day has brought.
    pub barred: Option<Unfit>,
    /// Whether it lies in the county itself.
    pub same_county: bool,
    /// Metres from the middle of the county, if that is known. It is for all centres or for none.
    pub distance_m: Option<u64>,
    /// Visits it can make in a day for the category.
    pub visits: u32,
    /// Offers of the category made to it since midnight that wait or were accepted.
    pub given_today: u32,
    /// How good it is, 0 to 1,000.
    pub score: u32,
    /// What the customer has seen of it, 0 to 1,000.
    pub history: u32,
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
    /// Metres from the middle of the county, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<u64>,
    /// Its points.
    #[serde(default)]
    pub points: Points,
    /// Their weighted mean.
    #[serde(default)]
    pub mean: u32,
}

/// Why a centre cannot have the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// It was asked before.
    PassedOver,
    /// Its technician gave the first opinion; a second one is another centre's.
    InspectedBefore,
    /// Its brand is suspended.
    BrandSuspended,
    /// The contract of its brand has not begun or has ended.
    BrandNotValid,
    /// It is suspended.
    CentreSuspended,
    /// It does not take part yet, or any more.
    CentreNotValid,
    /// It comes to the county, but not for this category.
    CategoryNotServed,
    /// It does not go there yet, or any more.
    CoverageNotValid,
    /// It makes no visits for this category.
    NoCapacity,
    /// Less than it has to lies with the platform.
    DepositShort,
    /// Nobody there has the skill and the licences.
    NobodyCertified,
    /// It does not open within a day.
    Closed,
    /// It, or everybody who could be sent, is away.
    Away,
    /// Its capacity of today is used up.
    FullToday,
}

impl Unfit {
    /// Whether the network lacks somebody here; else it is for now only, or for this case.
    pub const fn is_lasting(self) -> bool {
        !matches!(
            self,
            Self::PassedOver | Self::InspectedBefore | Self::Closed | Self::Away | Self::FullToday
        )
    }
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
    /// How many more there were than are kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub further: u32,
    /// The networks of other brands that were asked because nobody was left here, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lenders: Vec<Lender>,
}

/// The network of another brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lender {
    /// The brand.
    pub brand: BrandId,
    /// Its centres.
    pub ranking: Ranking,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Ranking {
    /// The centre that gets the work, with the brand that lends it if one does.
    pub fn chosen(&self) -> Option<(&CentreId, Option<&BrandId>)> {
        let own = self.placed.first().map(|placed| (&placed.centre, None));
        own.or_else(|| {
            let mut lenders = self.lenders.iter();
            lenders.find_map(|lender| {
                Some((&lender.ranking.placed.first()?.centre, Some(&lender.brand)))
            })
        })
    }

    /// Whether the network lacks a centre here: nobody is left, and nobody for a passing reason.
    pub fn is_gap(&self) -> bool {
        self.placed.is_empty() && self.left_out.iter().all(|one| one.because.is_lasting())
    }
}

/// Ranks the centres that cover a county for a brand. Whether the brand is known, and which others lend
/// theirs, is for the caller to say.
pub fn rank(candidates: Vec<Candidate>, passed_over: &[CentreId], weights: &Weights) -> Ranking {
    let (mut placed, mut left_out) = (Vec::new(), Vec::new());
    for one in candidates {
        match unfit(&one, passed_over) {
            Some(because) => left_out.push(LeftOut { centre: one.centre, because }),
            None => placed.push(Ranked::of(one, weights)),
        }
    }
    placed.sort_by(Ranked::better_first);
    left_out.sort_by(|a, b| a.centre.cmp(&b.centre));
    let beyond = |count: usize| count.saturating_sub(KEPT_MAX);
    let further = beyond(placed.len()) + beyond(left_out.len());
    placed.truncate(KEPT_MAX);
    left_out.truncate(KEPT_MAX);
    Ranking {
        brand_known: false,
        placed: placed.into_iter().map(|ranked| ranked.placed).collect(),
        left_out,
        further: u32::try_from(further).unwrap_or(u32::MAX),
        lenders: Vec::new(),
    }
}

fn unfit(one: &Candidate, passed_over: &[CentreId]) -> Option<Unfit> {
    if one.barred == Some(Unfit::InspectedBefore) {
        one.barred
    } else if passed_over.contains(&one.centre) {
        Some(Unfit::PassedOver)
    } else if one.barred.is_some() {
        one.barred
    } else if one.visits == 0 {
        Some(Unfit::NoCapacity)
    } else if one.given_today >= one.visits {
        Some(Unfit::FullToday)
    } else {
        None
    }
}

/// A centre with all that its place follows from.
struct Ranked {
    placed: Placed,
    /// The sum of its points by weight, of which the mean is too coarse.
    sum: u64,
    score: u32,
    history: u32,
}

impl Ranked {
    fn of(one: Candidate, weights: &Weights) -> Self {
        let points = Points::of(&one);
        let sum = weights.sum(points);
        let mean = weights.mean(sum);
        let Candidate { centre, same_county, distance_m, visits, given_today, .. } = one;
        let placed = Placed { centre, same_county, given_today, visits, distance_m, points, mean };
        Self { placed, sum, score: one.score, history: one.history }
    }

    fn better_first(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.placed, &other.placed);
        // given / visits compared without dividing.
        let share = |one: &Placed, two: &Placed| u64::from(one.given_today) * u64::from(two.visits);
        other
            .sum
            .cmp(&self.sum)
            .then_with(|| a.distance_m.cmp(&b.distance_m))
            .then_with(|| b.same_county.cmp(&a.same_county))
            .then_with(|| share(a, b).cmp(&share(b, a)))
            .then_with(|| other.score.cmp(&self.score))
            .then_with(|| other.history.cmp(&self.history))
            .then_with(|| a.centre.cmp(&b.centre))
    }
}

#[cfg(test)]
mod tests;
