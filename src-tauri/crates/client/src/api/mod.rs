//! What can be asked of a gateway, one concern per file, each in both dialects. Everything comes out as the domain's
//! values.

pub(crate) mod approvals;
pub(crate) mod auth;
pub(crate) mod decide;
pub(crate) mod events;
pub(crate) mod pipelines;
pub(crate) mod probe;
pub(crate) mod registry;
mod routes;
