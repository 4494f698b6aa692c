//! A carrier of messages that behaves as badly as real ones do, and keeps count of what it passed on.
//!
//! It passes one number on once, whatever happens around it: answers get lost before and after, messages are
//! taken on and refused later, receipts come late, twice and out of order, some numbers are rejected, and there
//! is only so much it takes at a time. How often each of these bit is counted, so that a test can tell that it
//! tested something. It keeps no time of its own: a tick is whatever its owner calls one.

mod server;
mod smtp;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::dice::Dice;

pub use server::CarrierServer;
pub use smtp::{Mail, SmtpServer};

/// How often each mishap happens, in a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Mishaps {
    /// An error instead; nothing is passed on.
    pub error_before: u64,
    /// Passed on, and the answer is lost.
    pub executed_then_lost: u64,
    /// The request is lost on its way.
    pub request_lost: u64,
    /// No more is taken just now.
    pub rate_limited: u64,
    /// Rejected at once.
    pub rejected: u64,
    /// Taken on, and refused later.
    pub undelivered: u64,
    /// A question that is not answered.
    pub question_lost: u64,
    /// Of the receipts: sent twice.
    pub receipt_twice: u64,
    /// Of the receipts: sent some ticks later.
    pub receipt_late: u64,
    /// Of the receipts: never sent.
    pub receipt_lost: u64,
}

impl Mishaps {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        error_before: 0,
        executed_then_lost: 0,
        request_lost: 0,
        rate_limited: 0,
        rejected: 0,
        undelivered: 0,
        question_lost: 0,
        receipt_twice: 0,
        receipt_late: 0,
        receipt_lost: 0,
    };

    /// About every third message meets something.
    pub const STORMY: Self = Self {
        error_before: 40,
        executed_then_lost: 60,
        request_lost: 40,
        rate_limited: 40,
        rejected: 40,
        undelivered: 60,
        question_lost: 60,
        receipt_twice: 200,
        receipt_late: 200,
        receipt_lost: 100,
    };
}

/// What the carrier says about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has never heard of it.
    NeverHeard,
    /// Taken on.
    Accepted,
    /// It arrived.
    Delivered,
    /// Refused, for a coded reason.
    Failed(&'static str),
    /// No more is taken just now.
    Busy,
    /// Nothing is heard.
    NoAnswer,
}

/// A message that was passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its number.
    pub number: String,
    /// To whom.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of which number.
    pub number: String,
    /// Whether it arrived.
    pub delivered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Taken { arrives: bool },
    Delivered,
    Failed(&'static str),
}

#[derive(Debug)]
struct Books {
    stages: BTreeMap<String, Stage>,
    passed: Vec<Passed>,
    receipts: Vec<(u32, Receipt)>,
    refused: Vec<String>,
    dice: Dice,
}

/// A carrier. Share it by reference.
#[derive(Debug)]
pub struct FakeCarrier {
    mishaps: Mutex<Mishaps>,
    books: Mutex<Books>,
}

/// The longest a late receipt is, in ticks.
const LATE_MAX: u64 = 6;

impl FakeCarrier {
    /// A carrier whose mishaps follow from a seed.
    pub fn new(seed: u64, mishaps: Mishaps) -> Self {
        let books = Books {
            stages: BTreeMap::new(),
            passed: Vec::new(),
            receipts: Vec::new(),
            refused: Vec::new(),
            dice: Dice::new(seed),
        };
        Self { mishaps: Mutex::new(mishaps), books: Mutex::new(books) }
    }

    /// Other mishaps from now on.
    pub fn set_mishaps(&self, mishaps: Mishaps) {
        *self.mishaps.lock().unwrap_or_else(PoisonError::into_inner) = mishaps;
    }

    /// Rejects whatever goes to this address.
    pub fn reject(&self, to: &str) {
        self.books(|books, _| books.refused.push(to.to_owned()));
    }

    /// Takes a message, or has a mishap.
    pub fn send(&self, number: &str, to: &str, text: &str) -> Answer {
        self.books(|books, mishaps| books.send(number, to, text, mishaps))
    }

    /// What became of a number.
    pub fn query(&self, number: &str) -> Answer {
        self.books(|books, mishaps| {
            if books.dice.bites("question_lost", mishaps.question_lost) {
                return Answer::NoAnswer;
            }
            books.said(number)
        })
    }

