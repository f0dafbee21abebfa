//! `holdpoint-gateway`: the wire contract (sections 1 and 2), persistent, running what was approved.
//!
//! Owns users, rights, the registry of actions and mappings, the ledger of approvals, their execution and the event
//! stream. Deliberately knows nothing of the console: it is embedded through [`Gateway`] and spoken to over HTTP only.

mod auth;
mod config;
mod core;
mod db;
mod executor;
mod fault;
mod gateway;
mod http;
mod ledger;
pub mod matching;
pub mod openapi;
mod registry;
pub mod render;
mod serve;
mod stream;
mod system;

pub use auth::role::Role;
pub use config::Config;
pub use gateway::{AddError, Asking, Gateway, NewWorkflow, OpenError, ServeError};
pub use system::{SystemClock, SystemEntropy};

/// The web framework this gateway is built on, handed on because the rehearsal may depend on the gateway alone.
pub use axum;
/// The HTTP client this gateway executes with, handed on for the same reason.
pub use reqwest;
