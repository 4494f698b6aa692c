//! What answers showed of customers in full, on its way to the log of reveals.
//!
//! Owns a queue with a bound between the layer that masks answers and whoever writes the log. An answer never waits for it:
//! what finds the queue full is counted and lost, and what is in it when a process is killed is lost too.

use parasol_api::visibility::Exposed;
use parasol_journey::time::Timestamp;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Answers that may wait to be written down, in one process.
const WAITING_MAX: usize = 8_192;

/// One answer that showed something.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// Who was shown it, by role and reference.
    pub reader: String,
    /// The method that answered.
    pub method: String,
    /// When.
    pub at: Timestamp,
    /// What kinds of data, by case.
    pub shown: Exposed,
}

/// The end that answers are noted at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reveals(Sender<Revealed>);

/// The end that is written down.
#[derive(Debug)]
pub struct Seen {
    queue: Receiver<Revealed>,
    taken: Vec<Revealed>,
}

impl Reveals {
    /// Both ends of a queue.
    pub fn new() -> (Self, Seen) {
        let (sender, queue) = channel(WAITING_MAX);
        (Self(sender), Seen { queue, taken: Vec::new() })
    }

    /// Notes an answer; whether there was room.
    pub fn note(&self, revealed: Revealed) -> bool {
        self.0.try_send(revealed).is_ok()
    }
}

impl Seen {
    /// What waits, at most `max` answers, without waiting for any. The same again until [`Seen::done`].
    pub fn waiting(&mut self, max: usize) -> &[Revealed] {
        while self.taken.len() < max {
            let Ok(next) = self.queue.try_recv() else { break };
            self.taken.push(next);
        }
        &self.taken
    }

    /// What waited is written down.
    pub fn done(&mut self) {
        self.taken.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(number: i64) -> Revealed {
        Revealed {
            reader: "technician:t-1".to_owned(),
            method: "GetWorkOrder".to_owned(),
            at: Timestamp::from_micros(number),
            shown: Exposed::new(),
        }
    }

    #[test]
    fn what_was_not_written_waits_and_what_finds_no_room_is_said_to_be_lost() {
        let (reveals, mut seen) = Reveals::new();
        assert!(seen.waiting(10).is_empty());
        assert!((0..WAITING_MAX as i64).all(|number| reveals.note(one(number))));
        assert!(!reveals.note(one(-1)));
        for _ in 0..2 {
            let taken: Vec<_> = seen.waiting(2).iter().map(|one| one.at.micros()).collect();
            assert_eq!(taken, [0, 1]);
        }
        seen.done();
        assert_eq!(seen.waiting(1)[0].at.micros(), 2);
        assert!(reveals.note(one(0)), "there is room again");
    }
}
