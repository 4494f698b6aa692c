//! How many files may be on their way in at a time: by all, and by one caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use parasol_api::{Error, Reason};

/// Files on their way in at a time, in one process.
pub(crate) const UPLOADS_MAX: usize = 64;
/// Files of one caller on their way in at a time, in one process.
const UPLOADS_OF_A_CALLER_MAX: usize = 4;

/// Places for files on their way in. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<String, usize>>>);

/// A place that is taken until it is dropped.
pub(crate) struct Place {
    places: Places,
    caller: String,
}

impl Places {
    /// A place for a caller.
    ///
    /// # Errors
    /// `OVERLOADED` when there is none.
    pub(crate) fn take(&self, caller: String) -> Result<Place, Error> {
        let mut taken = self.0.lock().expect("no holder of this lock panics");
        let all: usize = taken.values().sum();
        let own = taken.get(&caller).copied().unwrap_or_default();
        if all >= UPLOADS_MAX || own >= UPLOADS_OF_A_CALLER_MAX {
            return Err(Error::new(Reason::Overloaded));
        }
        taken.insert(caller.clone(), own + 1);
        drop(taken);
        Ok(Place { places: self.clone(), caller })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().expect("no holder of this lock panics");
        match taken.get_mut(&self.caller) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_few_places_and_gets_them_back() {
        let places = Places::default();
        let mut held: Vec<_> = (0..UPLOADS_OF_A_CALLER_MAX)
            .map(|_| places.take("customer:u-1".to_owned()).unwrap())
            .collect();
        let full = places.take("customer:u-1".to_owned()).err().unwrap();
        assert_eq!(full.reason(), Reason::Overloaded);
        assert!(places.take("customer:u-2".to_owned()).is_ok());
        held.pop();
        assert!(places.take("customer:u-1".to_owned()).is_ok());
        drop(held);
        assert!(places.0.lock().unwrap().is_empty());
    }

    #[test]
    fn all_callers_together_have_a_limit_too() {
        let places = Places::default();
        let held: Vec<_> =
            (0..UPLOADS_MAX).map(|nth| places.take(format!("customer:u-{nth}")).unwrap()).collect();
        assert!(places.take("customer:another".to_owned()).is_err());
        drop(held);
    }
}
