//! The law of Holdpoint: what an approval is, who may move it where, what exactly will run and how that is
//! fingerprinted, how a decision is receipted, and how hostile text is shown.
//!
//! Owns values and rules. Deliberately does no I/O, knows no clock, no randomness and no async: whatever varies is
//! a parameter.

pub mod action;
pub mod approval;
pub mod connection;
pub mod decision;
pub mod difference;
pub mod digest;
pub mod effect;
pub mod escape;
pub mod id;
pub mod law;
pub mod outcome;
pub mod ports;
pub mod receipt;
pub mod redact;
pub mod registry;

pub use action::{OnFailure, RemediationAction, RenderedAction, Risk};
pub use approval::{Approval, Confidence, Mode, Status};
pub use connection::Connection;
pub use decision::{DecisionId, OutboxState, Point, Verdict};
pub use difference::Difference;
pub use digest::Digest;
pub use effect::Effect;
pub use id::{ActionId, GatewayId, PipelineId, RequestId, RequestKey};
pub use outcome::{ActionResult, Outcome};
pub use ports::{Clock, Entropy};
