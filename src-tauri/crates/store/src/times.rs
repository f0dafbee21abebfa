//! Times outside are `DateTime<Utc>`, inside microseconds since 1970: sortable, exact enough, no text to parse.

use chrono::{DateTime, Utc};

/// Microseconds since 1970.
pub(crate) fn to_us(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// The time of so many microseconds since 1970. A number beyond chrono's range can only come from an edited file and
/// reads as 1970.
pub(crate) fn from_us(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or_default()
}