    /// Time passes: what was taken on arrives or does not, and receipts come due.
    pub fn tick(&self) {
        self.books(Books::tick);
    }

    /// The receipts that are due now, some twice, the newest first.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.books(|books, _| {
            let (due, later) = books.receipts.drain(..).partition(|(ticks, _)| *ticks == 0);
            books.receipts = later;
            let due: Vec<(u32, Receipt)> = due;
            due.into_iter().rev().map(|(_, receipt)| receipt).collect()
        })
    }

    /// Every message passed on; a number stands here as often as somebody's telephone rang for it.
    pub fn passed(&self) -> Vec<Passed> {
        self.books(|books, _| books.passed.clone())
    }

    /// How often each mishap happened.
    pub fn bitten(&self) -> BTreeMap<&'static str, u64> {
        self.books(|books, _| books.dice.bitten())
    }

    fn books<T>(&self, work: impl FnOnce(&mut Books, &Mishaps) -> T) -> T {
        let mishaps = *self.mishaps.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner), &mishaps)
    }
}

impl Books {
    fn send(&mut self, number: &str, to: &str, text: &str, mishaps: &Mishaps) -> Answer {
        let is_known =
            self.stages.get(number).is_some_and(|stage| !matches!(stage, Stage::Failed(_)));
        if is_known {
            self.dice.count("sent_again");
            return self.said(number);
        }
        if self.dice.bites("error_before", mishaps.error_before)
            || self.dice.bites("request_lost", mishaps.request_lost)
        {
            return Answer::NoAnswer;
        }
        if self.dice.bites("rate_limited", mishaps.rate_limited) {
            return Answer::Busy;
        }
        let is_refused = self.refused.iter().any(|one| one == to);
        if is_refused || self.dice.bites("rejected", mishaps.rejected) {
            self.stages.insert(number.to_owned(), Stage::Failed("number_rejected"));
            return Answer::Failed("number_rejected");
        }
        let arrives = !self.dice.bites("undelivered", mishaps.undelivered);
        self.stages.insert(number.to_owned(), Stage::Taken { arrives });
        let (to, text) = (to.to_owned(), text.to_owned());
        self.passed.push(Passed { number: number.to_owned(), to, text });
        match self.dice.bites("executed_then_lost", mishaps.executed_then_lost) {
            true => Answer::NoAnswer,
            false => Answer::Accepted,
        }
    }

    fn said(&self, number: &str) -> Answer {
        match self.stages.get(number) {
            None => Answer::NeverHeard,
            Some(Stage::Taken { .. }) => Answer::Accepted,
            Some(Stage::Delivered) => Answer::Delivered,
            Some(Stage::Failed(reason)) => Answer::Failed(reason),
        }
    }

    fn tick(&mut self, mishaps: &Mishaps) {
        for (ticks, _) in &mut self.receipts {
            *ticks = ticks.saturating_sub(1);
        }
        let mut settled = Vec::new();
        for (number, stage) in &mut self.stages {
            if let Stage::Taken { arrives } = *stage {
                *stage = if arrives { Stage::Delivered } else { Stage::Failed("absent") };
                settled.push(Receipt { number: number.clone(), delivered: arrives });
            }
        }
        for receipt in settled {
            if self.dice.bites("receipt_lost", mishaps.receipt_lost) {
                continue;
            }
            let times = if self.dice.bites("receipt_twice", mishaps.receipt_twice) { 2 } else { 1 };
            for _ in 0..times {
                let ticks = self.dice.late("receipt_late", mishaps.receipt_late, LATE_MAX);
                self.receipts.push((ticks, receipt.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_rings_once_whatever_happens() {
        let carrier = FakeCarrier::new(7, Mishaps::STORMY);
        let mut receipts = 0;
        for number in 0..2_000 {
            let number = format!("ntc_{number}");
            for _ in 0..20 {
                if carrier.query(&number) == Answer::Delivered {
                    break;
                }
                carrier.send(&number, "1", "text");
                carrier.tick();
            }
            carrier.send(&number, "1", "text");
            receipts += carrier.receipts().len();
        }
        assert!(receipts > 1_500);
        for what in carrier.bitten().values() {
            assert!(*what > 0);
        }
        assert_eq!(carrier.bitten().len(), 11, "{:?}", carrier.bitten());
    }
}
