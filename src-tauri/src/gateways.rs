//! The gateways that the app itself can start: the built-in one, and the rehearsal's.

pub(crate) mod account;
pub(crate) mod here;
pub(crate) mod rehearsing;
