//! What can go wrong with the store, in kinds that callers act on. Each sentence says what happened, to what, and what
//! to do next.

use domain::{DecisionId, GatewayId, OutboxState};
use std::path::PathBuf;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Neither `HOLDPOINT_DATA_DIR` nor `XDG_DATA_HOME` nor `HOME` says where.
    #[error("no data directory is known: set HOLDPOINT_DATA_DIR to a directory of your own")]
    NoPlace,
    /// No owner ever ran here.
    #[error("there is no history in {} yet: sign in once, or check HOLDPOINT_DATA_DIR", .0.display())]
    Missing(PathBuf),
    /// The directory or a file in it cannot be written (F44).
    #[error("{} is not writable: give it to your user (chown, chmod u+rwx) or set HOLDPOINT_DATA_DIR", .path.display())]
    NotWritable {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It lies on a file system that the write-ahead log cannot live on (F44).
    #[error("{} lies on a network file system ({kind}), where a database with a write-ahead log is not safe: set HOLDPOINT_DATA_DIR to a directory on a local disk", .path.display())]
    Unfit {
        /// The directory.
        path: PathBuf,
        /// What it lies on.
        kind: &'static str,
    },
    /// A newer build wrote it and says that this one may not write it (F41).
    #[error(
        "{file}: database is newer (v{found} > v{supported}), update or start fresh copy: install the newer Holdpoint, or set HOLDPOINT_DATA_DIR to another directory. The history can be read meanwhile, nothing can be decided"
    )]
    Newer {
        /// `decisions.db` or `cache.db`.
        file: &'static str,
        /// The file's schema version.
        found: i64,
        /// The newest version this build knows.
        supported: i64,
    },
    /// A reader came before the owner has brought the file up to date.
    #[error("{file}: database is older (v{found} < v{needed}); start Holdpoint once to bring it up to date")]
    Older {
        /// `decisions.db` or `cache.db`.
        file: &'static str,
        /// The file's schema version.
        found: i64,
        /// The version this build reads.
        needed: i64,
    },
    /// SQLite before 3.51.3 can corrupt a write-ahead log.
    #[error("SQLite {found} is too old to be trusted with decisions: 3.51.3 or newer is needed")]
    SqliteTooOld {
        /// What `sqlite_version()` answered.
        found: String,
    },
    /// The disk is full; nothing was written.
    #[error("the disk is full: nothing was written; free some space and try again")]
    DiskFull(#[source] sqlx::Error),
    /// A file is damaged.
    #[error(
        "a database file in the data directory is damaged: the running Holdpoint, or the next one to start, moves it aside and takes over what can be read; then try again"
    )]
    Corrupt(#[source] sqlx::Error),
    /// Another process kept the file locked for too long.
    #[error("the database is kept busy by another process; try again")]
    Busy(#[source] sqlx::Error),
    /// That address belongs to a gateway already.
    #[error("{origin} is already known as gateway {gateway}")]
    OriginTaken {
        /// The normalised origin.
        origin: String,
        /// Whose it is.
        gateway: GatewayId,
    },
    /// The chain has no such receipt.
    #[error("there is no receipt {0} here that ends in this hash: export the receipts again")]
    NoSuchReceipt(u64),
    /// The store was opened to be read only, for this reason.
    #[error("nothing was written. {0}")]
    ReadOnly(String),
    /// No gateway has that id.
    #[error("gateway {0} is not known here: add it first")]
    UnknownGateway(GatewayId),
    /// No decision has that id.
    #[error("decision {0} is not in the outbox")]
    UnknownDecision(DecisionId),
    /// A decision does not go that way (rule 4).
    #[error("a decision that is {} cannot become {}", .from.word(), .to.word())]
    IllegalMove {
        /// Where it is.
        from: OutboxState,
        /// Where it was to go.
        to: OutboxState,
    },
    /// The digest, the request or both are not those of the request handed over as shown (rule 3).
    #[error("the decision is not about what was shown: look at the request again")]
    NotWhatWasShown,
    /// A stored value has a form this build cannot read.
    #[error("the stored {what} of {of} cannot be read")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// Of what.
        of: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else SQLite said.
    #[error("the database refused: {0}")]
    Sqlite(#[source] sqlx::Error),
}

/// SQLite's primary result codes that callers can act on.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // Every column has the type it is read as: what cannot be decoded was damaged since.
        if matches!(error, sqlx::Error::ColumnDecode { .. }) {
            return StoreError::Corrupt(error);
        }
        match primary_code(&error) {
            Some(FULL) => StoreError::DiskFull(error),
            Some(CORRUPT | NOT_A_DATABASE) => StoreError::Corrupt(error),
            Some(BUSY | LOCKED) => StoreError::Busy(error),
            _ => StoreError::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Wraps why a stored value could not be read.
    pub(crate) fn unreadable(
        what: &'static str,
        of: impl ToString,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        StoreError::Unreadable { what, of: of.to_string(), source: source.into() }
    }
}

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
