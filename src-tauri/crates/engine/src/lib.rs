//! The application: owns all state in one task, decides purely, has effects done, publishes whole views (DESIGN 4).
//!
//! The way of an approval: `client` stream -> [`step`] -> store -> [`view`]; back: [`command`] -> [`step`] -> outbox
//! row -> `client` call -> row -> view. It opens no window; what it needs from outside is given to [`start::Setup`].

pub mod banner;
#[cfg(feature = "bindings")]
pub mod bindings;
pub mod command;
pub mod console;
pub mod effect;
mod failure;
pub mod handle;
pub mod history;
mod ingest;
pub mod input;
pub mod lock;
pub mod notices;
pub mod outbox;
pub mod policy;
mod refused;
pub mod rules;
mod runtime;
#[cfg(test)]
mod sim;
pub mod socket;
pub mod start;
pub mod state;
pub mod step;
pub mod system;
pub mod view;
pub mod window;

/// The way through the network, for those above who may not know `client`.
pub use client::Network;
pub use command::{Answer, Code, Command, Query, Refused};
pub use console::{Console, Introduction, Surface};
pub use start::Setup;
pub use state::Purpose;
pub use view::AppView;
