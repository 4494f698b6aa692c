//! How long a way takes. A pure table or a pure formula; whoever has a map service fills a [`Matrix`].

/// A place by its number in its problem.
pub type Place = usize;

/// A point on the earth, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
}

/// How long it takes from point to point. Whoever has a service for roads and traffic puts it here.
pub trait Travel: std::fmt::Debug + Send + Sync {
    /// Microseconds from one point to another; never below 0.
    fn time(&self, from: Point, to: Point) -> i64;
}

/// How long it takes from point to point when nobody has measured it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roads {
    /// How much longer a road is than the great circle; at least 1.
    pub factor: f64,
    /// Metres a second on the road; above 0.
    pub speed: f64,
}

impl Roads {
    /// A city: roads a third longer than the great circle, at 24 km/h.
    pub const CITY: Self = Self { factor: 1.3, speed: 24_000.0 / 3_600.0 };
}

impl Travel for Roads {
    fn time(&self, from: Point, to: Point) -> i64 {
        rounded(metres(from, to) * self.factor / self.speed * 1e6)
    }
}

/// Radius of the sphere with the earth's volume, metres.
const EARTH: f64 = 6_371_000.8;

/// Metres along the great circle.
pub fn metres(from: Point, to: Point) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let across = half(from.lon, to.lon) * from.lat.to_radians().cos() * to.lat.to_radians().cos();
    2.0 * EARTH * (half(from.lat, to.lat) + across).min(1.0).sqrt().asin()
}

/// How long it takes from every place to every other, microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    places: usize,
    times: Vec<i64>,
}

impl Matrix {
    /// The table that `time` fills for `places` places.
    pub fn of(places: usize, mut time: impl FnMut(Place, Place) -> i64) -> Self {
        let mut times = Vec::with_capacity(places * places);
        for from in 0..places {
            times.extend((0..places).map(|to| time(from, to)));
        }
        Self { places, times }
    }

    /// The table of points on the earth.
    pub fn of_points(points: &[Point], travel: &dyn Travel) -> Self {
        Self::of(points.len(), |from, to| travel.time(points[from], points[to]))
    }

    /// The table of points in a plane where one unit of length takes `unit`.
    pub fn of_plane(points: &[(f64, f64)], unit: i64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a unit is far below 2^52")]
        let unit = unit as f64;
        Self::of(points.len(), |from, to| {
            let ((ax, ay), (bx, by)) = (points[from], points[to]);
            rounded((ax - bx).hypot(ay - by) * unit)
        })
    }

    /// How many places there are.
    pub const fn places(&self) -> usize {
        self.places
    }

    /// How long it takes from one place to another.
    #[inline]
    pub fn time(&self, from: Place, to: Place) -> i64 {
        self.times[from * self.places + to]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the way around the earth takes 10^13")]
fn rounded(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANGZHOU: Point = Point { lat: 30.2741, lon: 120.1551 };
    const SHANGHAI: Point = Point { lat: 31.2304, lon: 121.4737 };

    #[test]
    fn a_great_circle_has_its_length() {
        let apart = metres(HANGZHOU, SHANGHAI);
        assert!((164_000.0..166_000.0).contains(&apart), "{apart}");
        assert!(metres(HANGZHOU, HANGZHOU) < 1e-6);
        let degree = metres(Point { lat: 0.0, lon: 0.0 }, Point { lat: 0.0, lon: 1.0 });
        assert!((degree - 111_195.0).abs() < 1.0, "{degree}");
        let around = metres(Point { lat: 0.0, lon: 0.0 }, Point { lat: 0.0, lon: 180.0 });
        assert!((around - EARTH * std::f64::consts::PI).abs() < 1.0, "{around}");
    }

    #[test]
    fn a_table_says_what_the_formula_says() {
        let table = Matrix::of_points(&[HANGZHOU, SHANGHAI], &Roads::CITY);
        assert_eq!(table.time(0, 1), Roads::CITY.time(HANGZHOU, SHANGHAI));
        assert_eq!((table.time(0, 0), table.places()), (0, 2));
        let plane = Matrix::of_plane(&[(0.0, 0.0), (3.0, 4.0)], 1_000);
        assert_eq!(plane.time(0, 1), 5_000);
    }
}
