//! Any bytes give a value or an error, never a panic (F18, F19, A4).

use crate::fixture;
use domain::registry::RemediationResponse;
use proptest::prelude::*;
use protocol::platform::{self, Document, RawApproval};
use protocol::{extended_json, frame, problem, rest};
use serde_json::{Map, Value};

/// Any JSON, with the contract's own words among the keys so that decoders get past the first look.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("2026-10-02T14:05:12.670039")),
        Just(Value::from("alert")),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let words = [
        "event",
        "data",
        "type",
        "seq",
        "prev_seq",
        "topic",
        "id",
        "at",
        "_id",
        "$oid",
        "$date",
        "$numberLong",
        "message_type",
        "timestamp",
        "remediation_metadata",
        "request_id",
        "pipeline_id",
        "status",
        "detail",
        "actions",
        "action_id",
        "execution_state",
        "pending_approvals",
        "approvals",
        "events",
        "epoch",
        "head_seq",
        "as_of_seq",
        "loc",
        "msg",
        "violations",
    ];
    prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => ".{0,6}"]
}

/// A fixture with one of its values replaced by any other.
fn damaged_fixture() -> impl Strategy<Value = Value> {
    let contents: Vec<Value> = fixture::all().iter().map(|(_, one)| fixture::content(one).clone()).collect();
    (prop::sample::select(contents), any::<prop::sample::Index>(), any_json()).prop_map(
        |(mut value, at, other)| {
            let pointers = pointers(&value, "");
            let pointer = &pointers[at.index(pointers.len())];
            if let Some(place) = value.pointer_mut(pointer) {
                *place = other;
            }
            value
        },
    )
}

fn pointers(value: &Value, here: &str) -> Vec<String> {
    let mut all = vec![here.to_owned()];
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                all.extend(pointers(item, &format!("{here}/{index}")));
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                let name = name.replace('~', "~0").replace('/', "~1");
                all.extend(pointers(item, &format!("{here}/{name}")));
            }
        }
        _ => {}
    }
    all
}

/// Everything that reads what a gateway sends.
fn read_all_ways(bytes: &[u8], status: u16) {
    let told = problem::read(status, bytes);
    assert!(!told.detail.is_empty());
    let text = String::from_utf8_lossy(bytes);
    if let Ok(frame::ServerFrame::Event(event)) = frame::decode(&text) {
        let _ = (event.request_id(), event.pipeline_id(), event.approval_kind());
    }
    let registry = platform::entries(&text).map(|(entries, _)| entries).unwrap_or_default();
    if let Ok((raw, _)) = platform::list::<RawApproval>(bytes, &["pending_approvals", "data"]) {
        for raw in raw {
            // What is shown can always be fingerprinted.
            assert!(raw.join(&"p".into(), &registry).computed_digest().0.starts_with("sha-256:"));
        }
    }
    let _ = rest::read_snapshot(bytes);
    let _ = rest::read_events(bytes);
    let _ = serde_json::from_slice::<RemediationResponse>(bytes);
    let _ = serde_json::from_slice::<rest::Health>(bytes);
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        let _ = Document::read(extended_json::plain(value));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256), status in 100u16..600) {
        read_all_ways(&bytes, status);
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json(), status in 100u16..600) {
        read_all_ways(value.to_string().as_bytes(), status);
    }

    #[test]
    fn any_damage_to_a_real_answer_is_read_or_refused(value in damaged_fixture(), status in 200u16..600) {
        read_all_ways(value.to_string().as_bytes(), status);
        if let Value::Array(frames) = &value {
            frames.iter().for_each(|frame| read_all_ways(frame.to_string().as_bytes(), status));
        }
    }
}

#[test]
fn f19_depth_does_not_overflow_the_stack() {
    for depth in [100, 10_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"detail\":", "}"), ("{\"actions\":[", "]}")] {
            let mut text = open.repeat(depth);
            read_all_ways(text.as_bytes(), 500);
            text.push('1');
            text.push_str(&close.repeat(depth));
            read_all_ways(text.as_bytes(), 500);
        }
    }
}
