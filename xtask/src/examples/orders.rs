//! What was sold, to whom, and how long ago, counted back from the demo's first instant.

use chrono::{DateTime, Duration, FixedOffset, NaiveTime};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::goods::{Model, seller_installs};
use super::network::place_near;
use super::people;
use super::places::City;
use super::rows::{Customer, Order, Sku};

/// The instant at which the demo starts on its own clock.
pub(super) const DEMO_START: &str = "2026-06-08T09:30:00+08:00";
/// How many order lines there are.
pub(super) const ORDERS: usize = 2_000;
/// Ages in days at which units are plentiful: each lies in another period of the rules.
pub(super) const AGES: [i64; 9] = [3, 5, 10, 20, 60, 120, 200, 400, 900];
/// The oldest other unit, in days.
const AGE_MAX: i64 = 1_200;

/// An instant on a Shanghai wall clock.
type Instant = DateTime<FixedOffset>;

/// The promises and how many in a hundred order lines carry each, in the product's words.
pub(super) const PROMISES: [(&str, u32); 7] = [
    ("return_30", 50),
    ("replace_only_180", 35),
    ("insurance_365", 8),
    ("extended_warranty", 15),
    ("five_working_days", 50),
    ("hundred_minutes", 3),
    ("freight_insurance", 40),
];

/// The demo's first instant.
pub(super) fn demo_start() -> Instant {
    DateTime::parse_from_rfc3339(DEMO_START).expect("the constant is RFC 3339")
}

/// The models, as rows.
pub(super) fn skus(models: &[Model]) -> Vec<Sku> {
    models
        .iter()
        .map(|model| Sku {
            sku: model.sku.to_owned(),
            brand: model.maker.id.to_owned(),
            category: model.category,
            model: model.sku[4..].to_owned(),
            name_zh: format!("{}{}", model.maker.name_zh, model.name_zh),
            name_en: format!("{} {}", model.maker.name_en, model.name_en),
            seller_installs: seller_installs(model.category),
        })
        .collect()
}

/// The order lines, in no particular order of time.
pub(super) fn orders(
    models: &[Model],
    cities: &[City],
    rng: &mut ChaCha8Rng,
    places: &mut ChaCha8Rng,
) -> Vec<Order> {
    let mut buyers: Vec<(Customer, &City)> = Vec::new();
    let mut orders = Vec::with_capacity(ORDERS);
    for number in 0..ORDERS {
        // One order in three is by somebody who bought before.
        let known = buyers.len() >= 50 && rng.random_bool(0.35);
        let index = if known { rng.random_range(0..buyers.len()) } else { buyers.len() };
        if !known {
            buyers.push(buyer(cities, index, rng, places));
        }
        let (customer, city) = &buyers[index];
        orders.push(order(number, models, (customer, city), rng));
    }
    orders
}

fn buyer<'a>(
    cities: &'a [City],
    number: usize,
    rng: &mut ChaCha8Rng,
    places: &mut ChaCha8Rng,
) -> (Customer, &'a City) {
    let city = cities.choose(rng).expect("the table of counties is not empty");
    let far_out = !city.unserved.is_empty() && rng.random_bool(0.05);
    let counties = if far_out { &city.unserved } else { &city.served };
    let county = counties.choose(rng).expect("a city has served counties");
    let customer = Customer {
        customer: format!("u-{:06}", number + 1),
        name: people::name(rng),
        phone: people::customer_phone(number),
        address: people::home(county, rng),
        county: county.code.to_owned(),
        location: place_near((county.lat, county.lon), places),
    };
    (customer, city)
}

fn order(
    number: usize,
    models: &[Model],
    (customer, city): (&Customer, &City),
    rng: &mut ChaCha8Rng,
) -> Order {
    let sold_here: Vec<&Model> =
        models.iter().filter(|model| model.maker.cities.contains(&city.code)).collect();
    let model = sold_here.choose(rng).expect("every city has a brand");
    let (delivered_at, installed_at) = handed_over(number, model, rng);
    let discount_percent = rng.random_range(0..=12);
    let year = delivered_at.format("%y");
    Order {
        order_line: format!("3{:011}-1", 10_007 + number * 48_271),
        sku: model.sku.to_owned(),
        serial: format!("{}{year}{:06}", model.sku.replace('-', ""), 100_003 + number * 409),
        // One percent of a yuan is one fen.
        price_fen: model.price_yuan * (100 - discount_percent),
        delivered_at: delivered_at.to_rfc3339(),
        installed_at: installed_at.map(|at| at.to_rfc3339()),
        promises: promises(rng),
        customer: customer.clone(),
    }
}

/// When the unit was delivered, and installed if the seller does that.
///
/// Three in five units have one of the [`AGES`] and were installed on the day of delivery, so that
/// both ways of counting give that age. The rest are spread and were installed up to three days
/// later; an installation that would lie after the demo's start has not happened yet.
fn handed_over(number: usize, model: &Model, rng: &mut ChaCha8Rng) -> (Instant, Option<Instant>) {
    let plentiful = number % 5 < 3;
    let age = if plentiful {
        *AGES.choose(rng).expect("the list above is not empty")
    } else {
        rng.random_range(1..=AGE_MAX)
    };
    let days_later = if plentiful { 0 } else { rng.random_range(0..=3) };
    let into_the_day = demo_start().time().signed_duration_since(NaiveTime::MIN);
    let midnight = demo_start() - into_the_day - Duration::days(age);
    let delivered_at = midnight + Duration::minutes(rng.random_range(9 * 60..17 * 60));
    let work = Duration::minutes(rng.random_range(30..=180));
    let installed_at = delivered_at + Duration::days(days_later) + work;
    let happened = seller_installs(model.category) && installed_at < demo_start();
    (delivered_at, happened.then_some(installed_at))
}

fn promises(rng: &mut ChaCha8Rng) -> Vec<&'static str> {
    PROMISES
        .into_iter()
        .filter(|(_, percent)| rng.random_ratio(*percent, 100))
        .map(|(promise, _)| promise)
        .collect()
}
