//! Scores on the wire, and who sees what of them.

use std::collections::BTreeMap;

use parasol_api::convert::{Listed as _, to_timestamp};
use parasol_api::tracking::v1 as wire;
use parasol_api::{Language, Role};
use parasol_journey::ids::CaseId;
use parasol_journey::time::Timestamp;
use parasol_runtime::identity::Principal;

use super::indicator::{Group, INDICATORS, Id, Level, Row, Unit, Words};
use super::points::SAMPLE_MIN;
use super::read::Shown;
use super::tables::{score_baselines, score_restatements};
use crate::people::People;

/// A level on the wire.
pub const fn to_level(level: Level) -> wire::ScoreLevel {
    match level {
        Level::Brand => wire::ScoreLevel::Brand,
        Level::Centre => wire::ScoreLevel::Centre,
        Level::Technician => wire::ScoreLevel::Technician,
        Level::Agent => wire::ScoreLevel::Agent,
        Level::Retailer => wire::ScoreLevel::Retailer,
    }
}

/// The level on the wire.
pub const fn level_of(level: wire::ScoreLevel) -> Option<Level> {
    Some(match level {
        wire::ScoreLevel::Unspecified => return None,
        wire::ScoreLevel::Brand => Level::Brand,
        wire::ScoreLevel::Centre => Level::Centre,
        wire::ScoreLevel::Technician => Level::Technician,
        wire::ScoreLevel::Agent => Level::Agent,
        wire::ScoreLevel::Retailer => Level::Retailer,
    })
}

/// How much of somebody's scores a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Nothing; it answers like what is not there.
    Nothing,
    /// What is published to everybody.
    Published,
    /// Everything but the rank within the house.
    Own,
    /// Everything.
    All,
}

/// How much of somebody's scores a caller sees, who may be nobody.
pub async fn sight(
    people: &People,
    caller: Option<&Principal>,
    level: Level,
    subject: &str,
) -> Sight {
    let public = if level == Level::Brand { Sight::Published } else { Sight::Nothing };
    let Some(caller) = caller else { return public };
    match (caller.role, level) {
        (Role::Manager | Role::Operator | Role::Service, _) => Sight::All,
        (Role::Agent, Level::Retailer) => Sight::Own,
        (Role::Agent, Level::Agent)
        | (Role::Technician, Level::Technician)
        | (Role::Centre, Level::Centre)
            if caller.subject == subject =>
        {
            Sight::Own
        }
        (Role::Brand, Level::Brand | Level::Retailer) if caller.subject == subject => Sight::All,
        (Role::Brand | Role::Centre, Level::Technician) => {
            let person = people.technician(subject).await;
            let centre = person.map(|person| person.centre.clone()).unwrap_or_default();
            match caller.role {
                Role::Centre if centre == caller.subject => Sight::Own,
                Role::Brand if employs(people, caller, &centre).await => Sight::Own,
                _ => public,
            }
        }
        (Role::Brand, Level::Centre) if employs(people, caller, subject).await => Sight::Own,
        _ => public,
    }
}

async fn employs(people: &People, brand: &Principal, centre: &str) -> bool {
    !centre.is_empty()
        && people.centre(centre).await.is_some_and(|centre| centre.brand == brand.subject)
}

fn said((zh, en): Words, language: Language) -> String {
    match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    }
}

/// An indicator on the wire.
pub fn indicator(row: &Row, language: Language) -> wire::Indicator {
    let group = match row.group {
        Group::Pre => wire::ScoreGroup::Pre,
        Group::In => wire::ScoreGroup::In,
        Group::After => wire::ScoreGroup::After,
        Group::Whole => wire::ScoreGroup::Whole,
    };
    let unit = match row.unit {
        Unit::Share => wire::ScoreUnit::Share,
        Unit::Time => wire::ScoreUnit::Time,
        Unit::Points => wire::ScoreUnit::Points,
        Unit::Count => wire::ScoreUnit::Count,
        Unit::Money => wire::ScoreUnit::Money,
    };
    wire::Indicator {
        indicator: row.id.as_str().to_owned(),
        name: said(row.name, language),
        group: group.into(),
        levels: row.levels.iter().map(|level| to_level(*level).into()).collect(),
        unit: unit.into(),
        numerator: said(row.numerator, language),
        denominator: said(row.denominator, language),
        window: said(row.window, language),
        exclusions: said(row.exclusions, language),
        more_is_better: row.more_is_better(),
        weight: small(row.weight),
        best: row.best,
        worst: row.worst,
    }
}

