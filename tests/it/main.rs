//! Behaviour tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "every function in here belongs to a test")]

mod own_bad_input;
mod own_conflicts;
mod own_digest;
mod own_exit_codes;
mod own_hostile;
mod own_kill;
mod own_secrets;
mod own_share;
mod own_story;
mod own_tamper;
mod support_caller;
mod support_platform;
mod support_platform_approve;
mod support_platform_socket;
mod support_target;
mod tidy;
