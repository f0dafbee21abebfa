//! MongoDB Extended JSON made plain: `{"$oid":..}` becomes its text, dates RFC 3339 UTC, wrapped numbers numbers
//! (CONTRACT 3).

use crate::time::{self, Zoneless};
use chrono::SecondsFormat;
use serde_json::{Map, Number, Value};

/// Makes a whole document plain. Values it does not know stay as they are.
pub fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Object(map) => match wrapped(&map) {
            Some(plain) => plain,
            None => Value::Object(map.into_iter().map(|(name, value)| (name, plain(value))).collect()),
        },
        other => other,
    }
}

fn wrapped(map: &Map<String, Value>) -> Option<Value> {
    let (name, inner) = map.iter().next().filter(|_| map.len() == 1)?;
    match name.as_str() {
        "$oid" => inner.as_str().map(|id| Value::String(id.to_owned())),
        "$date" => {
            let instant = time::instant(&Value::Object(map.clone()), Zoneless::Utc)?;
            Some(Value::String(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        "$numberInt" | "$numberLong" => {
            inner.as_str()?.parse::<i64>().ok().map(|number| Value::Number(number.into()))
        }
        "$numberDouble" | "$numberDecimal" => {
            inner.as_str()?.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_becomes_plain_at_every_depth() {
        let document = json!({
            "_id": {"$oid": "6b0008d41ec5193f898cf6fc"},
            "alert": {"taken_at": {"$date": "2026-11-20T08:46:13.386Z"}},
            "counts": [{"$numberLong": "7"}, {"$numberDouble": "0.5"}],
            "odd": {"$regex": "x"}
        });
        assert_eq!(
            plain(document),
            json!({
                "_id": "6b0008d41ec5193f898cf6fc",
                "alert": {"taken_at": "2026-11-20T08:46:13.386Z"},
                "counts": [7, 0.5],
                "odd": {"$regex": "x"}
            })
        );
    }
}
