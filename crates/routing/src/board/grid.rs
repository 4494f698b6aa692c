//! Homes by where they are, so that a search can go outward from a place.

use std::collections::HashMap;

use crate::travel::{Point, metres};

/// Degrees along one side of a square; in the middle of China about two kilometres.
const SIDE: f64 = 0.02;
/// Metres along a degree of latitude.
const DEGREE: f64 = 111_195.0;

type Square = (i32, i32);

/// The squares that have homes in them.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    squares: HashMap<Square, Vec<(Point, usize)>>,
    /// The rectangle of all of them.
    bounds: Option<(Square, Square)>,
}

impl Grid {
    pub fn add(&mut self, home: Point, number: usize) {
        let square = square(home);
        self.squares.entry(square).or_default().push((home, number));
        let ((west, south), (east, north)) = self.bounds.unwrap_or((square, square));
        self.bounds = Some((
            (west.min(square.0), south.min(square.1)),
            (east.max(square.0), north.max(square.1)),
        ));
    }

    /// Everybody within `reach` metres of a place, ring of squares by ring of squares.
    pub fn around(&self, place: Point, reach: f64) -> impl Iterator<Item = usize> + '_ {
        let middle = square(place);
        let rings = 0..=self.rings(middle, place, reach);
        let homes = rings.flat_map(move |ring| ring_of(middle, ring));
        let homes = homes.filter_map(|square| self.squares.get(&square)).flatten();
        homes.filter(move |(home, _)| metres(*home, place) <= reach).map(|(_, number)| *number)
    }

    /// How many rings there are to look at: as far as the reach goes, and as homes do.
    #[expect(clippy::cast_possible_truncation, reason = "the earth has 18,000 squares around")]
    fn rings(&self, middle: Square, place: Point, reach: f64) -> i32 {
        let Some(((west, south), (east, north))) = self.bounds else { return -1 };
        let across = SIDE * DEGREE * place.lat.to_radians().cos().max(0.01);
        let reach = (reach / across).ceil().min(18_000.0) as i32 + 1;
        let furthest = [middle.0 - west, east - middle.0, middle.1 - south, north - middle.1];
        furthest.into_iter().max().unwrap_or(0).clamp(0, reach)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the earth has 18,000 squares around")]
fn square(point: Point) -> Square {
    ((point.lon / SIDE).floor() as i32, (point.lat / SIDE).floor() as i32)
}

/// The squares at one distance from the middle, each once.
fn ring_of((x, y): Square, ring: i32) -> impl Iterator<Item = Square> {
    let rows = [-ring, ring].into_iter().take(if ring == 0 { 1 } else { 2 });
    let flat = rows.flat_map(move |dy| (-ring..=ring).map(move |dx| (x + dx, y + dy)));
    let sides = (1 - ring..ring).flat_map(move |dy| [(x - ring, y + dy), (x + ring, y + dy)]);
    flat.chain(sides)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rings_cover_every_square_once() {
        let squares: Vec<_> = (0..=3).flat_map(|ring| ring_of((10, -5), ring)).collect();
        assert_eq!(squares.len(), 49);
        assert_eq!(squares.iter().collect::<HashSet<_>>().len(), 49);
    }

    #[test]
    fn whoever_is_in_reach_is_found_and_the_near_come_first() {
        let place = Point { lat: 30.25, lon: 120.16 };
        let mut grid = Grid::default();
        assert_eq!(grid.around(place, 1e6).count(), 0);
        for number in 0..40_u32 {
            let away = f64::from(number) * 0.01;
            grid.add(Point { lat: 30.25 + away, lon: 120.16 - away }, number as usize);
        }
        let mut found: Vec<_> = grid.around(place, 20_000.0).collect();
        let out_of_turn = found.iter().enumerate().map(|(at, number)| at.abs_diff(*number)).max();
        assert!(out_of_turn <= Some(2), "a ring is three homes: {found:?}");
        found.sort_unstable();
        assert_eq!(found, (0..14).collect::<Vec<_>>());
    }
}
