//! What this desktop offers: notifications, and whether it shows tray icons.

pub(crate) mod bus;
pub(crate) mod link;
pub(crate) mod notify;
