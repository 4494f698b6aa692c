//! parasol-gateway
