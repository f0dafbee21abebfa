//! One engine per data directory: whoever holds `engine.lock` (flock, freed by the kernel on death) owns sockets,
//! session, outbox and writes (DESIGN 4).

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock, held until it is dropped or the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock of a data directory, or says that another process has it (`None`).
///
/// # Errors
/// The directory cannot be written.
pub fn take(dir: &Path) -> io::Result<Option<Lock>> {
    let path = dir.join("engine.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f43_a_second_owner_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = take(dir.path()).expect("writable").expect("free");
        assert!(take(dir.path()).expect("writable").is_none());
        drop(first);
        assert!(take(dir.path()).expect("writable").is_some());
    }
}
