//! 4 MiB held back while there is room, given up when the disk is full, so that decisions in flight can still be
//! closed (DESIGN 3). A new decision never uses it.

use crate::place;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const NAME: &str = "ballast";
const SIZE: u64 = 4 * 1024 * 1024;

/// The ballast of one data directory.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
}

impl Ballast {
    /// Takes ballast on, if it is not there. A full disk is no reason not to start: then there is none.
    pub(crate) fn load(dir: &Path) -> Self {
        let path = dir.join(NAME);
        if let Err(error) = fill(&path) {
            tracing::warn!(%error, path = %path.display(), "no room is held back for a full disk");
            let _ = fs::remove_file(&path);
        }
        Self { path }
    }

    /// None is taken on.
    pub(crate) fn none(dir: &Path) -> Self {
        Self { path: dir.join(NAME) }
    }

    /// Takes it on anew after the disk was full, or proves by as much again that there is room. False if there is none.
    pub(crate) fn renew(&self) -> bool {
        if self.path.metadata().is_ok_and(|kept| kept.len() == SIZE) {
            let probe = self.path.with_extension("probe");
            let room = fill(&probe);
            let _ = fs::remove_file(&probe);
            return room.is_ok();
        }
        let room = fill(&self.path);
        if room.is_err() {
            let _ = fs::remove_file(&self.path);
        }
        room.is_ok()
    }

    /// Gives the room back. True if there was any.
    pub(crate) fn drop_it(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

fn fill(path: &Path) -> io::Result<()> {
    let mut file = place::open_private(path)?;
    if file.metadata()?.len() == SIZE {
        return Ok(());
    }
    // Written, not only sized: a sparse file would hold nothing back.
    file.set_len(0)?;
    let block = [0x5a; 64 * 1024];
    for _ in 0..SIZE / block.len() as u64 {
        file.write_all(&block)?;
    }
    file.sync_all()
}
