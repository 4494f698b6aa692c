//! The way of a file: quarantine, workshop, shelf.

use std::io;
use std::path::{Path, PathBuf};

use crate::limits::Limits;
use crate::quarantine::Quarantine;
use crate::store::{Location, Shelf};
use crate::workshop::Workshop;

/// Everything that a file passes on its way in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Where it lies while it comes.
    pub quarantine: Quarantine,
    /// Where it is read and written anew.
    pub workshop: Workshop,
    /// Where it is kept.
    pub shelf: Shelf,
}

impl Archive {
    /// An archive whose nameless files lie in `folder`. Files are read in child processes of `program`, or of
    /// the program of this process where none is named.
    ///
    /// # Errors
    /// When a folder cannot be used, or the place described cannot be one.
    pub fn open(
        folder: &Path,
        location: &Location,
        program: Option<PathBuf>,
        limits: Limits,
    ) -> io::Result<Self> {
        let quarantine = Quarantine::open(folder, limits)?;
        let workshop = match program {
            Some(program) => Workshop::of_program(program, folder, limits),
            None => Workshop::of_this_program(folder, limits)?,
        };
        Ok(Self { quarantine, workshop, shelf: Shelf::open(location)? })
    }

    /// An archive in one folder that reads files inside this process; see [`Workshop::inside`].
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn inside(folder: &Path, limits: Limits) -> io::Result<Self> {
        let quarantine = Quarantine::open(folder, limits)?;
        let workshop = Workshop::inside(folder, limits);
        let shelf = Shelf::open(&Location::Folder(folder.join("kept")))?;
        Ok(Self { quarantine, workshop, shelf })
    }
}
