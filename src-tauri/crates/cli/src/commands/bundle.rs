//! `holdctl doctor --bundle`: one JSON file for whoever helps, with what was checked, versions, states and counts. No
//! request's text, no address's secrets: ids, names of states and numbers; every text passes redaction once more.

use crate::draft::Draft;
use crate::exit::Stop;
use crate::out::Out;
use crate::{place, shapes};
use domain::redact::redact_text;
use serde_json::{Value, json};
use std::path::Path;
use store::{Reader, StoreError};

/// Incidents and decisions in a bundle.
const NEWEST: u32 = 100;
/// Variables that change how the console behaves; only whether they are set is told.
const VARIABLES: [&str; 14] = [
    "HOLDPOINT_GATEWAY",
    "HOLDPOINT_EMAIL",
    "HOLDPOINT_PASSWORD",
    "HOLDPOINT_DATA_DIR",
    "HOLDPOINT_LOG",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
];

/// Writes the bundle beside what `doctor` prints.
pub(crate) async fn write(to: &Path, checks: &[Value], out: &Out) -> Result<(), Stop> {
    let mut bundle = json!({
        "program": {"name": "holdctl", "version": env!("CARGO_PKG_VERSION")},
        "system": {"os": std::env::consts::OS, "architecture": std::env::consts::ARCH},
        "environment": VARIABLES.map(|name| json!({"name": name, "set": std::env::var_os(name).is_some()})),
        "checks": checks,
        "store": store().await,
    });
    redact(&mut bundle);
    let mut draft = Draft::of(to, out)?;
    let text = serde_json::to_string_pretty(&bundle).unwrap_or_default();
    draft.write(&(domain::escape::json(&text).into_owned() + "\n"))?;
    draft.finish().map(|_| ())
}

async fn store() -> Value {
    match read().await {
        Ok(value) => value,
        Err(stop) => json!({"error": stop.message}),
    }
}

async fn read() -> Result<Value, Stop> {
    let dir = place::data_dir()?;
    let reader = match Reader::open(&dir).await {
        Ok(reader) => reader,
        Err(StoreError::Missing(_)) => return Ok(json!({"files": files(&dir)})),
        Err(error) => return Ok(json!({"files": files(&dir), "error": error.to_string()})),
    };
    let figures = reader.figures().await?;
    let gateways: Vec<Value> = reader
        .gateways()
        .await?
        .into_iter()
        .map(|known| json!({"id": known.id, "origin": known.origin, "dialect": known.dialect, "signed_in_before": known.account.is_some()}))
        .collect();
    let decisions: Vec<Value> = reader
        .decisions(NEWEST)
        .await?
        .into_iter()
        .map(|row| {
            json!({"decision": row.decision, "request_id": row.key.request, "verdict": row.verdict.word(), "state": row.state,
                   "created_at": shapes::time(row.created_at), "changed_at": shapes::time(row.changed_at), "detail": row.detail})
        })
        .collect();
    let incidents: Vec<Value> = reader
        .incidents(NEWEST)
        .await?
        .into_iter()
        .map(|one| json!({"at": shapes::time(one.at), "kind": one.kind.word(), "sentence": one.sentence}))
        .collect();
    Ok(json!({
        "files": files(&dir),
        "schema": {"decisions": figures.decisions_schema, "cache": figures.cache_schema, "sqlite": figures.sqlite},
        "counts": {"events": figures.events, "decisions": figures.decisions, "open_decisions": figures.open_decisions,
                   "receipts": figures.receipts, "open_requests": figures.open_requests},
        "gateways": gateways, "decisions": decisions, "incidents": incidents,
    }))
}

/// Names, sizes and modes of what lies in the data directory.
fn files(dir: &Path) -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let told = |entry: std::fs::DirEntry| {
        let known = entry.metadata().ok()?;
        let mode = std::os::unix::fs::MetadataExt::mode(&known) & 0o7777;
        Some(
            json!({"name": entry.file_name().to_string_lossy(), "bytes": known.len(), "mode": format!("{mode:o}")}),
        )
    };
    let mut files: Vec<Value> = entries.flatten().filter_map(told).collect();
    files.sort_by_key(|file| file["name"].to_string());
    files
}

fn redact(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact_text(text),
        Value::Array(list) => list.iter_mut().for_each(redact),
        Value::Object(map) => map.values_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
