//! The one integration binary: linked once, one module per subject.

mod bad_input;
mod callbacks;
mod conformance;
mod dependencies;
mod evidence;
mod house;
mod http;
mod installer;
mod invariants;
mod killing;
mod limits;
mod messages;
mod network;
mod network_run;
mod parked;
mod partner;
mod paying;
mod policy;
mod portal;
mod program;
mod racing;
mod rest;
mod stories;
mod tenancy;
mod tidy;
mod up;
