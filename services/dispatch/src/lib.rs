//! parasol-dispatch
