//! The journey as a whole: every pair of stage and command, random courses, the drawn table.

mod course;
mod drawing;
mod properties;
mod stories;
mod transitions;
