//! Where a case is on the map, and how far that is from somewhere else.
//!
//! The place of an address lies in the vault with the address. Where nobody said it, the middle of the
//! county stands in for it: good enough for an estimate of a way, never for whether somebody stood at the
//! door.

use parasol_api::Error;
use parasol_casebook::Point;
use parasol_journey::Case;

use crate::Scheduling;
use crate::team::on_map;
use crate::views::{filed, whereabouts};

/// Where a case's unit stands, as well as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this address on the map.
    Exact(Point),
    /// Somewhere in the county with this middle.
    County(Point),
    /// Nobody knows.
    Unknown,
}

impl Place {
    /// The best that is known.
    pub fn of(address: Option<Point>, county: Option<Point>) -> Self {
        match (address, county) {
            (Some(address), _) => Self::Exact(address),
            (None, Some(county)) => Self::County(county),
            (None, None) => Self::Unknown,
        }
    }

    /// The point to travel to, exact or not.
    pub fn point(self) -> Option<Point> {
        match self {
            Self::Exact(point) | Self::County(point) => Some(point),
            Self::Unknown => None,
        }
    }
}

/// Metres over the ground as the crow flies, on a great circle; to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half the way around the earth is twenty million metres"
)]
pub fn metres(from: Point, to: Point) -> u32 {
    parasol_routing::travel::metres(on_map(from), on_map(to)).round() as u32
}

impl Scheduling {
    /// The place of a case's address, if somebody said it.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn exact_point(&self, case: &Case) -> Result<Option<Point>, Error> {
        let (person, filing) = filed(&self.desk.store, case).await?;
        Ok(whereabouts(person, filing).1)
    }

    /// Where a case is: its address, else the middle of its county as the network knows it.
    ///
    /// # Errors
    /// What the store and the network service say.
    pub async fn place(&self, case: &Case) -> Result<Place, Error> {
        let address = self.exact_point(case).await?;
        let county = match address {
            Some(_) => None,
            None => self.roster.county(&case.filing.county).await?,
        };
        Ok(Place::of(address, county))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn point(lat: i64, lon: i64) -> Point {
        Point { lat, lon }
    }

    #[test]
    fn an_address_is_better_than_its_county_and_a_county_than_nothing() {
        let (address, county) = (point(1, 1), point(2, 2));
        assert_eq!(Place::of(Some(address), Some(county)), Place::Exact(address));
        assert_eq!(Place::of(None, Some(county)), Place::County(county));
        assert_eq!(Place::of(None, None), Place::Unknown);
        assert_eq!(Place::of(None, Some(county)).point(), Some(county));
        assert_eq!(Place::Unknown.point(), None);
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let (lake, bund) = (point(30_242_400, 120_169_300), point(31_240_000, 121_490_000));
        let between = metres(lake, bund);
        assert!((168_000..170_500).contains(&between), "{between}");
        assert_eq!(between, metres(bund, lake));
        assert_eq!(metres(lake, lake), 0);
        assert_eq!(metres(lake, point(30_242_400 + 4_497, 120_169_300)), 500);
        let around = metres(point(0, 0), point(0, 180_000_000));
        assert!((20_015_000..20_016_000).contains(&around), "{around}");
        let dateline = metres(point(0, 179_999_999), point(0, -179_999_999));
        assert!(dateline < 2, "{dateline}");
    }
}
