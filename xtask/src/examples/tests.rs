use std::collections::{BTreeMap, BTreeSet};

use parasol_journey::ids::{BrandId, CentreId, County, OrderLineId, Serial, Sku, TechnicianId};
use parasol_journey::time::Timestamp;
use parasol_journey::vocab::{CaseKind, Category, Promise, Remedy};

use super::filings::{NO_REASON, ROUNDS};
use super::network::SUNDAY_CLOSED_EVERY;
use super::orders::{AGES, DEMO_START, ORDERS};
use super::places::UNSERVED;
use super::rows::{Centre, Story};
use super::*;

fn examples() -> Examples {
    Examples::make(SEED).unwrap()
}

/// All values are there once.
fn unique<'a>(values: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    for value in values {
        assert!(seen.insert(value), "{value} is there twice");
    }
    seen
}

fn covers(centre: &Centre, county: &str, category: &str) -> bool {
    let here = centre.coverage.iter().find(|coverage| coverage.county == county);
    here.is_some_and(|coverage| coverage.categories.contains(&category))
}

#[test]
fn the_files_in_the_tree_are_the_ones_the_generator_makes() {
    check().unwrap();
}

#[test]
fn one_seed_makes_one_set_of_bytes() {
    let again = files(&examples()).unwrap();
    assert_eq!(files(&examples()).unwrap(), again);
    let other = files(&Examples::make(SEED + 1).unwrap()).unwrap();
    let changed = again.iter().zip(&other).filter(|(one, two)| one.1 != two.1).count();
    assert!(changed >= 4, "another seed changed only {changed} files");
}

#[test]
fn the_counts_are_what_the_product_promises() {
    let examples = examples();
    assert!(examples.brands.len() >= 4);
    assert!(examples.centres.len() >= 40);
    assert!(examples.technicians.len() >= 300);
    assert_eq!(examples.orders.len(), ORDERS);
    assert_eq!(examples.filings.len(), ROUNDS * Story::ALL.len() + NO_REASON);
    let provinces: BTreeSet<&str> = examples.centres.iter().map(|c| &c.county[..2]).collect();
    assert!(provinces.is_superset(&BTreeSet::from(["11", "31", "33", "37"])), "{provinces:?}");
    assert!(provinces.len() >= 6);
}

#[test]
fn the_page_for_readers_states_the_true_counts() {
    let page = fs::read_to_string(folder().join("README.md")).unwrap();
    let examples = examples();
    for (count, what) in [
        (examples.brands.len(), "brands"),
        (examples.counties.len(), "counties"),
        (examples.centres.len(), "service centres"),
        (examples.technicians.len(), "technicians"),
        (examples.skus.len(), "models"),
        (examples.filings.len(), "filings"),
    ] {
        assert!(page.contains(&format!(" {count} {what}")), "{count} {what}");
    }
    for county in UNSERVED {
        assert!(page.contains(county), "{county}");
    }
}

#[test]
fn the_words_are_the_product_s() {
    let examples = examples();
    let sold: BTreeSet<Option<Category>> =
        examples.skus.iter().map(|sku| Category::parse(sku.category)).collect();
    assert_eq!(sold, Category::ALL.iter().copied().map(Some).collect());
    let promises = orders::PROMISES.map(|(promise, _)| Promise::parse(promise));
    assert!(promises.iter().copied().eq(Promise::ALL.iter().copied().map(Some)));
    for filing in &examples.filings {
        assert!(CaseKind::parse(filing.kind).is_some() && Remedy::parse(filing.wants).is_some());
    }
}

