//! `holdctl history`: straight from disk, with or without a gateway or a running console.

mod backup;
mod cell;
mod export;

pub(crate) use backup::backup;
pub(crate) use export::{Format, export};

use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::{place, shapes};
use domain::escape;
use store::{HistoryEntry, Reader, StoreError};

/// Finds events and decisions, newest first.
pub(crate) async fn search(query: &str, limit: u32, out: &Out) -> Result<Exit, Stop> {
    let dir = place::data_dir()?;
    let found = match Reader::open(&dir).await {
        Ok(reader) => reader.search(query, limit).await?,
        // Nobody ever signed in here: an empty history, not an error.
        Err(StoreError::Missing(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    out.print(&shapes::history(query, &found), || match found.as_slice() {
        [] => format!("Nothing in the history matches \"{query}\"."),
        found => found.iter().map(line).collect::<Vec<_>>().join("\n"),
    });
    Ok(Exit::Done)
}

fn line(entry: &HistoryEntry) -> String {
    let at = entry.at().format("%Y-%m-%d %H:%M:%S UTC");
    match entry {
        HistoryEntry::Event(event) => {
            let request = event
                .request
                .as_ref()
                .map(|id| format!("  {}", escape::one_line(id.as_str())))
                .unwrap_or_default();
            format!("{at}{request}  {}", escape::one_line(&event.title))
        }
        HistoryEntry::Decision { row, error_message } => format!(
            "{at}  {}  {} by {}: {}  {}",
            escape::one_line(row.key.request.as_str()),
            row.verdict.word(),
            escape::one_line(&row.identity),
            row.state.word().replace('_', " "),
            escape::one_line(error_message)
        ),
    }
}
