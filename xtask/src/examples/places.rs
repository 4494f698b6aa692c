//! The places of the examples: real counties with their GB/T 2260 codes, grouped into cities.
//!
//! The table is data with its source named in it; nothing here is invented. Which counties nobody
//! serves is decided here, because orders and centres must agree on it.

use anyhow::{Context, Result, ensure};

/// Counties with customers and without any centre: 淳安县, 商河县 and 大邑县. A case filed there
/// shows what happens when no centre covers an address.
pub(super) const UNSERVED: [&str; 3] = ["330127", "370126", "510129"];

const TABLE: &str = include_str!("../../data/counties.tsv");

/// One county.
#[derive(Clone, Debug)]
pub(super) struct County {
    /// The six-digit code.
    pub code: &'static str,
    /// For example 浙江省.
    pub province_zh: &'static str,
    /// For example Zhejiang.
    pub province_en: &'static str,
    /// For example 杭州市.
    pub city_zh: &'static str,
    /// For example Hangzhou.
    pub city_en: &'static str,
    /// For example 西湖区.
    pub county_zh: &'static str,
    /// For example Xihu District.
    pub county_en: &'static str,
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lon: f64,
}

/// A city: counties whose codes share the first four digits.
#[derive(Clone, Debug)]
pub(super) struct City {
    /// The first four digits of its counties' codes.
    pub code: &'static str,
    /// The counties with centres, in code order.
    pub served: Vec<County>,
    /// The counties without, mostly none.
    pub unserved: Vec<County>,
}

impl County {
    /// The first four digits of the code.
    pub fn city_code(&self) -> &'static str {
        &self.code[..4]
    }
}

/// All counties of the table, in its order.
pub(super) fn counties() -> Result<Vec<County>> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| county(line).with_context(|| format!("in counties.tsv: {line}")))
        .collect()
}

/// The counties grouped by city, in the table's order.
pub(super) fn cities(counties: &[County]) -> Vec<City> {
    let mut cities: Vec<City> = Vec::new();
    for county in counties {
        if cities.last().is_none_or(|city| city.code != county.city_code()) {
            let code = county.city_code();
            cities.push(City { code, served: Vec::new(), unserved: Vec::new() });
        }
        let city = cities.last_mut().expect("a city was pushed above");
        let unserved = UNSERVED.contains(&county.code);
        let list = if unserved { &mut city.unserved } else { &mut city.served };
        list.push(county.clone());
    }
    cities
}

fn county(line: &'static str) -> Result<County> {
    let fields: Vec<&'static str> = line.split('\t').collect();
    let [code, province_zh, province_en, city_zh, city_en, county_zh, county_en, lat, lon] =
        fields[..]
    else {
        anyhow::bail!("{} fields instead of 9", fields.len());
    };
    ensure!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "a bad code");
    Ok(County {
        code,
        province_zh,
        province_en,
        city_zh,
        city_en,
        county_zh,
        county_en,
        lat: lat.parse().context("latitude")?,
        lon: lon.parse().context("longitude")?,
    })
}
