//! Looking for the highest rate that is kept: doubling until one is not, then halving what lies between.

/// The search as far as it has come. Pure: whoever measures tells it what was found.
#[derive(Clone, Debug)]
pub struct Search {
    kept: f64,
    lost: Option<f64>,
    next: Option<f64>,
    tries: u32,
}

/// Rates closer together than this are one: what lies between is less than what one run differs from the next.
const APART: f64 = 1.08;

impl Search {
    /// Begins at `from`, with at most so many tries.
    pub fn new(from: f64, tries: u32) -> Self {
        Self { kept: 0.0, lost: None, next: Some(from).filter(|_| tries > 0), tries }
    }

    /// The rate to try next; none when the search is over.
    pub fn next(&self) -> Option<f64> {
        self.next
    }

    /// Whether the rate that was tried was kept.
    pub fn found(&mut self, is_kept: bool) {
        let Some(tried) = self.next.take() else { return };
        self.tries = self.tries.saturating_sub(1);
        if is_kept {
            self.kept = self.kept.max(tried);
        } else {
            self.lost = Some(self.lost.map_or(tried, |lost| lost.min(tried)));
        }
        let next = match self.lost {
            None => self.kept * 2.0,
            Some(lost) => f64::midpoint(self.kept, lost),
        };
        let is_over = self.tries == 0
            || self.lost.is_some_and(|lost| self.kept > 0.0 && lost / self.kept < APART);
        self.next = Some(next).filter(|_| !is_over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is tried where everything up to `limit` is kept.
    fn tried(limit: f64, from: f64, tries: u32) -> Vec<f64> {
        let mut search = Search::new(from, tries);
        let mut all = Vec::new();
        while let Some(rate) = search.next() {
            all.push(rate);
            search.found(rate <= limit);
        }
        all
    }

    #[test]
    fn it_doubles_until_a_rate_is_lost_and_then_halves_what_lies_between() {
        assert_eq!(tried(700.0, 100.0, 6), [100.0, 200.0, 400.0, 800.0, 600.0, 700.0]);
    }

    #[test]
    fn it_ends_where_kept_and_lost_are_close_together() {
        assert_eq!(tried(780.0, 400.0, 20), [400.0, 800.0, 600.0, 700.0, 750.0]);
    }

    #[test]
    fn a_first_rate_that_is_lost_is_too_high() {
        assert_eq!(tried(30.0, 100.0, 3), [100.0, 50.0, 25.0]);
        assert_eq!(tried(30.0, 100.0, 0), [0.0; 0]);
    }
}
