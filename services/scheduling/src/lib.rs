//! parasol-scheduling
