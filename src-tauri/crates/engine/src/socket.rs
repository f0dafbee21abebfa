//! The owner socket: the verbs of the console as newline JSON on a 0600 local socket, one per data directory
//! (DESIGN 4). Owns names and messages; `server` and `guest` are its two ends.

pub mod guest;
pub mod server;

use crate::command::{Answer, Command, Query, Refused};
use crate::view::AppView;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Both ends must speak the same version of this; the owner refuses others.
pub const VERSION: u32 = 1;
/// Longest line either end accepts, in bytes.
pub const LINE_LIMIT: usize = 16 * 1024 * 1024;
/// Longest path a Unix socket may have, with room for the terminator.
const PATH_LIMIT: usize = 107;

/// What a client of the engine says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToOwner {
    /// First line: an unknown gateway is added, another account on the same gateway refused.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// The gateway's address, if the client names one.
        gateway: Option<String>,
        /// The account, if the client names one.
        account: Option<String>,
    },
    /// A command or a query with a number of the client's own.
    Ask {
        /// Comes back with the answer.
        id: u64,
        /// What.
        ask: Ask,
    },
}

/// A command or a query.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Changes something.
    Command(CommandText),
    /// Does not.
    Query(Query),
}

/// A command on the wire; its `Debug` shows nothing, for it may hold a password.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandText(pub Command);

impl std::fmt::Debug for CommandText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command(..)")
    }
}

/// What the engine says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToGuest {
    /// Come in.
    Welcome {
        /// [`VERSION`].
        version: u32,
        /// The view right now.
        view: Box<AppView>,
    },
    /// Stay out.
    Refused(Refused),
    /// The answer to an ask.
    Answer {
        /// The client's number.
        id: u64,
        /// The answer.
        result: Result<Answer, Refused>,
    },
    /// The view changed.
    View(Box<AppView>),
}

/// Where the socket of a data directory is: named by its hash in the runtime directory, or in the data directory
/// itself where there is no runtime directory.
pub fn path(data_dir: &Path, runtime_dir: Option<&Path>) -> PathBuf {
    let hash = hex::encode(Sha256::digest(data_dir.as_os_str().as_encoded_bytes()));
    match runtime_dir {
        Some(runtime) => runtime.join(format!("holdpoint-{}.sock", &hash[..16])),
        None => data_dir.join("engine.sock"),
    }
}

/// The same place by a path short enough for a Unix socket: through an open directory, where the real one is too long.
/// The returned handle must live as long as the path is used.
pub fn reachable(path: &Path) -> std::io::Result<(PathBuf, Option<std::fs::File>)> {
    use std::os::fd::AsRawFd;
    if path.as_os_str().len() <= PATH_LIMIT {
        return Ok((path.to_owned(), None));
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(std::io::Error::other("the socket's path has no directory"));
    };
    let directory = std::fs::File::open(parent)?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name), Some(directory)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_data_directory_has_a_socket_of_its_own() {
        let runtime = Path::new("/run/user/1000");
        assert_ne!(path(Path::new("/a"), Some(runtime)), path(Path::new("/b"), Some(runtime)));
        assert_eq!(path(Path::new("/a"), None), Path::new("/a/engine.sock"));
    }
}
