//! The real window: each test on a desktop of its own, driven as a person would drive it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "every function in here belongs to a test")]

mod doors;
mod dunst;
mod elsewhere;
mod hostile;
mod keyring;
mod killed;
mod locked_down;
mod notification;
mod reopened;
mod single;
mod story;
mod tray;
