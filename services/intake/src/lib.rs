//! parasol-intake
