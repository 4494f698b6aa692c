//! Published problems in their own file formats, to be compared with the best known plans.
//!
//! The files are their authors'; none is kept here. One unit of such a file is a second.

mod solomon;
mod technicians;

use crate::problem::Problem;

/// Microseconds in one unit of length or time of a file.
pub const UNIT: i64 = 1_000_000;

/// What a visit costs that is left out of a published problem: more than any way.
const LEFT_OUT: i64 = 100_000 * UNIT;

/// A problem read from a file.
#[derive(Clone, Debug)]
pub struct Instance {
    /// What the file calls itself.
    pub name: String,
    /// Which kind of file it is.
    pub format: Format,
    /// The problem.
    pub problem: Problem,
}

/// The kinds of files that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Solomon's and Gehring and Homberger's vehicle routing with time windows; the measure is the
    /// distance.
    Solomon,
    /// Pillac, Guéret and Medaglia's technicians with skills, tools and spare parts (2013); the measure
    /// is the working time.
    Technicians,
}

/// Why a file was not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// Reads a file of either kind.
///
/// # Errors
/// When it is of neither kind.
pub fn parse(text: &str) -> Result<Instance, ParseError> {
    if text.contains("CREW COUNT") { technicians::parse(text) } else { solomon::parse(text) }
}

/// A number of a file as microseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "below 2^52")]
fn micros(units: f64) -> i64 {
    (units * UNIT as f64).round() as i64
}
