//! The packs a process knows: the built-in one, and those that were published since.
//!
//! A case keeps the version it was filed under, so nothing ever leaves the shelf. Where published packs
//! come from, and that every process learns of them, is for whoever stores them.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;

use crate::pack::Pack;

/// Packs by version. Cheap to clone; all clones are one shelf.
#[derive(Clone, Debug)]
pub struct Shelf {
    packs: Arc<RwLock<Vec<Arc<Pack>>>>,
}

impl Shelf {
    /// A shelf with the pack that comes with the program.
    pub fn builtin() -> Self {
        Self { packs: Arc::new(RwLock::new(vec![Arc::new(Pack::builtin())])) }
    }

    /// The pack of a version, as a case pins it; `None` for one that is not here.
    pub fn of(&self, version: &str) -> Option<Arc<Pack>> {
        self.read().into_iter().find(|pack| **pack.version() == *version)
    }

    /// The pack for cases filed on a day: of those meant for it the one whose days begin last, and of
    /// equals the one published last. Where none is meant for it, the built-in one.
    pub fn in_force(&self, day: NaiveDate) -> Arc<Pack> {
        let packs = self.read();
        let meant = packs.iter().filter(|pack| pack.is_effective(day));
        let newest = meant.max_by_key(|pack| pack.effective_from());
        Arc::clone(newest.unwrap_or(&packs[0]))
    }

    /// Every pack, the built-in one first, then in the order of publishing.
    pub fn all(&self) -> Vec<Arc<Pack>> {
        self.read()
    }

    /// Puts a pack on the shelf, unless its version is there already.
    pub fn put(&self, pack: Pack) {
        let mut packs = self.packs.write().unwrap_or_else(PoisonError::into_inner);
        if !packs.iter().any(|known| known.version() == pack.version()) {
            packs.push(Arc::new(pack));
        }
    }

    fn read(&self) -> Vec<Arc<Pack>> {
        self.packs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::tests::changed;

    fn pack(version: &str, from: &str) -> Pack {
        let files = changed(
            "version = \"cn-2026.1\"\neffective_from = \"2026-01-01\"",
            &format!("version = \"{version}\"\neffective_from = \"{from}\""),
        );
        Pack::read(&files).unwrap()
    }

    #[test]
    fn a_day_has_one_pack_and_a_version_stays() {
        let shelf = Shelf::builtin();
        let on = |day: &str| shelf.in_force(day.parse().unwrap()).version().to_string();
        assert_eq!((on("2025-01-01"), on("2026-06-01")), ("cn-2026.1".into(), "cn-2026.1".into()));
        shelf.put(pack("cn-2026.2", "2026-07-01"));
        shelf.put(pack("cn-2026.3", "2026-07-01"));
        assert_eq!((on("2026-06-30"), on("2026-07-01")), ("cn-2026.1".into(), "cn-2026.3".into()));
        shelf.put(pack("cn-2026.3", "2026-01-02"));
        assert_eq!(on("2026-02-01"), "cn-2026.1", "a version is what it was first");
        assert_eq!(shelf.of("cn-2026.2").unwrap().effective_from().to_string(), "2026-07-01");
        assert!(shelf.of("cn-2019.1").is_none());
        assert_eq!(shelf.clone().all().len(), 3);
    }
}
