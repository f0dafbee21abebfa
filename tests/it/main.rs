//! Behaviour tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "every function in here belongs to a test")]

mod bindings;
mod digest_vectors;
mod net_chaos;
mod net_clocks;
mod net_stream;
mod own_conflicts;
mod own_digest;
mod own_exit_codes;
mod own_hostile;
mod own_kill;
mod own_receipts;
mod own_secrets;
mod own_share;
mod own_story;
mod own_tamper;
mod platform_decide;
mod platform_desk;
mod platform_hostile;
mod platform_network;
mod platform_pause;
mod platform_race;
mod platform_reach;
mod platform_session;
mod platform_unclear;
mod platform_watch;
mod rfc6455;
mod support_caller;
mod support_platform;
mod support_platform_approve;
mod support_platform_socket;
mod support_target;
mod tidy;
