//! A payment provider that behaves as badly as real ones do, and keeps books to be held against ours.
//!
//! It pays one number once, whatever happens around it: answers get lost before and after the money moves,
//! payments are taken on and fail later, refusals go away when they are tried again, notifications come late,
//! twice and out of order. How often each of these bit is counted, so that a test can tell that it tested
//! something. It keeps no time of its own: a tick is whatever its owner calls one.

mod server;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::dice::Dice;

pub use server::PaymentServer;

/// How often each mishap happens, in a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// An error instead of a payment; nothing moves.
    pub error_before: u64,
    /// The money moves, the answer is lost.
    pub executed_then_lost: u64,
    /// The request is lost on its way; nothing moves.
    pub request_lost: u64,
    /// Refused; the next attempt under the same number may go through.
    pub refused: u64,
    /// Taken on, and paid later.
    pub accepted_then_paid: u64,
    /// Taken on, and refused later.
    pub accepted_then_failed: u64,
    /// A question that is not answered.
    pub question_lost: u64,
    /// Of the notifications: sent twice.
    pub notified_twice: u64,
    /// Of the notifications: sent some ticks later.
    pub notified_late: u64,
}

impl Rates {
    /// Nothing goes wrong.
    pub const CALM: Self = Self {
        error_before: 0,
        executed_then_lost: 0,
        request_lost: 0,
        refused: 0,
        accepted_then_paid: 0,
        accepted_then_failed: 0,
        question_lost: 0,
        notified_twice: 0,
        notified_late: 0,
    };

    /// About every third payment meets something.
    pub const STORMY: Self = Self {
        error_before: 50,
        executed_then_lost: 60,
        request_lost: 40,
        refused: 50,
        accepted_then_paid: 80,
        accepted_then_failed: 40,
        question_lost: 60,
        notified_twice: 200,
        notified_late: 200,
    };
}

/// What the provider says about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It has never heard of it.
    Unsent,
    /// Taken on; the money moves later.
    Accepted,
    /// The money has moved.
    Succeeded,
    /// Refused; no money has moved or will under this attempt.
    Failed,
    /// Nothing is heard: an error, or no answer at all.
    NoAnswer,
}

/// One payment that was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paid {
    /// The number.
    pub number: String,
    /// How much, in fen.
    pub fen: i64,
    /// The day in the provider's statement, as its owner names days.
    pub day: String,
}

/// How far a number has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Accepted { ticks: u32, pays: bool },
    Succeeded,
    Failed,
}

#[derive(Debug)]
struct Entry {
    fen: i64,
    stage: Stage,
}

#[derive(Debug)]
struct Books {
    entries: BTreeMap<String, Entry>,
    paid: Vec<Paid>,
    notices: Vec<(u32, String)>,
    day: String,
    dice: Dice,
}

/// A provider. Share it by reference.
#[derive(Debug)]
pub struct FakeProvider {
    rates: Mutex<Rates>,
    books: Mutex<Books>,
}

/// Lines of one page of the statement.
const PAGE: usize = 500;
/// The longest a payment that was taken on stays so, in ticks.
const TICKS_MAX: u64 = 3;
/// The longest a late notification is, in ticks.
const LATE_MAX: u64 = 6;

impl FakeProvider {
    /// A provider whose mishaps follow from a seed.
    pub fn new(seed: u64, rates: Rates) -> Self {
        let books = Books {
            entries: BTreeMap::new(),
            paid: Vec::new(),
            notices: Vec::new(),
            day: "day".to_owned(),
            dice: Dice::new(seed),
        };
        Self { rates: Mutex::new(rates), books: Mutex::new(books) }
    }

    /// Other rates from now on.
    pub fn set_rates(&self, rates: Rates) {
        *self.rates.lock().unwrap_or_else(PoisonError::into_inner) = rates;
    }

    /// What payments are booked under from now on in the statement.
    pub fn set_day(&self, day: &str) {
        self.books(|books, _| day.clone_into(&mut books.day));
    }

    /// Pays a number, or has a mishap.
    pub fn pay(&self, number: &str, fen: i64) -> Said {
        self.books(|books, rates| books.pay(number, fen, rates))
    }

    /// What became of a number.
    pub fn query(&self, number: &str) -> Said {
        self.books(|books, rates| {
            if books.dice.bites("question_lost", rates.question_lost) {
                return Said::NoAnswer;
            }
            books.said(number)
        })
    }

    /// Time passes: what was taken on comes to its end, and notifications come due.
    pub fn tick(&self) {
        self.books(|books, rates| books.tick(rates));
    }

    /// The numbers that are notified now, some twice, in an order of their own.
    pub fn notifications(&self) -> Vec<String> {
        self.books(|books, _| {
            let (due, later) = books.notices.drain(..).partition(|(ticks, _)| *ticks == 0);
            books.notices = later;
            let due: Vec<(u32, String)> = due;
            due.into_iter().rev().map(|(_, number)| number).collect()
        })
    }

