//! A registry entry as read, with each number as `{"n":"literal"}`: RFC 8785 numbers are doubles, and a number that a
//! double cannot hold would otherwise be hashed as another one (CONTRACT 3).

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Reads JSON text keeping every number's own digits.
pub fn with_literals(raw: &RawValue) -> Result<Value, serde_json::Error> {
    read(raw, 0)
}

fn read(raw: &RawValue, depth: usize) -> Result<Value, serde_json::Error> {
    let text = raw.get();
    // serde_json bounds the depth of one parse; this recursion re-parses, so it bounds itself.
    if depth > 120 {
        return Err(serde::de::Error::custom("nested too deeply"));
    }
    match text.as_bytes().first() {
        Some(b'{') => {
            let map: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let read: Result<Map<String, Value>, _> =
                map.into_iter().map(|(name, inner)| Ok((name, read(inner, depth + 1)?))).collect();
            read.map(Value::Object)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            items.into_iter().map(|inner| read(inner, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
        }
        Some(b'-' | b'0'..=b'9') => Ok(json!({ "n": text })),
        _ => serde_json::from_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let raw: &RawValue =
            serde_json::from_str(r#"{"timeout":5,"big":12345678901234567890.10,"list":[-1e3],"s":"5"}"#)
                .expect("json");
        assert_eq!(
            with_literals(raw).expect("reads"),
            json!({"timeout":{"n":"5"},"big":{"n":"12345678901234567890.10"},"list":[{"n":"-1e3"}],"s":"5"})
        );
    }
}