#[test]
fn ids_are_valid_and_unique() {
    let examples = examples();
    let ids = |list: BTreeSet<&str>, valid: fn(&str) -> bool| {
        for id in list {
            assert!(valid(id), "{id} is not a valid id");
        }
    };
    let Examples { brands, centres, counties, technicians, skus, orders, .. } = &examples;
    ids(unique(brands.iter().map(|b| &*b.brand)), |id| id.parse::<BrandId>().is_ok());
    ids(unique(centres.iter().map(|c| &*c.centre)), |id| id.parse::<CentreId>().is_ok());
    ids(unique(counties.iter().map(|c| &*c.county)), |id| id.parse::<County>().is_ok());
    ids(unique(technicians.iter().map(|t| &*t.technician)), |id| {
        id.parse::<TechnicianId>().is_ok()
    });
    ids(unique(skus.iter().map(|s| &*s.sku)), |id| id.parse::<Sku>().is_ok());
    ids(unique(orders.iter().map(|o| &*o.order_line)), |id| id.parse::<OrderLineId>().is_ok());
    ids(unique(orders.iter().map(|o| &*o.serial)), |id| id.parse::<Serial>().is_ok());
    unique(technicians.iter().map(|t| &*t.phone));
    unique(technicians.iter().flat_map(|t| &t.certificates).map(|c| &*c.number));
}

#[test]
fn every_reference_leads_somewhere() {
    let examples = examples();
    let brands = unique(examples.brands.iter().map(|brand| &*brand.brand));
    let centres = unique(examples.centres.iter().map(|centre| &*centre.centre));
    let counties = unique(examples.counties.iter().map(|county| &*county.county));
    let skus = unique(examples.skus.iter().map(|sku| &*sku.sku));
    let orders = unique(examples.orders.iter().map(|order| &*order.order_line));
    for centre in &examples.centres {
        assert!(brands.contains(&*centre.brand));
        assert!(counties.contains(&*centre.county));
        assert!(centre.coverage.iter().all(|coverage| counties.contains(&*coverage.county)));
    }
    assert!(examples.technicians.iter().all(|technician| centres.contains(&*technician.centre)));
    assert!(examples.skus.iter().all(|sku| brands.contains(&*sku.brand)));
    for order in &examples.orders {
        assert!(skus.contains(&*order.sku), "{}", order.sku);
        assert!(counties.contains(&*order.customer.county), "{}", order.customer.county);
    }
    let filed = unique(examples.filings.iter().map(|filing| &*filing.order_line));
    assert!(filed.is_subset(&orders));
}

#[test]
fn every_address_has_two_centres_or_is_one_of_the_documented_few() {
    let examples = examples();
    let mut unserved = BTreeSet::new();
    for order in &examples.orders {
        let sku = examples.skus.iter().find(|sku| sku.sku == order.sku).unwrap();
        let county = order.customer.county.as_str();
        let centres = examples
            .centres
            .iter()
            .filter(|centre| centre.brand == sku.brand && covers(centre, county, sku.category));
        match centres.count() {
            0 => assert!(unserved.insert(county) || UNSERVED.contains(&county), "{county}"),
            1 => panic!("{} has a single centre in {county}", sku.sku),
            _ => {}
        }
    }
    assert_eq!(unserved, BTreeSet::from(UNSERVED));
}

#[test]
fn three_technicians_of_each_category_work_every_weekday() {
    let examples = examples();
    let mut on_shift: BTreeMap<(&str, &str, u8), usize> = BTreeMap::new();
    for technician in &examples.technicians {
        for skill in &technician.skills {
            assert!((1..=3).contains(&skill.level));
            for shift in &technician.shifts {
                let key = (&*technician.centre, skill.category, shift.weekday);
                *on_shift.entry(key).or_default() += 1;
            }
        }
    }
    let mut closed_on_sunday = BTreeSet::new();
    for centre in &examples.centres {
        let categories = centre.coverage.iter().flat_map(|coverage| &coverage.categories);
        for (category, weekday) in categories.flat_map(|c| (1..=7).map(|weekday| (*c, weekday))) {
            match on_shift.get(&(&*centre.centre, category, weekday)).copied().unwrap_or(0) {
                0 if weekday == 7 => {
                    closed_on_sunday.insert(&*centre.centre);
                }
                count => assert!(count >= 3, "{} {category} {weekday}: {count}", centre.centre),
            }
            assert!(centre.daily_capacity[&category] > 0);
        }
    }
    assert_eq!(closed_on_sunday.len(), examples.centres.len() / SUNDAY_CLOSED_EVERY);
}

