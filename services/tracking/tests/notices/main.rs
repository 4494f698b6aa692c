//! Notices as a whole: a real store, a carrier that misbehaves, a mail server, a clock that moves when told.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

mod callbacks;
mod calls;
mod course;
mod mail;
mod manners;
mod privacy;
mod storm;
mod told;
mod world;
