//! Where the data lives, and that nobody else can read it: the directory is 0700, each file 0600, whatever the umask.

use crate::StoreError;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What must never be lost.
pub(crate) const DECISIONS: &str = "decisions.db";
/// What can be fetched again.
pub(crate) const CACHE: &str = "cache.db";

/// The data directory: `HOLDPOINT_DATA_DIR`, else `$XDG_DATA_HOME/holdpoint`, else `$HOME/.local/share/holdpoint`. An
/// empty variable counts as unset, and so does a relative `XDG_DATA_HOME` (XDG base directory specification).
pub fn data_dir(env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, StoreError> {
    let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = path("HOLDPOINT_DATA_DIR") {
        return Ok(own);
    }
    if let Some(shared) = path("XDG_DATA_HOME").filter(|dir| dir.is_absolute()) {
        return Ok(shared.join("holdpoint"));
    }
    path("HOME").map(|home| home.join(".local/share/holdpoint")).ok_or(StoreError::NoPlace)
}

/// Makes the directory and both files ready for an owner.
pub(crate) fn prepare(dir: &Path) -> Result<(), StoreError> {
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| StoreError::NotWritable { path, source }
    };
    make_private_dir(dir).map_err(refused(dir))?;
    may_create_in(dir).map_err(refused(dir))?;
    for name in [DECISIONS, CACHE] {
        // SQLite gives -wal and -shm the mode of the database file.
        let path = dir.join(name);
        open_private(&path).map_err(refused(&path))?;
    }
    Ok(())
}

/// Opens a file for writing, created if it is not there, readable by its owner only.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Moves a damaged file and its logs out of the way, kept under another name.
pub(crate) fn set_aside(dir: &Path, name: &str, at_us: i64) -> Result<(), StoreError> {
    for part in ["", "-wal", "-shm"] {
        let path = dir.join(format!("{name}{part}"));
        let aside = dir.join(format!("{name}.damaged-{at_us}{part}"));
        match fs::rename(&path, aside) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::NotWritable { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn make_private_dir(dir: &Path) -> io::Result<()> {
    let ours = !dir.exists() || dir.join(DECISIONS).exists() || fs::read_dir(dir)?.next().is_none();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    // A directory that already held something else keeps its mode: it may be shared on purpose, and the files are
    // private in any case.
    #[cfg(unix)]
    if ours {
        fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    }
    Ok(())
}

/// SQLite must create -wal and -shm beside its file.
fn may_create_in(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pairs: &[(&str, &str)]) -> Option<PathBuf> {
        let env =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(*value));
        data_dir(env).ok()
    }

    #[test]
    fn the_own_variable_wins_then_xdg_then_home() {
        let all = [("HOLDPOINT_DATA_DIR", "/a"), ("XDG_DATA_HOME", "/b"), ("HOME", "/c")];
        assert_eq!(place(&all), Some("/a".into()));
        assert_eq!(place(&all[1..]), Some("/b/holdpoint".into()));
        assert_eq!(place(&all[2..]), Some("/c/.local/share/holdpoint".into()));
        assert_eq!(place(&[]), None);
    }

    #[test]
    fn an_empty_variable_and_a_relative_xdg_home_count_as_unset() {
        let odd = [("HOLDPOINT_DATA_DIR", ""), ("XDG_DATA_HOME", "relative"), ("HOME", "/c")];
        assert_eq!(place(&odd), Some("/c/.local/share/holdpoint".into()));
    }
}
