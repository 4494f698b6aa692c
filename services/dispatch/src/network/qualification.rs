//! Who may be sent: the skill for the category, and the licences the trade wants.

use chrono::NaiveDate;
use parasol_journey::vocab::Category;

use super::{Licence, Skill};

/// Whether a technician may do a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualified {
    /// They may.
    Yes,
    /// They cannot do this category.
    NoSkill,
    /// This licence is missing, or was valid until an earlier day.
    NoLicence(&'static str),
}

/// The licences a category wants. Work on mains current is an electrician's (特种作业), outdoor units hang
/// at height, and water heaters and range hoods stand beside gas. Ours, after the practice that
/// technicians' certificates for electricity, height and gas are tracked.
pub fn needed_licences(category: Category) -> &'static [&'static str] {
    match category {
        Category::AirConditioner => &["electrician", "high_altitude"],
        Category::WaterHeater | Category::RangeHood => &["electrician", "gas"],
        _ => &["electrician"],
    }
}

/// Whether somebody with these skills and licences may do a job of a category on a Shanghai day.
pub fn qualified(
    category: Category,
    skills: &[Skill],
    licences: &[Licence],
    day: NaiveDate,
) -> Qualified {
    if !skills.iter().any(|skill| skill.category == category) {
        return Qualified::NoSkill;
    }
    let holds = |kind: &&'static str| {
        licences.iter().filter(|licence| licence.kind == **kind).any(|licence| {
            let last = NaiveDate::parse_from_str(&licence.valid_until, "%Y-%m-%d");
            last.is_ok_and(|last| day <= last)
        })
    };
    match needed_licences(category).iter().find(|kind| !holds(kind)) {
        Some(missing) => Qualified::NoLicence(missing),
        None => Qualified::Yes,
    }
}

/// The last Shanghai day on which somebody with these skills and licences may do jobs of a category;
/// nothing when they may not at all.
pub fn certified_until(
    category: Category,
    skills: &[Skill],
    licences: &[Licence],
) -> Option<NaiveDate> {
    if !skills.iter().any(|skill| skill.category == category) {
        return None;
    }
    let last_day = |kind: &&'static str| {
        let of_kind = licences.iter().filter(|licence| licence.kind == **kind);
        of_kind
            .filter_map(|licence| NaiveDate::parse_from_str(&licence.valid_until, "%Y-%m-%d").ok())
            .max()
    };
    let last_days: Vec<_> = needed_licences(category).iter().map(last_day).collect();
    last_days.into_iter().collect::<Option<Vec<_>>>()?.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
    }

    fn licence(kind: &str, valid_until: &str) -> Licence {
        Licence { kind: kind.into(), number: "1".into(), valid_until: valid_until.into() }
    }

    #[test]
    fn a_skill_and_every_needed_licence_to_its_last_day() {
        let skills = [Skill { category: Category::AirConditioner, level: 1 }];
        let licences =
            [licence("electrician", "2026-06-08"), licence("high_altitude", "2026-06-30")];
        let ask =
            |category, licences: &[Licence], on| qualified(category, &skills, licences, day(on));
        let cooler = Category::AirConditioner;
        assert_eq!(ask(cooler, &licences, "2026-06-08"), Qualified::Yes);
        assert_eq!(ask(cooler, &licences, "2026-06-09"), Qualified::NoLicence("electrician"));
        let one = Qualified::NoLicence("high_altitude");
        assert_eq!(ask(cooler, &licences[..1], "2026-06-08"), one);
        assert_eq!(ask(Category::Fan, &licences, "2026-06-08"), Qualified::NoSkill);
        let renewed = [licence("electrician", "2025-01-01"), licences[0].clone()];
        let fan = [Skill { category: Category::Fan, level: 1 }];
        let today = day("2026-06-08");
        assert_eq!(qualified(Category::Fan, &fan, &renewed, today), Qualified::Yes);
    }

    #[test]
    fn the_last_certified_day_is_the_last_on_which_one_is_qualified() {
        let skills = [
            Skill { category: Category::AirConditioner, level: 1 },
            Skill { category: Category::Fan, level: 1 },
        ];
        let licences = [
            licence("electrician", "2025-01-01"),
            licence("electrician", "2026-06-08"),
            licence("high_altitude", "2026-06-05"),
        ];
        for category in [Category::AirConditioner, Category::Fan] {
            let last = certified_until(category, &skills, &licences).unwrap();
            assert_eq!(qualified(category, &skills, &licences, last), Qualified::Yes);
            let after = last.succ_opt().unwrap();
            assert_ne!(qualified(category, &skills, &licences, after), Qualified::Yes);
        }
        assert_eq!(certified_until(Category::Television, &skills, &licences), None);
        assert_eq!(certified_until(Category::AirConditioner, &skills, &licences[..2]), None);
    }
}
