//! Processes of the desktop: none of them outlives its owner.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// One running process and all it starts. Dropped, they are killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts it as the first of a group of its own; what it says goes to `log`.
    pub(crate) fn start(mut command: Command, input: Stdio, log: &Path) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("{} cannot be written", log.display()))?;
        let stdout = file.try_clone().with_context(|| format!("{} cannot be shared", log.display()))?;
        command.process_group(0).stdin(input).stdout(stdout).stderr(file);
        let child = command.spawn().with_context(|| {
            format!("{name} cannot be started; cargo xtask setup installs what is missing")
        })?;
        Ok(Self { child })
    }

    /// One that was started with a stdout to be read; it must lead a group of its own.
    pub(crate) fn of(child: Child) -> Self {
        Self { child }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end (SIGTERM).
    pub fn ask_to_end(&self) {
        // It may have ended already; that is what was asked for.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    /// How it ended: its exit code, or `None` while it runs and where a signal ended it.
    pub fn code(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten()?.code()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }
}

/// The processes that `parent` has started and that run, each with its name as the kernel keeps it: 15 letters.
pub fn children(parent: u32) -> Vec<(u32, String)> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(|number| Some((number, child(number, parent)?))).collect()
}

/// Asks a process to end (SIGTERM).
pub(crate) fn ask_to_end(number: u32) {
    let number = i32::try_from(number).ok().and_then(Pid::from_raw);
    // It may have ended already; that is what was asked for.
    let _ = number.map(|number| kill_process(number, Signal::TERM));
}

/// Whether a process of this number runs no more.
pub(crate) fn has_ended(number: u32) -> bool {
    stat(number).is_none_or(|(_, state, _)| state == "Z")
}

/// Its name, if it runs and is `parent`'s.
fn child(number: u32, parent: u32) -> Option<String> {
    let (name, state, its) = stat(number)?;
    (its == parent && state != "Z").then_some(name)
}

/// Name, state and parent of a process.
fn stat(number: u32) -> Option<(String, String, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name stands in brackets and may hold some itself.
    let (head, tail) = text.rsplit_once(')')?;
    let mut rest = tail.split_whitespace();
    let (state, parent) = (rest.next()?, rest.next()?.parse().ok()?);
    Some((head.split_once('(')?.1.to_owned(), state.to_owned(), parent))
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
