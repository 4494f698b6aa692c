//! parasol
