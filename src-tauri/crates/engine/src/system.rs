//! The real clock and the real randomness, for those who start an engine: the ones its gateways are talked to with.

pub use client::system::{SystemClock, SystemEntropy};
