//! The rehearsal seen from outside: how it is started, and the steps it reports as one JSON object per line.

use crate::child::{Child, Inbox, Voice};
use crate::holdctl::isolated;
use crate::json;
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The person who decides in the rehearsal.
const EMAIL: &str = "oncall@rehearsal.example";

/// The gateway of the rehearsal must listen, and its service answer, within this.
pub(crate) const START: Duration = Duration::from_secs(60);
/// The pool must have run dry and the probe have raised the request within this.
pub(crate) const RAISE: Duration = Duration::from_secs(60);

/// Who signs in. Deliberately not `Debug`: a password is never printed.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
}

impl Account {
    /// A new account with 128 random bits as password.
    pub(crate) fn random() -> Result<Self> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).map_err(|error| anyhow!("no randomness to be had: {error}"))?;
        Ok(Account { email: EMAIL.into(), password: hex::encode(bits) })
    }
}

/// What the service's restart does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// It frees the pool.
    Real,
    /// It says it did, and does nothing.
    Sabotaged,
}

/// What the rehearsal reports, as far as this tool waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The service answers; carries its address.
    ServiceUp,
    /// The gateway listens; carries its origin.
    GatewayUp,
    /// The probe asked for an approval; carries the request's id.
    Raised,
}

impl Step {
    /// The word in the field `step`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Step::ServiceUp => "service_up",
            Step::GatewayUp => "gateway_up",
            Step::Raised => "raised",
        }
    }

    /// What this step carries in such a line; `None` when the line is another step.
    pub(crate) fn read(self, line: &Value) -> Option<&str> {
        let fields: &[&str] = match self {
            Step::ServiceUp | Step::GatewayUp => &["origin", "url", "address"],
            Step::Raised => &["request_id"],
        };
        (json::text(line, "step")? == self.word()).then_some(())?;
        fields.iter().find_map(|field| json::text(line, field))
    }
}

/// Starts it in a directory of its own; the service breaks once it is told anything, when whoever watches is there. The password travels in the environment, never in argv.
pub(crate) fn start(
    program: &Path,
    directory: &Path,
    account: &Account,
    restart: Restart,
    inbox: &Inbox,
) -> Result<Child> {
    let database = directory.join("gateway");
    std::fs::create_dir_all(&database).with_context(|| format!("{} cannot be made", database.display()))?;
    let mut command = isolated(program);
    command.arg("--directory").arg(&database).args(["--email", &account.email]);
    if restart == Restart::Sabotaged {
        command.arg("--sabotage");
    }
    command.arg("--wait");
    command.env("HOLDPOINT_PASSWORD", &account.password);
    Child::start(command, Voice::Rehearsal, &directory.join("rehearsal.log"), inbox)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_read_by_its_word_and_carries_its_value() {
        let line = json!({"step":"raised","at":"2026-01-01T00:00:00Z","request_id":"APR-1"});
        assert_eq!(Step::Raised.read(&line), Some("APR-1"));
        assert_eq!(Step::GatewayUp.read(&line), None);
        let line = json!({"step":"gateway_up","origin":"http://127.0.0.1:5"});
        assert_eq!(Step::GatewayUp.read(&line), Some("http://127.0.0.1:5"));
    }

    #[test]
    fn no_two_accounts_share_a_password() {
        let (one, other) = (Account::random().expect("random"), Account::random().expect("random"));
        assert_eq!(one.password.len(), 32);
        assert_ne!(one.password, other.password);
    }
}
