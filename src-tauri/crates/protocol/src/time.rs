//! Times on the wire: RFC 3339 on a gateway of ours; on others also without a zone, as float seconds or as Extended
//! JSON dates (CONTRACT 3, 4).

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

/// What a time without a zone means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoneless {
    /// UTC: the platform's notification documents.
    Utc,
    /// Some local time nobody told: worthless as an instant (the platform's approvals).
    Untold,
}

/// Reads an instant in any of the forms, or `None`.
pub fn instant(value: &Value, zoneless: Zoneless) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => parse(text, zoneless),
        Value::Number(number) => from_seconds(number.as_f64()?),
        Value::Object(map) => match map.get("$date")? {
            Value::Object(inner) => {
                DateTime::from_timestamp_millis(inner.get("$numberLong")?.as_str()?.parse().ok()?)
            }
            Value::Number(number) => DateTime::from_timestamp_millis(number.as_i64()?),
            Value::String(text) => parse(text, Zoneless::Utc),
            _ => None,
        },
        _ => None,
    }
}

fn parse(text: &str, zoneless: Zoneless) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    if zoneless == Zoneless::Untold {
        return None;
    }
    let text = text.replacen(' ', "T", 1);
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc())
}

/// Float seconds; a number too large for seconds is taken for milliseconds.
fn from_seconds(seconds: f64) -> Option<DateTime<Utc>> {
    let seconds = if seconds.abs() > 1e11 { seconds / 1e3 } else { seconds };
    DateTime::from_timestamp_micros((seconds * 1e6) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_a_time_is_the_same_instant() {
        let expected = instant(&json!("2026-11-20T08:46:12.670Z"), Zoneless::Untold);
        assert!(expected.is_some());
        for form in [
            json!("2026-11-20T09:46:12.670+01:00"),
            json!("2026-11-20T08:46:12.670000"),
            json!({"$date": "2026-11-20T08:46:12.670Z"}),
            json!({"$date": {"$numberLong": "1795164372670"}}),
            json!(1_795_164_372.67),
        ] {
            assert_eq!(instant(&form, Zoneless::Utc), expected, "{form}");
        }
    }

    #[test]
    fn a_local_time_nobody_told_the_zone_of_is_no_instant() {
        assert_eq!(instant(&json!("2026-11-20T08:46:12.670039"), Zoneless::Untold), None);
        assert_eq!(instant(&json!("yesterday"), Zoneless::Utc), None);
    }
}
