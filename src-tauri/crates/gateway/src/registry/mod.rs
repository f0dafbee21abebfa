//! What the gateway knows to do: actions, mappings, pipelines. Each change is one transaction with its audit entry; an
//! edited action reaches the approvals that wait with it.

pub(crate) mod actions;
pub(crate) mod discover;
pub(crate) mod mappings;
pub(crate) mod workflows;
