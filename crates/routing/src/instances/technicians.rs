//! Technicians with homes, skills, tools and spare parts of their own.
//!
//! Place 0 is the store, the technicians' homes follow, then the visits.

use super::{Format, Instance, LEFT_OUT, ParseError, UNIT, micros};
use crate::problem::{Abilities, Problem, Store, Technician, Visit, Weights};
use crate::travel::Matrix;
use crate::workday::{Window, WorkDay};

const ROW: &str = "id, x, y, window, service, [skills], [tools], [parts]";

/// One line of the table.
struct Row {
    at: (f64, f64),
    window: Window,
    service: i64,
    skills: Abilities,
    tools: Abilities,
    parts: Vec<u32>,
}

pub fn parse(text: &str) -> Result<Instance, ParseError> {
    let name = text.lines().next().unwrap_or_default().trim().to_owned();
    let mut crew: Option<usize> = None;
    let mut rows: Vec<Row> = Vec::new();
    for (nth, line) in text.lines().enumerate().skip(1) {
        let first = line.split_whitespace().next().map(str::parse::<usize>);
        let Some(Ok(count)) = first else { continue };
        if crew.is_none() {
            crew = Some(count);
            continue;
        }
        rows.push(row(line).ok_or(ParseError { line: nth + 1, expected: ROW })?);
    }
    let end = |expected| ParseError { line: text.lines().count(), expected };
    let crew = crew.ok_or_else(|| end("the count of the crew"))?;
    if rows.len() <= crew {
        return Err(end(ROW));
    }
    let points: Vec<_> = rows.iter().map(|row| row.at).collect();
    let visits = rows.split_off(crew + 1);
    let technicians = rows.split_off(1);
    let depot = rows.into_iter().next().ok_or_else(|| end(ROW))?;
    let technician = |(nth, row): (usize, Row)| Technician {
        start: nth + 1,
        end: Some(nth + 1),
        day: WorkDay::new(row.window, []),
        skills: row.skills,
        tools: row.tools,
        stock: row.parts,
        visits_max: usize::MAX,
    };
    let visit = |(nth, row): (usize, Row)| Visit {
        place: crew + 1 + nth,
        windows: vec![row.window],
        is_promised: false,
        service: row.service,
        skills: row.skills,
        tools: row.tools,
        parts: row.parts,
        left_out_cost: LEFT_OUT,
        only: None,
        announced: None,
    };
    let problem = Problem {
        travel: Matrix::of_plane(&points, UNIT),
        technicians: technicians.into_iter().enumerate().map(technician).collect(),
        visits: visits.into_iter().enumerate().map(visit).collect(),
        store: Some(Store { place: 0, windows: vec![depot.window], service: depot.service }),
        weights: Weights { waiting: true, ..Weights::default() },
    };
    Ok(Instance { name, format: Format::Technicians, problem })
}

fn row(line: &str) -> Option<Row> {
    let (numbers, lists) = line.split_once('[')?;
    let numbers: Vec<f64> =
        numbers.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [_, x, y, start, end, service] = numbers[..] else { return None };
    let mut lists = lists.split('[').map(list);
    let (skills, tools, parts) = (lists.next()??, lists.next()??, lists.next()??);
    let set = |numbers: Vec<u32>| {
        numbers
            .iter()
            .try_fold(0, |set: Abilities, number| Some(set | 1_u128.checked_shl(*number)?))
    };
    Some(Row {
        at: (x, y),
        window: Window::new(micros(start), micros(end)),
        service: micros(service),
        skills: set(skills)?,
        tools: set(tools)?,
        parts,
    })
}

fn list(text: &str) -> Option<Vec<u32>> {
    let text = text.trim().strip_suffix(']')?.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|number| number.trim().parse().ok()).collect()
}
