//! Every event and every decision that is kept, one record each, for a spreadsheet or a program.

use super::cell;
use crate::draft::{Draft, unless_interrupted};
use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::{place, shapes};
use domain::escape;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;
use store::{HistoryEntry, LocalRow, Reader, StoreError};

/// Records read at once.
const PAGE: u32 = 500;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table; cells that a spreadsheet would take for a formula are made texts.
    Csv,
    /// One array.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// Where the records go.
enum Sink {
    File(Draft),
    Stdout,
}

/// Writes all records, oldest first: decisions, then events.
pub(crate) async fn export(format: Format, to: Option<&Path>, out: &Out) -> Result<Exit, Stop> {
    let dir = place::data_dir()?;
    let reader = match Reader::open(&dir).await {
        Ok(reader) => Some(reader),
        // Nobody ever signed in here: an empty history, not an error.
        Err(StoreError::Missing(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let sink = match to {
        Some(path) => Sink::File(Draft::of(path, out)?),
        None => Sink::Stdout,
    };
    let (sink, count) = unless_interrupted(write(reader.as_ref(), format, sink)).await?;
    if let (Sink::File(draft), Some(path)) = (sink, to) {
        draft.finish()?;
        let value = json!({"file": path.display().to_string(), "count": count});
        out.print(&value, || format!("{count} records in {}.", path.display()));
    }
    Ok(Exit::Done)
}

async fn write(reader: Option<&Reader>, format: Format, mut sink: Sink) -> Result<(Sink, u64), Stop> {
    let mut count = 0;
    sink.raw(&beginning(format))?;
    if let Some(reader) = reader {
        let mut after = 0;
        loop {
            let page = reader.decisions_after(after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (_, entry) in page {
                sink.record(&record(format, &entry, count))?;
                count += 1;
            }
        }
        let mut after = LocalRow(0);
        loop {
            let page = reader.events_after(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.row;
            for event in page {
                sink.record(&record(format, &HistoryEntry::Event(Box::new(event)), count))?;
                count += 1;
            }
        }
    }
    sink.raw(end(format))?;
    Ok((sink, count))
}

impl Sink {
    fn record(&mut self, text: &str) -> Result<(), Stop> {
        match self {
            Sink::File(draft) => draft.record(text),
            Sink::Stdout => print(text),
        }
    }

    fn raw(&mut self, text: &str) -> Result<(), Stop> {
        match self {
            Sink::File(draft) => draft.write(text),
            Sink::Stdout => print(text),
        }
    }
}

/// Straight to standard output. A reader that has had enough ends the program quietly.
fn print(text: &str) -> Result<(), Stop> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Stop::other("output", format!("Standard output cannot be written ({error})."))),
    }
}

fn beginning(format: Format) -> String {
    match format {
        Format::Csv => COLUMNS.join(",") + "\r\n",
        Format::Json => "[".to_owned(),
        Format::Ndjson => String::new(),
    }
}

fn end(format: Format) -> &'static str {
    match format {
        Format::Json => "\n]\n",
        Format::Csv | Format::Ndjson => "",
    }
}

fn record(format: Format, entry: &HistoryEntry, before: u64) -> String {
    let value = shapes::entry(entry);
    let text = || escape::json(&value.to_string()).into_owned();
    match format {
        Format::Csv => COLUMNS.map(|name| cell::cell(&plain(&value[name]))).join(",") + "\r\n",
        Format::Json => format!("{}\n{}", if before == 0 { "" } else { "," }, text()),
        Format::Ndjson => text() + "\n",
    }
}

/// The columns of the table: the members of the records, of events and decisions alike.
const COLUMNS: [&str; 20] = [
    "kind",
    "at",
    "changed_at",
    "gateway_id",
    "pipeline_id",
    "request_id",
    "row",
    "title",
    "decision",
    "action_id",
    "verdict",
    "reason",
    "identity",
    "digest",
    "state",
    "status",
    "detail",
    "error_message",
    "execution_results",
    "event",
];

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => String::new(),
        other => other.to_string(),
    }
}
