//! The rehearsal: a small real service, a load that breaks it, a gateway, and a probe that raises the alarm. Everything
//! a person decides here really happens: the pool really runs dry, and restarting it really frees it.
//!
//! Owns the scripted incident. Deliberately holds no console: whoever decides comes from outside, over the gateway.

mod account;
pub mod incident;
pub mod load;
pub mod pool;
pub mod probe;
pub mod service;
pub mod step;
mod wire;

pub use account::CallError;
pub use incident::{Begin, Incident, IncidentError, PIPELINE, Script};
pub use service::{Restart, Service};
pub use step::{Reported, Step};
pub use wire::client;

/// A password nobody can guess, for a person who will read it off once.
pub fn random_password() -> String {
    gateway::Config::new("sqlite::memory:").entropy.uuid().simple().to_string()
}
