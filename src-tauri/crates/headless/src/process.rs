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
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("{} cannot be written", log.display()))?;
        let stdout = file.try_clone().with_context(|| format!("{} cannot be shared", log.display()))?;
        command.process_group(0).stdin(Stdio::null()).stdout(stdout).stderr(file);
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

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
