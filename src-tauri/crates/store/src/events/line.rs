//! From events to the one JSON text that a batch is written by. Pure.

use super::EventRow;
use crate::redacted::Redacted;
use crate::times::to_us;
use domain::redact::redact_text;
use serde::Serialize;
use std::collections::HashSet;

/// One event, redacted, as the statement reads it.
#[derive(Serialize)]
struct Line {
    epoch: String,
    seq: i64,
    topic: String,
    id: String,
    kind: String,
    subtype: Option<String>,
    pipeline: Option<String>,
    request: Option<String>,
    at_us: i64,
    title: String,
    raw: String,
    holes: String,
    body: String,
}

/// The batch as a JSON array; an id that stands in it twice is taken once.
pub(super) fn lines(events: &[EventRow], key: &[u8; 32]) -> String {
    let mut seen = HashSet::new();
    let fresh = events.iter().filter(|event| seen.insert((&event.epoch, &event.id)));
    let lines: Vec<Line> = fresh.map(|event| line(event, key)).collect();
    crate::redacted::to_json(&lines)
}

fn line(event: &EventRow, key: &[u8; 32]) -> Line {
    let raw = Redacted::of(&event.raw, key);
    let title = whole(&redact_text(&event.title));
    let pipeline = event.pipeline.as_ref().map(|id| whole(id.as_str()));
    let request = event.request.as_ref().map(|id| whole(id.as_str()));
    let subtype = event.subtype.as_deref().map(whole);
    let text = whole(&redact_text(&event.text));
    let found_by =
        [Some(title.as_str()), Some(&text), subtype.as_deref(), request.as_deref(), pipeline.as_deref()];
    let body = found_by.into_iter().flatten().collect::<Vec<_>>().join("\n");
    Line {
        epoch: whole(&event.epoch),
        seq: event.seq,
        topic: whole(&event.topic),
        id: whole(&event.id),
        kind: whole(&event.kind),
        at_us: to_us(event.at),
        raw: raw.json(),
        holes: raw.holes_json(),
        subtype,
        pipeline,
        request,
        title,
        body,
    }
}

/// SQLite's JSON functions end a text at U+0000, which would make two ids one: it is stored as its picture.
fn whole(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}
