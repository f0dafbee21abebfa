//! The directories of one desktop: a home of its own, so that nothing of the person's is read or written.

use anyhow::{Context, Result};
use std::fs::{DirBuilder, read_to_string, write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Removed with the desktop.
#[derive(Debug)]
pub(crate) struct Directories {
    root: TempDir,
}

impl Directories {
    pub(crate) fn make() -> Result<Self> {
        let root =
            TempDir::with_prefix("holdpoint-desktop-").context("no temporary directory can be made")?;
        let made = Self { root };
        for place in ["home", "run", "config", "data", "cache", "state", "logs"] {
            let path = made.at(place);
            DirBuilder::new()
                .mode(0o700)
                .create(&path)
                .with_context(|| format!("{} cannot be made", path.display()))?;
        }
        Ok(made)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn log(&self, of: &str) -> PathBuf {
        self.at("logs").join(format!("{of}.log"))
    }

    /// What everything on this desktop has written to its logs so far, for an error.
    pub(crate) fn said(&self) -> String {
        let logs = self.at("logs").read_dir().into_iter().flatten().flatten();
        let text = |path: &Path| read_to_string(path).unwrap_or_default();
        logs.map(|log| (log.file_name(), text(&log.path())))
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(name, text)| format!("\n--- {}\n{}", name.to_string_lossy(), text.trim_end()))
            .collect()
    }

    /// The configuration of the session bus. Nothing on it is started because somebody asks for it: a desktop has a
    /// keychain or a notification daemon only when one was put there.
    pub(crate) fn bus_config(&self) -> Result<PathBuf> {
        let path = self.at("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
            self.at("run").display()
        );
        write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(path)
    }
}