#[test]
fn people_have_phones_of_valid_form_that_nobody_has() {
    let examples = examples();
    let mut owners = BTreeMap::new();
    let mut units: BTreeMap<&str, usize> = BTreeMap::new();
    for order in &examples.orders {
        let customer = &order.customer;
        assert!(customer.phone.len() == 11 && customer.phone.starts_with("1990000"));
        let known = owners.entry(&*customer.phone).or_insert(customer);
        assert_eq!((&known.customer, &known.address), (&customer.customer, &customer.address));
        *units.entry(&customer.customer).or_default() += 1;
    }
    assert!(units.values().filter(|count| **count > 1).count() >= 100);
}

#[test]
fn units_of_every_age_were_delivered_before_the_demo_starts() {
    let examples = examples();
    let demo_start = Timestamp::parse(DEMO_START).unwrap();
    let mut ages: BTreeMap<i64, usize> = BTreeMap::new();
    for order in &examples.orders {
        let delivered = Timestamp::parse(&order.delivered_at).unwrap();
        assert!(order.price_fen > 0 && delivered < demo_start);
        if let Some(installed) = &order.installed_at {
            let installed = Timestamp::parse(installed).unwrap();
            assert!(delivered < installed && installed < demo_start);
        }
        let days = parasol_journey::calendar::day_number(delivered, demo_start);
        *ages.entry(days).or_default() += 1;
    }
    for age in AGES {
        assert!(ages[&age] >= 50, "{age} days: {}", ages[&age]);
    }
}

#[test]
fn every_filing_has_the_facts_of_its_story() {
    let examples = examples();
    let mut stories: BTreeMap<Story, usize> = BTreeMap::new();
    for filing in &examples.filings {
        let order =
            examples.orders.iter().find(|order| order.order_line == filing.order_line).unwrap();
        let facts = filings::facts(order, &examples.skus, &examples.centres).unwrap();
        let (age, centres) = (facts.age, facts.centres);
        assert!(centres >= 2, "{}", filing.order_line);
        let natural = match filing.story {
            Story::Refund => age <= 7 && filing.wants == "refund",
            Story::Replace => (8..=180).contains(&age) && filing.wants == "replace",
            Story::Repair | Story::NoShow => (31..=365).contains(&age),
            Story::DeclineCascade => centres >= 3,
            Story::Dispute => (31..180).contains(&age),
        };
        assert!(natural, "{:?} at {age} days: {}", filing.story, filing.order_line);
        *stories.entry(filing.story).or_default() += usize::from(filing.kind == "quality");
    }
    assert_eq!(stories, Story::ALL.map(|story| (story, ROUNDS)).into());
    let first_six: Vec<Story> = examples.filings.iter().take(6).map(|f| f.story).collect();
    assert_eq!(first_six, Story::ALL);
}

#[test]
fn each_bad_line_is_bad_in_its_own_way_only() {
    let bad: BTreeMap<String, Vec<u8>> =
        bad::files(&examples().orders).unwrap().into_iter().collect();
    let lines: Vec<&[u8]> = bad["bad/orders.jsonl"].split(|byte| *byte == b'\n').collect();
    let json = |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line);
    assert_eq!(lines.len(), 15, "fourteen lines and the end of the last");
    let malformed: Vec<usize> = (0..14).filter(|index| json(lines[*index]).is_err()).collect();
    assert_eq!(malformed, [6]);
    assert_eq!(lines[0], lines[5]);
    assert_eq!(json(lines[0]).unwrap()["serial"], json(lines[3]).unwrap()["serial"]);
    assert!(json(lines[7]).unwrap().get("price_fen").is_none());
    let not_utf8 = &bad["bad/orders-not-utf8.jsonl"];
    let broken = not_utf8.split(|byte| *byte == b'\n').map(std::str::from_utf8);
    assert_eq!(broken.map(|line| line.is_err()).collect::<Vec<_>>(), [false, true, false, false]);
}
