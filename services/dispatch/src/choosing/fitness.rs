//! Why a centre cannot have the work, whatever its day has brought. Pure.

use parasol_journey::time::Timestamp;
use parasol_journey::vocab::Category;

use super::Unfit;
use crate::network::{BrandFacts, Days, Opening, Served, Site, Stop, opening};

/// The first reason why a centre cannot have work of a category in a county; what it does there for the
/// category, if anything.
pub fn barred<'a>(
    stop: &'a Stop,
    brand: &BrandFacts,
    category: Category,
    now: Timestamp,
) -> (Option<Unfit>, Option<&'a Served>) {
    let served = stop.serves.iter().find(|served| served.category == category);
    let day = now.shanghai_day();
    let site = &*stop.site;
    let because = if brand.suspended {
        Some(Unfit::BrandSuspended)
    } else if !brand.valid.hold(day) {
        Some(Unfit::BrandNotValid)
    } else if site.suspended {
        Some(Unfit::CentreSuspended)
    } else if !site.valid.hold(day) {
        Some(Unfit::CentreNotValid)
    } else {
        match served {
            None => Some(Unfit::CategoryNotServed),
            Some(served) if !served.valid.hold(day) => Some(Unfit::CoverageNotValid),
            Some(served) if served.visits == 0 => Some(Unfit::NoCapacity),
            Some(_) => not_ready(site, category, now),
        }
    };
    (because, served)
}

fn not_ready(site: &Site, category: Category, now: Timestamp) -> Option<Unfit> {
    if site.deposit_short {
        return Some(Unfit::DepositShort);
    }
    let day = now.shanghai_day();
    let may = |certified: &[(_, _)]| {
        certified.iter().any(|(known, days): &(_, Days)| *known == category && days.hold(day))
    };
    let mut certified = site.people.iter().filter(|person| may(&person.certified)).peekable();
    if certified.peek().is_none() {
        return Some(Unfit::NobodyCertified);
    }
    match opening(&site.hours, &site.away, now) {
        Opening::Closed => return Some(Unfit::Closed),
        Opening::Away => return Some(Unfit::Away),
        Opening::Open => {}
    }
    let comes = certified.any(|person| opening(&[], &person.away, now) == Opening::Open);
    (!comes).then_some(Unfit::Away)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::network::{OpeningHours, Person};

    const FRIDGE: Category = Category::Refrigerator;

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-08T09:30:00+08:00").unwrap()
    }

    fn person() -> Person {
        Person { certified: vec![(FRIDGE, Days::of("", "2026-06-08"))], away: Vec::new() }
    }

    fn site() -> Site {
        Site {
            centre: "a-1".parse().unwrap(),
            county: "330106".into(),
            place: (0, 0),
            valid: Days::default(),
            hours: Vec::new(),
            away: Vec::new(),
            deposit_short: false,
            score: 0,
            suspended: false,
            people: vec![person()],
        }
    }

    fn served() -> Served {
        Served { category: FRIDGE, visits: 2, valid: Days::default() }
    }

    fn brand() -> BrandFacts {
        BrandFacts { suspended: false, valid: Days::default(), served_by: Vec::new() }
    }

    fn of(site: Site, served: Served, brand: &BrandFacts) -> Option<Unfit> {
        let stop = Stop { site: Arc::new(site), serves: vec![served] };
        barred(&stop, brand, FRIDGE, now()).0
    }

    #[test]
    fn every_bar_has_its_reason() {
        let over = Days::of("", "2026-06-07");
        let both = Days::of("2026-06-08", "2026-06-09");
        assert_eq!(of(site(), served(), &brand()), None);
        let suspended = BrandFacts { suspended: true, ..brand() };
        assert_eq!(of(site(), served(), &suspended), Some(Unfit::BrandSuspended));
        let ended = BrandFacts { valid: over, ..brand() };
        assert_eq!(of(site(), served(), &ended), Some(Unfit::BrandNotValid));
        let wednesdays =
            vec![OpeningHours { weekday: 3, from: "08:00".into(), to: "18:00".into() }];
        let lapsed = Person { certified: vec![(FRIDGE, Days::of("", "2026-06-07"))], ..person() };
        let ill = Person { away: vec![both], ..person() };
        #[rustfmt::skip]
        let table = [
            (Site { suspended: true, ..site() },                Unfit::CentreSuspended),
            (Site { valid: over, ..site() },                    Unfit::CentreNotValid),
            (Site { deposit_short: true, ..site() },            Unfit::DepositShort),
            (Site { people: Vec::new(), ..site() },             Unfit::NobodyCertified),
            (Site { people: vec![lapsed.clone()], ..site() },   Unfit::NobodyCertified),
            (Site { hours: wednesdays, ..site() },              Unfit::Closed),
            (Site { away: vec![both], ..site() },               Unfit::Away),
            (Site { people: vec![lapsed, ill.clone()], ..site() }, Unfit::Away),
        ];
        for (site, expected) in table {
            assert_eq!(of(site.clone(), served(), &brand()), Some(expected), "{site:?}");
        }
        assert_eq!(of(Site { people: vec![ill, person()], ..site() }, served(), &brand()), None);
        let later = Served { valid: Days::of("2026-06-09", ""), ..served() };
        assert_eq!(of(site(), later, &brand()), Some(Unfit::CoverageNotValid));
        let none = Served { visits: 0, ..served() };
        assert_eq!(of(site(), none, &brand()), Some(Unfit::NoCapacity));
        let other = Served { category: Category::Fan, ..served() };
        assert_eq!(of(site(), other, &brand()), Some(Unfit::CategoryNotServed));
    }
}
