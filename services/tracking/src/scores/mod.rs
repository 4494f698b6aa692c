//! Scores: how well everybody does, counted from the logs of cases.
//!
//! Owns the [table of indicators](indicator), how their occurrences are found in a log ([`marks`], [`folds`]),
//! the sums ([`ledger`]), points and ranks ([`points`]): all of that is pure. [`follow`] reads the feed and
//! keeps the sums ([`cards`]) and what is behind them ([`sheets`]) in the store, [`publish`] freezes months, [`read`] answers questions. The log stays the truth:
//! every figure can be counted anew, and a test does.
//!
//! What it deliberately does not do: it decides nothing about a case, takes nobody's word for an exclusion that
//! the log has no evidence for, and never changes a published figure.

pub mod cards;
pub(crate) mod folds;
pub mod follow;
pub(crate) mod gathering;
pub mod indicator;
pub mod ledger;
pub mod marks;
pub(crate) mod migration;
pub mod objection;
pub mod period;
pub mod points;
mod publish;
pub(crate) mod read;
mod service;
pub mod sheets;
pub mod tables;
pub(crate) mod views;
