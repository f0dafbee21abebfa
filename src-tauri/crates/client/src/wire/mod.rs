//! The one way a call goes out and an answer comes back: connection, limits, repetition, reading of errors.
//! Knows nothing of sessions or routes.

pub(crate) mod breakage;
pub(crate) mod call;
pub(crate) mod retry;
pub(crate) mod tls;
pub(crate) mod transport;
pub(crate) mod traps;
pub(crate) mod verdict;
pub(crate) mod way;
