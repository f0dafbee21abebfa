//! The digest of CONTRACT 1b, worked out here from a served approval alone: RFC 8785 and SHA-256 without a line of the
//! product's own digest.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// `sha-256:` and the hash of an approval as it was served.
pub(crate) fn digest(approval: &Value) -> String {
    let actions: Vec<Value> = approval["actions"].as_array().unwrap().iter().map(hashed).collect();
    let hashed = json!({
        "v": 1,
        "request_id": approval["request_id"],
        "pipeline_id": approval["pipeline_id"],
        "revision": approval["revision"],
        "mode": approval["mode"],
        "actions": actions,
    });
    let hash = Sha256::digest(canonical(&hashed).as_bytes());
    hash.iter().fold("sha-256:".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn hashed(action: &Value) -> Value {
    json!({
        "action_id": action["action_id"],
        "version": action["version"],
        "risk_level": action["risk_level"],
        "requires_approval": action["requires_approval"],
        "timeout_s": action["action_metadata"]["timeout"].as_u64().unwrap_or(30),
        "effect": action["effect"],
    })
}

/// RFC 8785 of a value whose only numbers are integers.
fn canonical(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.as_u64().expect("only integers are hashed").to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort_by_key(|name| name.encode_utf16().collect::<Vec<u16>>());
            let fields: Vec<String> =
                names.into_iter().map(|name| format!("{}:{}", quoted(name), canonical(&map[name]))).collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

/// RFC 8785 3.2.2.2.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => write!(out, "\\u{:04x}", c as u32).unwrap(),
            c => out.push(c),
        }
    }
    out + "\""
}

#[test]
fn the_canonical_form_is_that_of_rfc_8785() {
    let value = json!({"\u{20ac}": "$\u{f}\nA'\u{42}\"\\/", "\r": "c", "1": [3, true, null], "\u{1f600}": 1, "\u{fb33}": 2});
    assert_eq!(
        canonical(&value),
        "{\"\\r\":\"c\",\"1\":[3,true,null],\"\u{20ac}\":\"$\\u000f\\nA'B\\\"\\\\/\",\"\u{1f600}\":1,\"\u{fb33}\":2}"
    );
}
