//! The gateway's behaviour, over loopback, through its real server. One binary: one link step.
#![allow(clippy::panic, reason = "a helper that finds something else than it waits for has failed its test")]

#[path = "gateway/audit.rs"]
mod audit;
#[path = "gateway/command.rs"]
mod command;
#[path = "gateway/deciding.rs"]
mod deciding;
#[path = "gateway/digest.rs"]
mod digest;
#[path = "gateway/events.rs"]
mod events;
#[path = "gateway/execution.rs"]
mod execution;
#[path = "gateway/once.rs"]
mod once;
#[path = "gateway/registry.rs"]
mod registry;
#[path = "gateway/rights.rs"]
mod rights;
#[path = "gateway/session.rs"]
mod session;
#[path = "gateway/support.rs"]
mod support;
#[path = "gateway/target.rs"]
mod target;
#[path = "gateway/wire.rs"]
mod wire;
