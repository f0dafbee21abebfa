//! `cargo xtask run`: the app, opened in rehearsal. Where there is no display it opens on a virtual one.
//!
//! Owns what it prints, the picture of a window that nobody can see, and the environment file that makes a second terminal
//! the same console. It decides nothing.

use crate::child::{Child, Voice};
use crate::desktop::Desktop;
use crate::holdctl::{Console, Keychain, isolated};
use crate::rehearsal::{START, Step};
use crate::setup::Purpose;
use crate::stage::{Heard, Interrupted, Said, Stage};
use crate::terminal::{complain, say};
use crate::workspace::{Binaries, Workspace};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::env;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The window has painted what it was told when nothing more has come for this long.
const PAINTED: Duration = Duration::from_millis(1500);

/// Plays until Ctrl-C, or until the person quits the app.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let display =
        ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|at| !at.is_empty()));
    let purpose = if display { Purpose::Build } else { Purpose::Play };
    let binaries = Binaries::ready(workspace, purpose)?;
    let directory = workspace.target.join("rehearsal");
    // Held as long as this process lives; the kernel lets go of it whatever happens.
    let _lock = take_place(&directory)?;
    let mut stage = Stage::open()?;
    let desktop = if display { None } else { Some(Desktop::open()?) };
    let data = directory.join("console");
    let mut command = match &desktop {
        Some(desktop) => desktop.session.command(&binaries.app),
        None => isolated(&binaries.app),
    };
    command.arg("--rehearse").env("HOLDPOINT_DATA_DIR", &data);
    let child = Child::start(command, Voice::App, &directory.join("holdpoint.log"), &stage.inbox)?;
    stage.enter(Voice::App, child);
    let (_, gateway) = stage.step(Step::GatewayUp, START)?;
    let console = Console {
        program: binaries.holdctl.clone(),
        // The app keeps a rehearsal apart from all else.
        data: data.join("rehearsal"),
        runtime: desktop.as_ref().map(|desktop| desktop.session.path("run")),
        logs: directory.clone(),
        gateway,
        account: None,
        keychain: Keychain::OfThePerson,
    };
    let environment = Environment::write(&directory, &binaries, &console)?;
    let shown = shown_path(&environment.0, &workspace.root);
    let picture = desktop.map(|desktop| Picture { desktop, path: directory.join("window.png") });
    let seen = picture.as_ref().map(|picture| shown_path(&picture.path, &workspace.root));
    say(invitation(&console.gateway, &shown, seen.as_deref()));
    let ended = relay(&mut stage, picture.as_ref());
    drop(stage);
    say(format_args!(
        "The gateway is gone. What was decided stays: HOLDPOINT_DATA_DIR={} {} receipts verify",
        quoted(&console.data.display().to_string()),
        console.program.display()
    ));
    ended
}

/// What can be seen of a window on a virtual display.
struct Picture {
    desktop: Desktop,
    path: PathBuf,
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

/// Prints what happens until the person has had enough. The picture follows what happens.
fn relay(stage: &mut Stage, picture: Option<&Picture>) -> Result<()> {
    let mut due = true;
    let mut last = Value::Null;
    loop {
        let heard = match picture {
            Some(_) if due => stage.next_within(PAINTED),
            _ => stage.next().map(|said| said.map_or(Heard::Nothing, Heard::Line)),
        };
        match heard {
            Ok(Heard::Line(said)) => {
                due = true;
                let step = said.line.get("step").cloned().unwrap_or_default();
                // A service that goes on failing says so every few seconds.
                if step.is_null() || step != last {
                    tell(&said);
                }
                last = step;
            }
            Ok(Heard::Nothing) => {
                if due
                    && let Some(picture) = picture
                    && let Err(error) = picture.desktop.session.picture(&picture.path)
                {
                    complain(format_args!("the picture could not be made: {error:#}"));
                }
                due = false;
            }
            Err(error) if error.is::<Interrupted>() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn tell(said: &Said) {
    if let Some(request) = Step::Raised.read(&said.line) {
        say(format_args!("raised: {request} waits for you"));
        return;
    }
    match &said.line {
        Value::String(text) => say(text),
        line => say(line.get("step").and_then(Value::as_str).unwrap_or("something").replace('_', " ")),
    }
}

fn invitation(gateway: &str, environment: &str, picture: Option<&str>) -> String {
    let where_it_is = match picture {
        None => {
            "Holdpoint is open, in rehearsal: a service is about to run out of connections. Decide it there."
                .to_owned()
        }
        Some(picture) => format!(
            "There is no display here, so Holdpoint is open on a virtual one, in rehearsal: a service is about to run out\n\
             of connections. What its window shows: {picture}, made anew whenever something happens."
        ),
    };
    format!(
        "{where_it_is}\n\
         The rehearsal's gateway listens at {gateway}. To follow or decide from a second terminal, in this directory:\n\n\
         \x20 . {environment}\n\
         \x20 holdctl watch\n\
         \x20 holdctl pending\n\
         \x20 holdctl show ID\n\
         \x20 holdctl approve ID --yes        (or: holdctl reject ID --reason TEXT)\n\n\
         Ctrl-C here ends all of it.\n"
    )
}

/// The file a second terminal sources: only its owner may read it, and it goes when the rehearsal ends.
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
    fn rule_13_the_file_for_a_second_terminal_holds_no_password_is_its_owners_only_and_goes_with_the_rehearsal()
     {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let bin = |name: &str| dir.path().join("bin").join(name);
        let (holdctl, gateway) = (bin("holdctl"), bin("gateway"));
        let binaries = Binaries { holdctl, gateway, rehearsal: bin("rehearsal"), app: bin("holdpoint") };
        let console = Console {
            program: binaries.holdctl.clone(),
            data: dir.path().join("it's"),
            runtime: Some(dir.path().join("run")),
            logs: dir.path().to_path_buf(),
            gateway: "http://127.0.0.1:1".into(),
            account: None,
            keychain: Keychain::OfThePerson,
        };
        let environment = Environment::write(dir.path(), &binaries, &console).expect("written");
        let path = environment.0.clone();
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = fs::read_to_string(&path).expect("read");
        let names: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("export ")?.split('=').next()).collect();
        assert_eq!(names, ["HOLDPOINT_DATA_DIR", "XDG_RUNTIME_DIR", "PATH"]);
        assert!(text.contains("it'\\''s'\n"), "{text}");
        drop(environment);
        assert!(!path.exists());
    }
}
