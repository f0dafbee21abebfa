//! `cargo xtask run`: until there is a window, the rehearsal in the terminal, to be decided by hand.
//!
//! Owns what it prints and the environment file that makes a second terminal the same console. It decides nothing.

use crate::child::Voice;
use crate::holdctl::{Console, Keychain};
use crate::rehearsal::{self, Account, Restart, START, Step};
use crate::setup::Purpose;
use crate::stage::{Interrupted, Said, Stage};
use crate::terminal::say;
use crate::workspace::{Binaries, Workspace};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Plays until Ctrl-C.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let binaries = Binaries::ready(workspace, Purpose::Build)?;
    let directory = workspace.target.join("rehearsal");
    // Held as long as this process lives; the kernel lets go of it whatever happens.
    let _lock = take_place(&directory)?;
    let mut stage = Stage::open()?;
    let account = Account::random()?;
    let child = rehearsal::start(&binaries.rehearsal, &directory, &account, Restart::Real, &stage.inbox)?;
    stage.enter(Voice::Rehearsal, child);
    let (_, gateway) = stage.step(Step::GatewayUp, START)?;
    let console = Console {
        program: binaries.holdctl.clone(),
        data: directory.join("console"),
        logs: directory.clone(),
        gateway,
        account,
        keychain: Keychain::OfThePerson,
    };
    let environment = Environment::write(&directory, &binaries, &console)?;
    say(invitation(&console.gateway, &shown_path(&environment.0, &workspace.root)));
    let watch = console.watch(&["watch"], &stage.inbox)?;
    stage.enter(Voice::Watch, watch);
    let ended = relay(&mut stage);
    drop(stage);
    say(format_args!(
        "The gateway is gone. What was decided stays: HOLDPOINT_DATA_DIR={} {} receipts verify",
        quoted(&console.data.display().to_string()),
        console.program.display()
    ));
    ended
}

/// An empty directory that no other rehearsal uses.
fn take_place(directory: &Path) -> Result<File> {
    fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    let lock = File::create(directory.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!("a rehearsal is already running here: end it with Ctrl-C first")
        }
        Err(TryLockError::Error(error)) => return Err(error).context("the rehearsal's lock cannot be taken"),
    }
    for old in ["console", "gateway"] {
        match fs::remove_dir_all(directory.join(old)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("the last rehearsal's {old} cannot be removed"));
            }
            _ => {}
        }
    }
    Ok(lock)
}

/// Prints what happens until the person has had enough.
fn relay(stage: &mut Stage) -> Result<()> {
    loop {
        match stage.next() {
            Ok(Some(said)) => tell(&said),
            Ok(None) => {}
            Err(error) if error.is::<Interrupted>() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn tell(said: &Said) {
    if let Some(request) = Step::Raised.read(&said.line) {
        say(format_args!(
            "\nraised: {request}\n  holdctl show {request}\n  holdctl approve {request} --yes\n"
        ));
        return;
    }
    match (&said.line, said.from) {
        (Value::String(text), Voice::Rehearsal) => say(format_args!("rehearsal: {text}")),
        (Value::String(text), _) => say(format_args!("watch: {text}")),
        (line, Voice::Rehearsal) => {
            let step = line.get("step").and_then(Value::as_str).unwrap_or("something");
            say(format_args!("rehearsal: {}", step.replace('_', " ")));
        }
        (line, _) => say(format_args!("watch: {line}")),
    }
}

fn invitation(gateway: &str, environment: &str) -> String {
    format!(
        "The rehearsal's gateway listens at {gateway}. A service is about to run out of connections.\n\
         Decide it from a second terminal, in this directory:\n\n\
         \x20 . {environment}\n\
         \x20 holdctl pending\n\
         \x20 holdctl show ID\n\
         \x20 holdctl approve ID --yes        (or: holdctl reject ID --reason TEXT)\n\n\
         Ctrl-C here ends all of it.\n"
    )
}

/// The file a second terminal sources. It holds the rehearsal's password, so only its owner may read it, and it goes
/// when the rehearsal ends.
struct Environment(PathBuf);

impl Environment {
    fn write(directory: &Path, binaries: &Binaries, console: &Console) -> Result<Self> {
        let path = directory.join("env");
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("{} cannot be replaced", path.display()));
        }
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file =
            options.open(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        for (name, value) in console.variables() {
            writeln!(file, "export {name}={}", quoted(&value))?;
        }
        if let Some(programs) = binaries.holdctl.parent() {
            writeln!(file, "export PATH={}:\"$PATH\"", quoted(&programs.display().to_string()))?;
        }
        Ok(Environment(path))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Relative to the repository where it lies inside: shorter to type.
fn shown_path(path: &Path, root: &Path) -> String {
    quoted(&path.strip_prefix(root).map_or(path, |inside| inside).display().to_string())
}

/// As a POSIX shell reads it back.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("/a/b-c_1.d"), "/a/b-c_1.d");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_second_rehearsal_in_the_same_place_is_refused_and_a_later_one_starts_clean() {
        let dir = tempfile::tempdir().expect("a directory");
        let lock = take_place(dir.path()).expect("free");
        fs::create_dir(dir.path().join("console")).expect("made");
        let refused = take_place(dir.path()).expect_err("taken");
        assert!(refused.to_string().contains("already running"), "{refused}");
        assert!(dir.path().join("console").exists(), "a running rehearsal's data is left alone");
        drop(lock);
        take_place(dir.path()).expect("free again");
        assert!(!dir.path().join("console").exists());
    }

    #[cfg(unix)]
    #[test]
    fn rule_13_the_file_with_the_password_is_for_its_owner_only_and_goes_with_the_rehearsal() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let bin = |name: &str| dir.path().join("bin").join(name);
        let binaries =
            Binaries { holdctl: bin("holdctl"), gateway: bin("gateway"), rehearsal: bin("rehearsal") };
        let console = Console {
            program: binaries.holdctl.clone(),
            data: dir.path().join("console"),
            logs: dir.path().to_path_buf(),
            gateway: "http://127.0.0.1:1".into(),
            account: Account { email: "a@example.com".into(), password: "it's".into() },
            keychain: Keychain::OfThePerson,
        };
        let environment = Environment::write(dir.path(), &binaries, &console).expect("written");
        let path = environment.0.clone();
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.contains("export HOLDPOINT_PASSWORD='it'\\''s'\n"), "{text}");
        drop(environment);
        assert!(!path.exists());
    }
}
