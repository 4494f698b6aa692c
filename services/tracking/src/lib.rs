//! parasol-tracking
