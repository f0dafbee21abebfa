//! The event stream: how an event becomes one text for all, who may see it, and how a reader picks up where it left.

pub(crate) mod frame;
pub(crate) mod hub;
pub(crate) mod resume;
pub(crate) mod socket;
pub(crate) mod vision;
