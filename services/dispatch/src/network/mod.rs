//! The network as this service knows it: what stands in the JSON columns of centres and technicians,
//! and who is allowed to do what.
//!
//! Rows were checked when they were imported, so reading them back cannot fail unless somebody wrote
//! into the tables by hand; such a row counts as empty and grants nothing.

mod directory;
mod merge;
mod opening;
mod qualification;
mod standing;
mod views;
mod working;

use parasol_journey::vocab::Category;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub use directory::Person;
pub use directory::{BrandFacts, Directory, Served, Site, Stop, View};
pub use merge::merged;
pub use opening::{Days, Opening, opening};
pub use qualification::{Qualified, certified, qualified};
pub use standing::{Kind, Member, STAMP, Standing, SuspensionReason, changed, stamp};
pub use views::{MICRODEGREES, to_brand, to_centre, to_county, to_technician};
pub use working::{Working, working};

/// A county a centre goes to, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// The county.
    pub county: String,
    /// The categories.
    pub categories: Vec<Category>,
    /// The first day on which it goes there, as `YYYY-MM-DD`, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub valid_from: String,
    /// The last day, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub valid_until: String,
}

/// Hours of a weekday on which a centre is open, in Shanghai wall clock as `HH:MM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningHours {
    /// 1 Monday to 7 Sunday.
    pub weekday: i32,
    /// Begin.
    pub from: String,
    /// End; `24:00` is the end of the day.
    pub to: String,
}

/// Days on which nobody is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// The first Shanghai day, as `YYYY-MM-DD`.
    pub from: String,
    /// The last.
    pub until: String,
    /// Why, coded, or empty.
    pub reason: String,
}

/// Visits a centre can make in a day for one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The category.
    pub category: Category,
    /// How many.
    pub visits: u32,
}

/// What a technician can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// The category.
    pub category: Category,
    /// How well: 1 (learning) to 3 (expert).
    pub level: i32,
    /// The first Shanghai day on which it counts, as `YYYY-MM-DD`, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub valid_from: String,
    /// The last such day, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub valid_until: String,
}

/// A trade licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Its kind, for example `electrician`.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// The first Shanghai day on which it is valid, as `YYYY-MM-DD`, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub valid_from: String,
    /// The last Shanghai day on which it is valid, as `YYYY-MM-DD`.
    pub valid_until: String,
}

/// A place in millionths of a degree (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// North.
    pub lat: i64,
    /// East.
    pub lon: i64,
}

/// A part in a technician's vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stocked {
    /// Its number.
    pub part_no: String,
    /// How many.
    pub quantity: i32,
}

/// A shift that comes round every week, in Shanghai wall clock as `HH:MM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// 1 Monday to 7 Sunday.
    pub weekday: i32,
    /// Begin.
    pub from: String,
    /// End.
    pub to: String,
    /// Begin of the break, or empty.
    pub break_from: String,
    /// End of the break, or empty.
    pub break_to: String,
}

/// What a JSON column holds; nothing when it cannot be read.
pub fn listed<T: DeserializeOwned>(json: &str) -> Vec<T> {
    serde_json::from_str(json)
        .inspect_err(|error| tracing::error!(%error, "a row of the network cannot be read"))
        .unwrap_or_default()
}

/// A JSON column.
pub fn column<T: Serialize>(items: &[T]) -> String {
    serde_json::to_string(items).expect("texts and numbers are JSON")
}
