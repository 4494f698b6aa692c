//! Who may be sent on which day: the skill for the category, and the licences that its work wants. Pure.

use chrono::{Days as Many, NaiveDate};
use parasol_journey::vocab::Category;

use super::{Days, Licence, Skill};

/// Which categories want a licence, and why.
struct Rule {
    /// Its kind, as technicians' licences name it.
    kind: &'static str,
    /// The categories that want it.
    wanted_by: &'static [Category],
    /// Where the rule comes from.
    #[cfg_attr(not(test), expect(dead_code, reason = "written for those who read the table"))]
    source: &'static str,
}

/// The licences that work wants. What a category wants is the union of the rows it stands in.
const RULES: &[Rule] = &[
    Rule {
        kind: "electrician",
        wanted_by: Category::ALL,
        source: "work on mains current is an electrician's (特种作业目录: 电工作业); that it holds for every \
                 appliance is ours",
    },
    Rule {
        kind: "high_altitude",
        wanted_by: &[Category::AirConditioner],
        source: "outdoor units hang on walls, 2 m and more above ground (特种作业目录: 高处作业)",
    },
    Rule {
        kind: "gas",
        wanted_by: &[Category::WaterHeater, Category::RangeHood],
        source: "burners are worked on by certified fitters (燃气燃烧器具安装维修管理规定); that it holds for \
                 range hoods, which hang over them, is ours",
    },
];

/// Whether a technician may do a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualified {
    /// They may.
    Yes,
    /// They cannot do this category on that day.
    NoSkill,
    /// This licence is missing, or not valid on that day.
    NoLicence(&'static str),
}

/// The licences a category wants.
fn needed_licences(category: Category) -> impl Iterator<Item = &'static str> {
    RULES.iter().filter(move |rule| rule.wanted_by.contains(&category)).map(|rule| rule.kind)
}

/// Whether somebody with these skills and licences may do a job of a category on a Shanghai day.
pub fn qualified(
    category: Category,
    skills: &[Skill],
    licences: &[Licence],
    day: NaiveDate,
) -> Qualified {
    let of_category = skills.iter().filter(|skill| skill.category == category);
    if !of_category.map(skill_days).any(|days| days.hold(day)) {
        return Qualified::NoSkill;
    }
    let holds = |kind: &&'static str| {
        let of_kind = licences.iter().filter(|licence| licence.kind == **kind);
        of_kind.filter_map(licence_days).any(|days| days.hold(day))
    };
    match needed_licences(category).find(|kind| !holds(kind)) {
        Some(missing) => Qualified::NoLicence(missing),
        None => Qualified::Yes,
    }
}

/// The Shanghai days on which somebody with these skills and licences may do jobs, by category and begin.
pub fn certified(skills: &[Skill], licences: &[Licence]) -> Vec<(Category, Days)> {
    let mut certified = Vec::new();
    for skill in skills {
        let mut days = vec![skill_days(skill)];
        for kind in needed_licences(skill.category) {
            let of_kind = licences.iter().filter(|licence| licence.kind == kind);
            days = common(&days, &joined(of_kind.filter_map(licence_days).collect()));
        }
        certified.extend(days.into_iter().map(|days| (skill.category, days)));
    }
    certified
}

fn skill_days(skill: &Skill) -> Days {
    Days::of(&skill.valid_from, &skill.valid_until)
}

/// A licence has a last day; one that cannot be read is none.
fn licence_days(licence: &Licence) -> Option<Days> {
    let days = Days::of(&licence.valid_from, &licence.valid_until);
    days.until.is_some().then_some(days)
}

/// The same days in their order, those that overlap or touch in one piece.
fn joined(mut all: Vec<Days>) -> Vec<Days> {
    all.sort_by_key(|days| days.from);
    let mut joined: Vec<Days> = Vec::new();
    for days in all {
        match joined.last_mut() {
            Some(last) if touch(last, &days) => {
                last.until = last.until.and_then(|until| Some(until.max(days.until?)));
            }
            _ => joined.push(days),
        }
    }
    joined
}

/// Whether days that begin no earlier go on where others end.
fn touch(before: &Days, after: &Days) -> bool {
    match (before.until, after.from) {
        (Some(until), Some(from)) => {
            until.checked_add_days(Many::new(1)).is_none_or(|next| from <= next)
        }
        _ => true,
    }
}

