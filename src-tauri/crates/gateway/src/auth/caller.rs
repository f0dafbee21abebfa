//! Who is calling. Made by the authentication layer only.

use super::role::Role;
use chrono::{DateTime, Utc};
use protocol::rest::User;
use serde_json::{Map, Value};

/// An authenticated caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    /// The identity that decides (rule 8).
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) session_id: String,
    pub(crate) token_ends_at: DateTime<Utc>,
}

/// How the token came: a cookie is sent by a browser on anybody's behalf, a Bearer header is not (A16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    Bearer,
    Cookie,
}

/// An account as the wire shows it.
pub(crate) fn user(id: &str, email: &str, role: Role) -> User {
    User {
        id: Value::String(id.to_owned()),
        email: email.to_owned(),
        full_name: None,
        role: Some(role.word().to_owned()),
        extra: Map::new(),
    }
}
