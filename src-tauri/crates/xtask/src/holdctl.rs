//! `holdctl` as a person at a terminal has it: its environment, its calls and what they answer.

use crate::child::{Child, Finished, Inbox, Voice, finish};
use crate::rehearsal::Account;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// holdctl waits up to 65 s for an outcome by itself; no call takes longer than this.
const LONGEST_CALL: Duration = Duration::from_secs(90);

/// Which keychain holdctl may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keychain {
    /// The person's own.
    OfThePerson,
    /// None: an unattended play neither asks a person to unlock it nor leaves anything in it.
    Hidden,
}

/// One console: a data directory, a gateway, an account.
pub(crate) struct Console {
    pub(crate) program: PathBuf,
    /// `HOLDPOINT_DATA_DIR`.
    pub(crate) data: PathBuf,
    /// `XDG_RUNTIME_DIR`, where it is not the person's own: the console that runs is met there.
    pub(crate) runtime: Option<PathBuf>,
    /// Where stderr of its calls goes.
    pub(crate) logs: PathBuf,
    /// The gateway's origin.
    pub(crate) gateway: String,
    /// Who signs in; `None` where the console that runs has done so.
    pub(crate) account: Option<Account>,
    pub(crate) keychain: Keychain,
}

impl Console {
    /// What a shell must export to be this console.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("HOLDPOINT_DATA_DIR", self.data.display().to_string())];
        variables.extend(self.runtime.iter().map(|dir| ("XDG_RUNTIME_DIR", dir.display().to_string())));
        if let Some(account) = &self.account {
            variables.push(("HOLDPOINT_GATEWAY", self.gateway.clone()));
            variables.push(("HOLDPOINT_EMAIL", account.email.clone()));
            variables.push(("HOLDPOINT_PASSWORD", account.password.clone()));
        }
        variables
    }

    /// Starts `holdctl ARGUMENTS`, which prints events until it is ended.
    pub(crate) fn watch(&self, arguments: &[&str], inbox: &Inbox) -> Result<Child> {
        Child::start(self.command(arguments), Voice::Watch, &self.log("watch"), inbox)
    }

    /// Runs `holdctl --json ARGUMENTS` and takes its one object; any exit code but 0 is an error that quotes it.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let call = format!("holdctl --json {}", arguments.join(" "));
        let whole: Vec<&str> = ["--json"].into_iter().chain(arguments.iter().copied()).collect();
        let log = self.log(arguments.first().copied().unwrap_or("holdctl"));
        let Finished { status, stdout, last_words } = finish(self.command(&whole), &log, LONGEST_CALL)?;
        if !status.success() {
            bail!("{call}: {status}{last_words}");
        }
        serde_json::from_str(&stdout).with_context(|| format!("{call}: it printed no JSON: {stdout:?}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = isolated(&self.program);
        command.args(arguments).envs(self.variables());
        if self.keychain == Keychain::Hidden {
            let nowhere = self.logs.join("no-session-bus");
            command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", nowhere.display()));
        }
        command
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("holdctl-{name}.log"))
    }
}

/// A command that sees none of the person's own Holdpoint settings.
pub(crate) fn isolated(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HOLDPOINT_")) {
        command.env_remove(name);
    }
    command
}
