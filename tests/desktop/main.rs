//! The real window: one process each, on a desktop of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "every function in here belongs to a test")]

mod story;
