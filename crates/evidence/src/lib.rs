//! Evidence: photos and films that somebody hands in, from the first byte to the store.
//!
//! Owns what a file is by its bytes, the quarantine it lies in while it comes, the child process that
//! reads it, decodes it and writes it anew without anything but the picture, the look by which a picture
//! is known again, and the store of what came of it. What is kept has a name that follows from its
//! content, so nothing is kept twice and nothing can be changed under its name.
//!
//! What it deliberately does not do: it knows no case and no caller, keeps no table, and decides nothing
//! about who may hand in or see what. The file as it came is never stored: it may hold the place where
//! it was taken, or be two files in one. Only its fingerprint is.

mod archive;
mod fault;
mod film;
mod kind;
mod limits;
mod look;
mod photo;
mod quarantine;
mod store;
mod webm;
mod worker;
mod workshop;

pub use archive::Archive;
pub use fault::Fault;
pub use kind::Kind;
pub use limits::{Limits, PHOTO_BYTES_MAX, VIDEO_BYTES_MAX};
pub use look::{Band, Look};
pub use quarantine::{Arrival, Quarantine};
pub use store::{Kept, Location, Patience, S3, Shelf, Unusable};
pub use worker::{COMMAND, run as run_worker};
pub use workshop::{Rendition, Workshop};
