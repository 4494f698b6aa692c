//! The service network: brands, centres with their coverage, technicians with their shifts.
//!
//! Two promises are kept by construction and tested: every served county has at least two centres
//! of every brand sold there, for every category of the brand; and every centre has at least three
//! technicians of each category it covers on every weekday, apart from centres closed on Sundays.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::goods::{AIR_CONDITIONER, Category, MAKERS, Maker, RANGE_HOOD, WATER_HEATER};
use super::people;
use super::places::{City, County};
use super::rows::{
    self, Brand, Centre, Certificate, Coverage, Deposit, Opening, Place, Shift, Skill, Technician,
};

/// Every so-many-th centre is closed on Sundays.
pub(super) const SUNDAY_CLOSED_EVERY: usize = 16;
/// What each centre has left with the platform, in fen.
const DEPOSIT_FEN: i64 = 2_000_000;
/// Technicians who are skilled in everything their centre does; with distinct days off, four leave
/// at least three at work every day.
const CORE_TECHNICIANS: usize = 4;
/// Further technicians, with fewer skills, at the first centre of each brand and city.
const EXTRA_TECHNICIANS: usize = 2;

/// The brands, as rows.
pub(super) fn brands() -> Vec<Brand> {
    MAKERS
        .iter()
        .map(|maker| Brand {
            brand: maker.id.to_owned(),
            name_zh: maker.name_zh.to_owned(),
            name_en: maker.name_en.to_owned(),
            mode: maker.mode,
            hotline: maker.hotline.to_owned(),
            valid_from: "2020-01-01",
        })
        .collect()
}

/// The counties, as rows.
pub(super) fn county_rows(counties: &[County]) -> Vec<rows::County> {
    counties
        .iter()
        .map(|county| rows::County {
            county: county.code.to_owned(),
            province_zh: county.province_zh.to_owned(),
            province_en: county.province_en.to_owned(),
            city_zh: county.city_zh.to_owned(),
            county_zh: county.county_zh.to_owned(),
            county_en: county.county_en.to_owned(),
            lat: county.lat,
            lon: county.lon,
        })
        .collect()
}

/// The centres, by brand and then by city.
pub(super) fn centres(cities: &[City], rng: &mut ChaCha8Rng) -> Vec<Centre> {
    let mut centres = Vec::new();
    for (maker_number, maker) in MAKERS.iter().enumerate() {
        for city in cities.iter().filter(|city| maker.cities.contains(&city.code)) {
            for number in 0..maker.centres_per_city {
                // Neighbouring brands and the centres of one brand sit in different counties.
                let home = (maker_number + 2 * number) % city.served.len();
                let phone = format!("400-0000-{:04}", 2_000 + centres.len());
                let mut made = centre(maker, city, number, home, phone, rng);
                made.hours = hours(closed_on_sunday(centres.len()));
                centres.push(made);
            }
        }
    }
    centres
}

fn centre(
    maker: &Maker,
    city: &City,
    number: usize,
    home: usize,
    phone: String,
    rng: &mut ChaCha8Rng,
) -> Centre {
    let county = &city.served[home];
    let coverage = coverage(maker, city, number, home);
    let categories = coverage.first().map(|first| first.categories.clone()).unwrap_or_default();
    let short_county = county.county_en.split(' ').next().unwrap_or_default();
    Centre {
        centre: format!("{}-{}-{:02}", maker.id, county.city_en.to_lowercase(), number + 1),
        brand: maker.id.to_owned(),
        name_zh: format!("{}{}{}服务网点", maker.name_zh, county.city_zh, county.county_zh),
        name_en: format!("{} {} {short_county} centre", maker.name_en, county.city_en),
        phone,
        county: county.code.to_owned(),
        address: people::street(county, rng),
        lat: near(county.lat, rng),
        lon: near(county.lon, rng),
        coverage,
        daily_capacity: categories
            .into_iter()
            .map(|category| (category, rng.random_range(8..=18)))
            .collect(),
        hours: hours(false),
        deposit: Deposit { required_fen: DEPOSIT_FEN, paid_fen: DEPOSIT_FEN },
    }
}

/// Whether the so-many-th centre is closed on Sundays.
fn closed_on_sunday(number: usize) -> bool {
    number % SUNDAY_CLOSED_EVERY == SUNDAY_CLOSED_EVERY - 1
}

/// Every day, or every day but Sunday.
fn hours(closed_on_sunday: bool) -> Vec<Opening> {
    let days = if closed_on_sunday { 1..=6 } else { 1..=7 };
    days.map(|weekday| Opening { weekday, from: "08:00", to: "20:00" }).collect()
}

