//! parasol-verification
