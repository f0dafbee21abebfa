//! Secrets of this device: in the credential store of the OS, or, where there is none, honestly in memory only
//! (rule 13). Nothing is ever written to a file in silence.
//!
//! Owns finding out whether there is a store, asking it without being blocked by a prompt, and the type that keeps
//! secrets out of logs. It does not know what the secrets are for.

mod availability;
mod error;
mod lane;
mod secret;
mod store;

pub use availability::{Absence, Availability};
pub use error::KeychainError;
pub use secret::{Entry, Secret};
pub use store::Keychain;
