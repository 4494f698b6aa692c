//! The dispatch service against a real store: a file of SQLite, and where order matters a server of
//! PostgreSQL as well. Time moves only when told and ids are seeded.

mod accepting;
mod assigning;
mod changing;
mod choosing;
mod importing;
mod repairing;
mod seeing;
mod watching;
mod world;