/// The days that are among both.
fn common(these: &[Days], those: &[Days]) -> Vec<Days> {
    let both = |(a, b): (&Days, &Days)| {
        let until = [a.until, b.until].into_iter().flatten().min();
        let days = Days { from: a.from.max(b.from), until };
        let is_any = days.from.zip(days.until).is_none_or(|(from, until)| from <= until);
        is_any.then_some(days)
    };
    these.iter().flat_map(|a| those.iter().map(move |b| (a, b))).filter_map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
    }

    fn skill(category: Category) -> Skill {
        Skill { category, level: 1, valid_from: String::new(), valid_until: String::new() }
    }

    fn licence(kind: &str, valid_from: &str, valid_until: &str) -> Licence {
        let (valid_from, valid_until) = (valid_from.to_owned(), valid_until.to_owned());
        Licence { kind: kind.into(), number: "1".into(), valid_from, valid_until }
    }

    #[test]
    fn every_rule_says_where_it_comes_from() {
        for rule in RULES {
            assert!(!rule.wanted_by.is_empty() && rule.source.len() > 20, "{}", rule.kind);
        }
        let cooler: Vec<_> = needed_licences(Category::AirConditioner).collect();
        assert_eq!(cooler, ["electrician", "high_altitude"]);
        let heater: Vec<_> = needed_licences(Category::WaterHeater).collect();
        assert_eq!(heater, ["electrician", "gas"]);
    }

    #[test]
    fn a_skill_and_every_needed_licence_from_the_first_day_to_the_last() {
        let cooler = Category::AirConditioner;
        let skills = [Skill { valid_from: "2026-06-02".into(), ..skill(cooler) }];
        let licences = [
            licence("electrician", "", "2026-06-08"),
            licence("high_altitude", "2026-06-03", "2026-06-30"),
        ];
        let ask = |licences: &[Licence], on| qualified(cooler, &skills, licences, day(on));
        let table = [
            ("2026-06-01", Qualified::NoSkill),
            ("2026-06-02", Qualified::NoLicence("high_altitude")),
            ("2026-06-03", Qualified::Yes),
            ("2026-06-08", Qualified::Yes),
            ("2026-06-09", Qualified::NoLicence("electrician")),
        ];
        for (on, expected) in table {
            assert_eq!(ask(&licences, on), expected, "{on}");
        }
        assert_eq!(ask(&licences[..1], "2026-06-08"), Qualified::NoLicence("high_altitude"));
        let fan = qualified(Category::Fan, &skills, &licences, day("2026-06-08"));
        assert_eq!(fan, Qualified::NoSkill);
    }

    #[test]
    fn certified_days_are_those_on_which_one_is_qualified() {
        let skills = [
            skill(Category::AirConditioner),
            Skill { valid_until: "2026-06-12".into(), ..skill(Category::Fan) },
        ];
        let licences = [
            licence("electrician", "2026-06-11", "2026-06-20"),
            licence("electrician", "", "2026-06-05"),
            licence("electrician", "2026-06-04", "2026-06-08"),
            licence("electrician", "2026-06-09", "2026-06-09"),
            licence("high_altitude", "2026-06-03", "2026-06-30"),
            licence("gas", "", "some day"),
        ];
        let certified = certified(&skills, &licences);
        let pieces = |category| certified.iter().filter(|(one, _)| *one == category).count();
        assert_eq!((pieces(Category::AirConditioner), pieces(Category::Fan)), (2, 2));
        for category in [Category::AirConditioner, Category::Fan, Category::WaterHeater] {
            for on in day("2026-05-25").iter_days().take(40) {
                let may = certified.iter().any(|(one, days)| *one == category && days.hold(on));
                let expected = qualified(category, &skills, &licences, on) == Qualified::Yes;
                assert_eq!(may, expected, "{category} on {on}");
            }
        }
        let whole = [licence("electrician", "", "2026-06-05")];
        let expected = Days::of("", "2026-06-05");
        assert_eq!(super::certified(&[skill(Category::Fan)], &whole), [(Category::Fan, expected)]);
    }
}