/// A number that is small by construction.
pub fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Every figure of a scorecard with its indicator, in the order of the table; those without an occurrence are
/// shown too, since nothing counted is something to know.
pub fn figures(
    level: Level,
    shown: &BTreeMap<Id, Shown>,
    sees_cases: bool,
    language: Language,
) -> (Vec<wire::ScoreFigure>, Vec<wire::Indicator>) {
    let rows = INDICATORS.iter().filter(|row| row.levels.contains(&level));
    rows.map(|row| {
        let figure = shown.get(&row.id).map_or_else(
            || wire::ScoreFigure {
                indicator: row.id.as_str().to_owned(),
                insufficient: true,
                ..wire::ScoreFigure::default()
            },
            |shown| figure(shown, sees_cases),
        );
        (figure, indicator(row, language))
    })
    .unzip()
}

fn figure(shown: &Shown, sees_cases: bool) -> wire::ScoreFigure {
    let told = shown.told;
    wire::ScoreFigure {
        indicator: shown.figure.indicator.as_str().to_owned(),
        numerator: told.tally.sum,
        denominator: told.tally.count,
        excluded: told.tally.excluded,
        insufficient: told.is_insufficient(),
        value: told.value,
        p90: told.p90,
        drawn: told.drawn,
        mean: told.mean,
        points: small(told.points),
        restatements: shown.restated.iter().map(|one| restatement(one, sees_cases)).collect(),
        numerator_now: shown.now.sum,
        denominator_now: shown.now.count,
    }
}

fn restatement(row: &score_restatements::Model, sees_cases: bool) -> wire::Restatement {
    let case_id = if sees_cases { CaseId::new(row.case_id).to_string() } else { String::new() };
    wire::Restatement {
        at: Some(to_timestamp(Timestamp::from_micros(row.at))),
        case_id,
        cause: row.cause.clone(),
        numerator_before: row.total_before,
        denominator_before: row.counted_before,
        numerator_after: row.total_after,
        denominator_after: row.counted_after,
    }
}

/// The new flow against the old one, by both definitions.
pub fn flow(
    shown: &BTreeMap<Id, Shown>,
    baseline: Option<&score_baselines::Model>,
) -> Vec<wire::FlowComparison> {
    let old = |pick: fn(&score_baselines::Model) -> i64| baseline.map_or(0, pick);
    let definitions =
        [("gross", Id::FlowGross, old(|row| row.gross)), ("net", Id::FlowNet, old(|row| row.net))];
    let source = baseline.map(|row| row.source.clone()).unwrap_or_default();
    let compare = |(definition, id, baseline): (&str, Id, i64)| {
        let told = shown.get(&id).map(|shown| shown.told).unwrap_or_default();
        wire::FlowComparison {
            definition: definition.to_owned(),
            median: told.value,
            cases: told.tally.count,
            baseline,
            source: source.clone(),
            faster: faster(told.value, told.tally.count, baseline),
        }
    };
    definitions.into_iter().map(compare).collect()
}

/// By how much a median is below a baseline, in millionths of it; 0 where nothing can be said.
fn faster(median: i64, cases: i64, baseline: i64) -> i64 {
    if baseline <= 0 || cases < SAMPLE_MIN {
        return 0;
    }
    let saved = i128::from(baseline - median) * 1_000_000 / i128::from(baseline);
    i64::try_from(saved).unwrap_or_default()
}

/// A category on the wire; 0 for none.
pub fn category(category: Option<parasol_journey::vocab::Category>) -> i32 {
    category.map_or(0, |category| category.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_flow_is_faster_by_a_share_of_the_old_one_or_nothing_is_said() {
        assert_eq!(faster(50, 30, 100), 500_000);
        assert_eq!(faster(150, 30, 100), -500_000);
        assert_eq!(faster(50, 29, 100), 0, "too few cases");
        assert_eq!(faster(50, 30, 0), 0, "no baseline");
    }
}
