//! Places on the wire.

use parasol_api::Checker;
use parasol_api::common::v1::GeoPoint;
use parasol_casebook::Point;

/// A place that may be left out of a request.
pub fn check(check: &mut Checker, field: &str, wire: Option<&GeoPoint>) -> Option<Option<Point>> {
    let Some(wire) = wire else { return Some(None) };
    check.within(field, |check| {
        let lat = check.number("lat", wire.lat, -90.0..=90.0);
        let lon = check.number("lon", wire.lon, -180.0..=180.0);
        Some(Point::of_degrees(lat?, lon?))
    })
}

/// A place for the wire.
pub fn to_wire(point: Point) -> GeoPoint {
    let (lat, lon) = point.degrees();
    GeoPoint { lat, lon }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_or_refused_and_none_is_none() {
        let read = |lat, lon| {
            let mut checker = Checker::new();
            let read = check(&mut checker, "at", Some(&GeoPoint { lat, lon }));
            assert_eq!(read.is_some(), checker.is_fine());
            read
        };
        assert_eq!(read(30.242_401, 120.169_301).flatten().map(to_wire).unwrap().lat, 30.242_401);
        for (lat, lon) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(read(lat, lon), None, "{lat} {lon}");
        }
        assert_eq!(check(&mut Checker::new(), "at", None), Some(None));
    }
}
