//! Shared pieces of the integration binary.
