//! What goes over the wire, in both dialects (CONTRACT 1-3), and its way into the domain's values.
//!
//! Owns shapes and decoding. Does no I/O and decides nothing. One decoder for all gateways: unknown fields are kept,
//! unknown kinds come out raw, any bytes give a value or an error.

pub mod extended_json;
pub mod frame;
pub mod literal;
pub mod path;
pub mod platform;
pub mod problem;
pub mod rest;
pub mod time;
