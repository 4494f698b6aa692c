//! Vehicle routing with time windows: equal vehicles from one depot, a capacity, one window each.
//!
//! A vehicle's capacity is a stock of one kind of part, a demand is how many of it are built in.

use super::{Format, Instance, LEFT_OUT, ParseError, UNIT, micros};
use crate::problem::{Problem, Technician, Visit, Weights};
use crate::travel::Matrix;
use crate::workday::{Window, WorkDay};

const CUSTOMER: &str = "number, x, y, demand, ready time, due date, service time";

pub fn parse(text: &str) -> Result<Instance, ParseError> {
    let mut name = String::new();
    let mut fleet: Option<(usize, u32)> = None;
    let mut rows: Vec<[f64; 7]> = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if name.is_empty() {
            line.clone_into(&mut name);
            continue;
        }
        let numbers: Option<Vec<f64>> =
            line.split_whitespace().map(|word| word.parse().ok()).collect();
        // What is not all numbers is a heading.
        let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else { continue };
        let error = |expected| ParseError { line: nth + 1, expected };
        if fleet.is_none() {
            let vehicles = |text: &str| text.parse().ok();
            let words: Vec<_> = line.split_whitespace().collect();
            let [count, capacity] = words[..] else { return Err(error("vehicles and capacity")) };
            let (count, capacity) = (vehicles(count), capacity.parse().ok());
            fleet = Some(count.zip(capacity).ok_or_else(|| error("vehicles and capacity"))?);
            continue;
        }
        rows.push(numbers.try_into().map_err(|_| error(CUSTOMER))?);
    }
    let end = ParseError { line: text.lines().count(), expected: CUSTOMER };
    let (vehicles, capacity) = fleet.ok_or(end)?;
    let Some(depot) = rows.first() else {
        return Err(ParseError { line: text.lines().count(), expected: CUSTOMER });
    };
    let points: Vec<_> = rows.iter().map(|row| (row[1], row[2])).collect();
    let shift = Window::new(micros(depot[4]), micros(depot[5]));
    let technician = Technician {
        start: 0,
        end: Some(0),
        day: WorkDay::new(shift, []),
        skills: 0,
        tools: 0,
        stock: vec![capacity],
        visits_max: usize::MAX,
    };
    let visits = rows.iter().enumerate().skip(1).map(|(place, row)| visit(place, row)).collect();
    let problem = Problem {
        travel: Matrix::of_plane(&points, UNIT),
        technicians: vec![technician; vehicles],
        visits,
        store: None,
        weights: Weights::default(),
    };
    Ok(Instance { name, format: Format::Solomon, problem })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a demand is a small count"
)]
fn visit(place: usize, row: &[f64; 7]) -> Visit {
    Visit {
        place,
        windows: vec![Window::new(micros(row[4]), micros(row[5]))],
        is_promised: false,
        service: micros(row[6]),
        skills: 0,
        tools: 0,
        parts: vec![row[3] as u32],
        left_out_cost: LEFT_OUT,
        only: None,
        announced: None,
    }
}
