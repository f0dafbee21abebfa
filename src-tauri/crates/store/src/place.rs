//! Where the data lives, and that nobody else can read it: the directory is 0700, each file 0600, whatever the umask.

use crate::StoreError;
use chrono::{DateTime, Utc};
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
    refuse_unfit(dir)?;
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

/// Moves a damaged file and its logs out of the way, kept under another name, which is returned.
pub(crate) fn set_aside(dir: &Path, name: &str, at: DateTime<Utc>) -> Result<String, StoreError> {
    let stem = name.trim_end_matches(".db");
    let time = at.format("%Y%m%dT%H%M%SZ");
    let free = |aside: &String| !dir.join(aside).exists();
    let named = |n: u32| match n {
        1 => format!("{stem}.corrupt-{time}.db"),
        n => format!("{stem}.corrupt-{time}-{n}.db"),
    };
    let aside = (1..u32::MAX).map(named).find(free).unwrap_or_else(|| named(0));
    for part in ["", "-wal", "-shm"] {
        let path = dir.join(format!("{name}{part}"));
        match fs::rename(&path, dir.join(format!("{aside}{part}"))) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::NotWritable { path, source });
            }
            _ => {}
        }
    }
    Ok(aside)
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

/// The write-ahead log is shared memory: on a network file system two machines would each believe to be alone (F44).
fn refuse_unfit(dir: &Path) -> Result<(), StoreError> {
    #[cfg(target_os = "linux")]
    if let Ok(found) = rustix::fs::statfs(dir)
        && let Some(kind) = network_file_system(found.f_type.cast_unsigned())
    {
        return Err(StoreError::Unfit { path: dir.to_owned(), kind });
    }
    Ok(())
}

/// The kinds by their numbers in `statfs(2)`.
#[cfg(target_os = "linux")]
fn network_file_system(number: u64) -> Option<&'static str> {
    match number & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => Some("SMB"),
        0x0102_1997 => Some("9P"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        _ => None,
    }
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
    fn f44_network_file_systems_are_known_by_their_numbers_and_local_ones_pass() {
        for (number, kind) in
            [(0x6969, "NFS"), (0xff53_4d42, "SMB"), (0xfe53_4d42, "SMB"), (0x0102_1997, "9P")]
        {
            assert_eq!(network_file_system(number), Some(kind));
        }
        // The kernel gives these as signed words on some machines.
        assert_eq!(network_file_system(0xffff_ffff_ff53_4d42), Some("SMB"));
        for (number, name) in
            [(0xef53, "ext4"), (0x0102_1994, "tmpfs"), (0x9123_683e, "btrfs"), (0x794c_7630, "overlay")]
        {
            assert_eq!(network_file_system(number), None, "{name}");
        }
        let refused = StoreError::Unfit { path: "/nfs/data".into(), kind: "NFS" }.to_string();
        assert!(refused.contains("/nfs/data") && refused.contains("HOLDPOINT_DATA_DIR"), "{refused}");
    }

    #[test]
    fn an_empty_variable_and_a_relative_xdg_home_count_as_unset() {
        let odd = [("HOLDPOINT_DATA_DIR", ""), ("XDG_DATA_HOME", "relative"), ("HOME", "/c")];
        assert_eq!(place(&odd), Some("/c/.local/share/holdpoint".into()));
    }
}
