//! Who someone is and what he may do: passwords, tokens, sessions, roles, standings.

pub(crate) mod access;
pub(crate) mod caller;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod rights;
pub(crate) mod role;
pub(crate) mod session;
