//! The four roles. What a role may do is judged in [`super::rights`].

use std::fmt;
use std::str::FromStr;

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sees and may do everything.
    Admin,
    /// Decides on the pipelines he owns.
    Owner,
    /// Reads, never decides.
    Viewer,
    /// Raises requests and takes its own back, never decides.
    Machine,
}

/// A word that is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of admin, owner, viewer, machine")]
pub struct NoSuchRole;

impl Role {
    /// The word in JSON, SQL and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Owner => "owner",
            Role::Viewer => "viewer",
            Role::Machine => "machine",
        }
    }
}

impl FromStr for Role {
    type Err = NoSuchRole;

    fn from_str(word: &str) -> Result<Self, NoSuchRole> {
        [Role::Admin, Role::Owner, Role::Viewer, Role::Machine]
            .into_iter()
            .find(|role| role.word() == word)
            .ok_or(NoSuchRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
