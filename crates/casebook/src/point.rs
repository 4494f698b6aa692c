//! A place on the map as the vault keeps it: whole numbers, so that two are equal or not.

use serde::{Deserialize, Serialize};

/// Parts of a degree that are counted.
const MICRODEGREES: f64 = 1_000_000.0;
/// Degrees to a pole.
const POLE: f64 = 90.0;
/// Degrees to the date line.
const DATE_LINE: f64 = 180.0;

/// A place (WGS 84), to a tenth of a metre. Of an address it is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Millionths of a degree north, -90,000,000 to 90,000,000.
    pub lat: i64,
    /// Millionths of a degree east, -180,000,000 to 180,000,000.
    pub lon: i64,
}

impl Point {
    /// The place so many degrees north and east; `None` for what is not on the map.
    pub fn of_degrees(north: f64, east: f64) -> Option<Self> {
        let fits = north.abs() <= POLE && east.abs() <= DATE_LINE;
        fits.then(|| Self { lat: micro(north), lon: micro(east) })
    }

    /// Degrees north and east.
    #[expect(clippy::cast_precision_loss, reason = "at most 180 million")]
    pub fn degrees(self) -> (f64, f64) {
        (self.lat as f64 / MICRODEGREES, self.lon as f64 / MICRODEGREES)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
fn micro(degrees: f64) -> i64 {
    (degrees * MICRODEGREES).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_a_tenth_of_a_metre_there_and_back() {
        for (lat, lon) in [(30_242_401, 120_169_301), (-33_000_001, -70_000_001), (0, 0)] {
            let (north, east) = Point { lat, lon }.degrees();
            assert_eq!(Point::of_degrees(north, east), Some(Point { lat, lon }));
        }
    }

    #[test]
    fn what_is_not_on_the_map_is_no_place() {
        for (north, east) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Point::of_degrees(north, east), None, "{north} {east}");
        }
    }
}
