//! Saving what can be read of a damaged `decisions.db` (F40). The file itself is kept as it was found; a new one is made
//! beside it out of every row that can still be read, of receipts found in the raw bytes, and of outbox rows that only
//! their receipts remember.

mod bytes;
mod header;
mod rows;

use crate::incidents::{Incident, Kind};
use crate::open::Keys;
use crate::receipts;
use crate::{StoreError, files, place, schema};
use chrono::{DateTime, Utc};
use domain::receipt::{Receipt, Walk};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteSynchronous;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The new file while it is being made.
const FRESH: &str = "decisions.new.db";
/// The copy that is read: its header may be written anew.
const PATIENT: &str = "decisions.salvage.db";

/// What was taken over, and what was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Salvaged {
    aside: String,
    gateways: u64,
    decisions: u64,
    cards: u64,
    receipts: u64,
    /// The receipts hold together up to here.
    chain_to: u64,
    /// Tables that could not be read to their end.
    torn: Vec<&'static str>,
}

/// Moves the damaged file aside and puts what could be saved in its place. At every moment in between either the old
/// file or the finished new one is there.
pub(crate) async fn run(
    dir: &Path,
    keys: &Keys,
    at: DateTime<Utc>,
    why: &sqlx::Error,
) -> Result<Salvaged, StoreError> {
    tracing::error!(error = %why, dir = %dir.display(), "decisions.db is damaged: what can be read is saved");
    let raw = raw_bytes(dir)?;
    let mut receipts = bytes::receipts(&raw);
    let read = read_tables(dir, &raw[0]).await?;
    for receipt in read.receipts {
        receipts.entry(receipt.seq).or_insert(receipt);
    }
    let fresh = dir.join(FRESH);
    remove(&fresh)?;
    place::open_private(&fresh).map_err(|source| refused(&fresh, source))?;
    let pool = files::single_file(&fresh, SqliteSynchronous::Full).await?;
    let mut conn = pool.acquire().await?;
    schema::DECISIONS.migrate(&mut conn).await?;
    sqlx::raw_sql("BEGIN").execute(&mut *conn).await?;
    let chain: Vec<Receipt> = receipts.into_values().collect();
    let chain_to = chain_to(&chain);
    let mut counts = BTreeMap::new();
    for (table, rows) in &read.tables {
        counts.insert(*table, rows::put(&mut conn, table, rows).await?);
    }
    let receipts = chain.len() as u64;
    for receipt in chain {
        receipts::insert(&mut conn, receipt).await?;
    }
    let lost = rows::put_forgotten(&mut conn, keys).await?;
    rows::index(&mut conn).await?;
    let decisions = count(&mut conn).await?;
    sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
    drop(conn);
    pool.close().await;
    let aside = place::set_aside(dir, place::DECISIONS, at)?;
    fs::rename(&fresh, dir.join(place::DECISIONS)).map_err(|source| refused(&fresh, source))?;
    remove(&dir.join(PATIENT))?;
    tracing::warn!(aside, decisions, receipts, chain_to, from_receipts = lost, torn = ?read.torn, "saved");
    let told = |table: &str| counts.get(table).copied().unwrap_or_default();
    let (gateways, cards) = (told("gateways"), told("shown"));
    Ok(Salvaged { aside, gateways, decisions, cards, receipts, chain_to, torn: read.torn })
}

/// Brings to its end what a killed process had begun: the old file was moved aside and the new one not yet put in place.
pub(crate) fn finish_interrupted(dir: &Path) -> Result<(), StoreError> {
    let (fresh, place) = (dir.join(FRESH), dir.join(place::DECISIONS));
    let empty = place.metadata().map_or(true, |found| found.len() == 0);
    let no_log = !dir.join("decisions.db-wal").exists();
    if fresh.exists() && empty && no_log && has_aside(dir) {
        return fs::rename(&fresh, &place).map_err(|source| refused(&fresh, source));
    }
    remove(&fresh)?;
    remove(&dir.join(PATIENT))
}

impl Salvaged {
    /// What is told of it.
    pub(crate) fn incident(&self, at: DateTime<Utc>) -> Incident {
        let torn = match self.torn.as_slice() {
            [] => String::from("No table broke off."),
            torn => format!("Not readable to the end: {}.", torn.join(", ")),
        };
        let chain = match (self.receipts, self.chain_to) {
            (0, _) => String::from("no receipts"),
            (count, to) if count == to => format!("{count} receipts, which hold together"),
            (count, 0) => format!("{count} receipts, which do not hold together"),
            (count, to) => format!("{count} receipts, which hold together up to number {to}"),
        };
        Incident {
            at,
            kind: Kind::DecisionsSalvaged,
            subject: self.aside.clone(),
            sentence: format!(
                "decisions.db was damaged. It was kept as {} and a new one was made with what could be read: {} gateways, {} decisions, {} of them with what was shown, {chain}. {torn} Look at the open decisions before you decide again.",
                self.aside, self.gateways, self.decisions, self.cards
            ),
        }
    }
}

/// The file and its log as they lie there; a log that is missing is empty.
fn raw_bytes(dir: &Path) -> Result<[Vec<u8>; 2], StoreError> {
    let read = |name: &str| match fs::read(dir.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|source| refused(&dir.join(name), source)),
    };
    Ok([read(place::DECISIONS)?, read("decisions.db-wal")?])
}

/// What SQLite can still read of a copy. A copy that cannot be opened at all gives nothing.
async fn read_tables(dir: &Path, file: &[u8]) -> Result<rows::Read, StoreError> {
    let patient = dir.join(PATIENT);
    remove(&patient)?;
    let log = dir.join("decisions.db-wal");
    let written =
        place::open_private(&patient).and_then(|_| fs::write(&patient, header::whole(file))).and_then(|()| {
            if log.exists() { fs::copy(&log, with_suffix(&patient, "-wal")).map(|_| ()) } else { Ok(()) }
        });
    written.map_err(|source| refused(&patient, source))?;
    let read = match files::single_file(&patient, SqliteSynchronous::Off).await {
        Ok(pool) => {
            let read = match pool.acquire().await {
                Ok(mut conn) => rows::read(&mut conn).await,
                Err(_) => rows::Read::nothing(),
            };
            pool.close().await;
            read
        }
        Err(error) => {
            tracing::warn!(%error, "no table of the damaged file can be read");
            rows::Read::nothing()
        }
    };
    remove(&patient)?;
    Ok(read)
}

fn chain_to(chain: &[Receipt]) -> u64 {
    let mut walk = Walk::against(Vec::new());
    chain.iter().take_while(|receipt| walk.take(receipt).is_ok()).count() as u64
}

async fn count(conn: &mut SqliteConnection) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(conn).await?;
    Ok(count.unsigned_abs())
}

fn has_aside(dir: &Path) -> bool {
    let aside = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("decisions.corrupt-");
    fs::read_dir(dir).is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(aside)))
}

/// Removes a file of ours with its logs, if it is there.
fn remove(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let path = with_suffix(path, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(&path, error)),
            _ => {}
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn refused(path: &Path, source: io::Error) -> StoreError {
    StoreError::NotWritable { path: path.to_owned(), source }
}