/// The first two centres cover the whole city; a third covers its own county and the two after it,
/// without the brand's last category.
fn coverage(maker: &Maker, city: &City, number: usize, home: usize) -> Vec<Coverage> {
    let whole = number < 2;
    let counties = if whole { city.served.len() } else { 3.min(city.served.len()) };
    let categories = if whole {
        maker.categories
    } else {
        &maker.categories[..maker.categories.len().saturating_sub(1).max(1)]
    };
    (0..counties)
        .map(|step| Coverage {
            county: city.served[(home + step) % city.served.len()].code.to_owned(),
            categories: categories.to_vec(),
        })
        .collect()
}

/// A place within about two kilometres.
pub(super) fn place_near((lat, lon): (f64, f64), rng: &mut ChaCha8Rng) -> Place {
    Place { lat: near(lat, rng), lon: near(lon, rng) }
}

/// A point within about two kilometres, to four decimals.
fn near(degrees: f64, rng: &mut ChaCha8Rng) -> f64 {
    let ten_thousandths = (degrees * 10_000.0).round() + f64::from(rng.random_range(-200..=200));
    ten_thousandths / 10_000.0
}

/// The technicians, by centre.
pub(super) fn technicians(
    centres: &[Centre],
    rng: &mut ChaCha8Rng,
    places: &mut ChaCha8Rng,
) -> Vec<Technician> {
    let mut technicians = Vec::new();
    for (number, centre) in centres.iter().enumerate() {
        let closed_on_sunday = closed_on_sunday(number);
        let extra = if centre.centre.ends_with("-01") { EXTRA_TECHNICIANS } else { 0 };
        let first_day_off = rng.random_range(0..7);
        for place in 0..CORE_TECHNICIANS + extra {
            let day_off =
                if closed_on_sunday { 7 } else { ((first_day_off + place) % 7) as u8 + 1 };
            let number = technicians.len();
            let home = place_near((centre.lat, centre.lon), places);
            technicians.push(technician(centre, (place, number, day_off), home, rng));
        }
    }
    technicians
}

fn technician(
    centre: &Centre,
    (place, number, day_off): (usize, usize, u8),
    home: Place,
    rng: &mut ChaCha8Rng,
) -> Technician {
    let core = place < CORE_TECHNICIANS;
    let all: Vec<Category> = centre.daily_capacity.keys().copied().collect();
    let categories = if core { all } else { all[..1].to_vec() };
    let certificates = certificates(&categories, number, core, rng);
    Technician {
        technician: format!("{}-t{}", centre.centre, place + 1),
        centre: centre.centre.clone(),
        name: people::name(rng),
        phone: people::technician_phone(number),
        skills: categories
            .into_iter()
            .map(|category| Skill {
                category,
                level: if place == 0 { 3 } else { rng.random_range(1..=3) },
            })
            .collect(),
        certificates,
        shifts: shifts(place, day_off),
        home,
    }
}

fn certificates(
    categories: &[Category],
    number: usize,
    core: bool,
    rng: &mut ChaCha8Rng,
) -> Vec<Certificate> {
    let covers = |wanted: &[Category]| categories.iter().any(|one| wanted.contains(one));
    let mut kinds = vec!["electrician"];
    if covers(&[AIR_CONDITIONER]) {
        kinds.push("high_altitude");
    }
    if covers(&[WATER_HEATER, RANGE_HOOD]) {
        kinds.push("gas");
    }
    kinds
        .into_iter()
        .map(|kind| {
            // Some of the technicians beyond the core have let theirs lapse.
            let year =
                if core || rng.random_bool(0.8) { rng.random_range(2027..=2029) } else { 2025 };
            let (month, day) = (rng.random_range(1..=12), rng.random_range(1..=28));
            let letter = kind.as_bytes()[0].to_ascii_uppercase() as char;
            Certificate {
                kind,
                number: format!("{letter}-{}-{number:06}", year - 6),
                valid_until: format!("{year}-{month:02}-{day:02}"),
            }
        })
        .collect()
}

/// Six days a week, early or late.
fn shifts(place: usize, day_off: u8) -> Vec<Shift> {
    let (from, to, break_from, break_to) = if place.is_multiple_of(2) {
        ("08:30", "17:30", "12:00", "13:00")
    } else {
        ("10:00", "19:00", "13:00", "14:00")
    };
    (1..=7)
        .filter(|weekday| *weekday != day_off)
        .map(|weekday| Shift { weekday, from, to, break_from, break_to })
        .collect()
}