    /// A page of the statement of a day, with where the next one begins; empty for the last.
    pub fn statement(&self, day: &str, cursor: &str) -> (Vec<Paid>, String) {
        self.books(|books, _| {
            let skip: usize = cursor.parse().unwrap_or(0);
            let of_day: Vec<_> = books.paid.iter().filter(|one| one.day == day).collect();
            let page = of_day.iter().skip(skip).take(PAGE).map(|one| (*one).clone()).collect();
            let next = skip + PAGE;
            let more = next < of_day.len();
            (page, if more { next.to_string() } else { String::new() })
        })
    }

    /// Every payment made, in order of their numbers; a number stands here as often as money moved under it.
    pub fn paid(&self) -> Vec<Paid> {
        self.books(|books, _| {
            let mut paid = books.paid.clone();
            paid.sort();
            paid
        })
    }

    /// How often each mishap happened.
    pub fn bitten(&self) -> BTreeMap<&'static str, u64> {
        self.books(|books, _| books.dice.bitten())
    }

    /// Moves money behind everybody's back: for what a comparison must find.
    pub fn pay_unasked(&self, number: &str, fen: i64) {
        self.books(|books, _| books.move_money(number, fen));
    }

    fn books<T>(&self, work: impl FnOnce(&mut Books, &Rates) -> T) -> T {
        let rates = *self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner), &rates)
    }
}

impl Books {
    fn pay(&mut self, number: &str, fen: i64, rates: &Rates) -> Said {
        if let Some(entry) = self.entries.get(number) {
            if entry.fen != fen {
                return Said::Failed;
            }
            if entry.stage != Stage::Failed {
                self.dice.count("sent_again");
                return self.said(number);
            }
        }
        if self.dice.bites("error_before", rates.error_before) {
            return Said::NoAnswer;
        }
        if self.dice.bites("request_lost", rates.request_lost) {
            return Said::NoAnswer;
        }
        if self.dice.bites("refused", rates.refused) {
            self.enter(number, fen, Stage::Failed);
            return Said::Failed;
        }
        let ticks = u32::try_from(1 + self.dice.below(TICKS_MAX)).unwrap_or(1);
        if self.dice.bites("accepted_then_paid", rates.accepted_then_paid) {
            self.enter(number, fen, Stage::Accepted { ticks, pays: true });
            return Said::Accepted;
        }
        if self.dice.bites("accepted_then_failed", rates.accepted_then_failed) {
            self.enter(number, fen, Stage::Accepted { ticks, pays: false });
            return Said::Accepted;
        }
        self.enter(number, fen, Stage::Succeeded);
        self.move_money(number, fen);
        self.notify(number, rates);
        match self.dice.bites("executed_then_lost", rates.executed_then_lost) {
            true => Said::NoAnswer,
            false => Said::Succeeded,
        }
    }

    fn enter(&mut self, number: &str, fen: i64, stage: Stage) {
        self.entries.insert(number.to_owned(), Entry { fen, stage });
    }

    fn move_money(&mut self, number: &str, fen: i64) {
        let (number, day) = (number.to_owned(), self.day.clone());
        self.paid.push(Paid { number, fen, day });
    }

    fn said(&self, number: &str) -> Said {
        match self.entries.get(number).map(|entry| entry.stage) {
            None => Said::Unsent,
            Some(Stage::Accepted { .. }) => Said::Accepted,
            Some(Stage::Succeeded) => Said::Succeeded,
            Some(Stage::Failed) => Said::Failed,
        }
    }

    fn tick(&mut self, rates: &Rates) {
        let mut settled = Vec::new();
        for (number, entry) in &mut self.entries {
            if let Stage::Accepted { ticks, pays } = &mut entry.stage {
                *ticks = ticks.saturating_sub(1);
                if *ticks == 0 {
                    settled.push((number.clone(), entry.fen, *pays));
                    entry.stage = if *pays { Stage::Succeeded } else { Stage::Failed };
                }
            }
        }
        for (number, fen, pays) in settled {
            if pays {
                self.move_money(&number, fen);
            }
            self.notify(&number, rates);
        }
        for (ticks, _) in &mut self.notices {
            *ticks = ticks.saturating_sub(1);
        }
    }

    fn notify(&mut self, number: &str, rates: &Rates) {
        let mut times = 1;
        if self.dice.bites("notified_twice", rates.notified_twice) {
            times = 2;
        }
        for _ in 0..times {
            let ticks = self.dice.late("notified_late", rates.notified_late, LATE_MAX);
            self.notices.push((ticks, number.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_paid_once_whatever_happens() {
        let provider = FakeProvider::new(7, Rates::STORMY);
        for number in 0..2_000 {
            let number = format!("pay_{number}");
            for _ in 0..20 {
                if provider.query(&number) == Said::Succeeded {
                    break;
                }
                provider.pay(&number, 100);
                provider.tick();
            }
            provider.pay(&number, 100);
            assert_eq!(provider.pay(&number, 200), Said::Failed, "another amount");
        }
        let paid = provider.paid();
        assert_eq!(paid.len(), 2_000);
        assert!(paid.windows(2).all(|pair| pair[0].number != pair[1].number));
        for (what, times) in provider.bitten() {
            assert!(times > 0, "{what} never happened");
        }
        assert_eq!(provider.bitten().len(), 10);
    }
}
