//! How an event becomes text: once, for every reader, and never more than 64 KiB (CONTRACT 2).

use crate::db::events::Place;
use chrono::{DateTime, Utc};
use protocol::frame::Event;
use serde_json::{Value, json};

/// Longest frame in bytes.
pub(crate) const LIMIT: usize = 64 * 1024;

/// The only kind of event this gateway emits so far: everything about approvals.
const KIND: &str = "notification";

/// An event before it has its place.
pub(crate) struct Draft<'a> {
    /// Pipeline id.
    pub(crate) topic: &'a str,
    /// `{type, pipeline_id, request_id, ...}`; `data` in it holds the Approval, `result` and `results` what came out.
    pub(crate) data: Value,
}

/// Encodes, cutting outputs first and leaving the Approval out last, until it fits.
pub(crate) fn encode(draft: Draft<'_>, place: Place, id: &str, at: DateTime<Utc>) -> String {
    let mut event = Event {
        kind: KIND.to_owned(),
        seq: Some(place.seq),
        prev_seq: Some(place.prev_seq),
        topic: Some(draft.topic.to_owned()),
        id: Some(id.to_owned()),
        at: Some(at),
        data: draft.data,
    };
    let mut text = json!(event).to_string();
    for step in STEPS {
        if text.len() <= LIMIT {
            break;
        }
        step(&mut event.data);
        text = json!(event).to_string();
    }
    text
}

/// From the mildest on. After the last one only ids are left, which are short.
const STEPS: [fn(&mut Value); 5] = [
    |data| cut_results(data, 8 * 1024),
    |data| cut_results(data, 1024),
    |data| remove(data, "data"),
    |data| {
        remove(data, "result");
        remove(data, "results");
    },
    keep_ids,
];

/// What a reader needs to read the rest by id.
const IDS: [&str; 3] = ["type", "pipeline_id", "request_id"];

fn keep_ids(data: &mut Value) {
    if let Some(map) = data.as_object_mut() {
        map.retain(|name, _| IDS.contains(&name.as_str()));
        map.insert("truncated".to_owned(), Value::Bool(true));
    }
}

fn remove(data: &mut Value, name: &str) {
    if let Some(map) = data.as_object_mut() {
        map.remove(name);
        map.insert("truncated".to_owned(), Value::Bool(true));
    }
}

fn cut_results(data: &mut Value, limit: usize) {
    if let Some(result) = data.get_mut("result") {
        cut_result(result, limit);
    }
    for result in data.get_mut("results").and_then(Value::as_array_mut).into_iter().flatten() {
        cut_result(result, limit);
    }
}

/// Cuts what one action put out; a cut result says `truncated: true`.
pub(crate) fn cut_result(result: &mut Value, limit: usize) {
    let mut was_cut = false;
    for pointer in ["/output", "/result/response", "/error"] {
        if let Some(Value::String(text)) = result.pointer_mut(pointer) {
            was_cut |= cut(text, limit);
        }
    }
    if let Some(map) = result.as_object_mut().filter(|_| was_cut) {
        map.insert("truncated".to_owned(), Value::Bool(true));
    }
}

/// Cuts to at most `limit` bytes at a character's border; tells whether anything went.
pub(crate) fn cut(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    let border = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(border);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(data: Value) -> Value {
        let text =
            encode(Draft { topic: "p", data }, Place { seq: 2, prev_seq: 1 }, "id", DateTime::UNIX_EPOCH);
        assert!(text.len() <= LIMIT);
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn a_long_output_is_cut_and_says_so_while_the_approval_stays() {
        let long = "\u{1}ä".repeat(40_000);
        let frame = frame(json!({"type": "execution_progress", "data": {"request_id": "r"},
            "result": {"action_id": "a", "output": long, "result": {"response": long}}}));
        assert_eq!(frame["data"]["result"]["truncated"], true);
        assert_eq!(frame["data"]["data"]["request_id"], "r");
        assert_eq!(frame["prev_seq"], 1);
    }

    #[test]
    fn an_approval_that_does_not_fit_is_left_out_whole() {
        let frame = frame(json!({"type": "approval_required", "request_id": "r",
            "data": {"error_message": "x".repeat(70_000)}}));
        assert!(frame["data"].get("data").is_none());
        assert_eq!(frame["data"]["request_id"], "r");
        assert_eq!(frame["data"]["truncated"], true);
    }

    #[test]
    fn whatever_is_too_long_the_ids_get_through() {
        let frame = frame(json!({"type": "approval_decided", "request_id": "r", "pipeline_id": "p",
            "data": {"request_id": "r"}, "workflow": {"id": "p", "name": "x".repeat(70_000)}}));
        let left =
            json!({"type": "approval_decided", "request_id": "r", "pipeline_id": "p", "truncated": true});
        assert_eq!(frame["data"], left);
    }
}
