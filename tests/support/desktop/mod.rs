//! The desktop that the real window is tested on: the app on a screen, a bus and in directories of its own, and stand-ins
//! for what the test wants to look into: the notification daemon and the tray's host.
//!
//! Owns how the app is started and how a person reaches a gateway through its page. Decides nothing about what is right.

mod canary;
mod desk;
mod keyring;
mod panel;
mod recorder;
pub mod words;

pub use canary::Canary;
pub use desk::{Desk, shows_a_page};
pub use keyring::{Keyring, Unanswered};
pub use panel::{Face, Line, Panel};
pub use recorder::{Recorder, Shown};
