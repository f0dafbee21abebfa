//! When a safe call that broke is sent again, and what `Retry-After` means. Pure.

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// How often a safe call is sent again (CONTRACT 4).
pub(crate) const RETRIES: u32 = 2;
/// First pause; doubled with each try.
const BASE_MS: u64 = 250;
/// Longest wish of a gateway that is believed: an hour.
const LONGEST_WISH_MS: u64 = 3_600_000;

/// The pause before try `again` (1 for the first repetition): 250 ms x 2^n, 30 % more or less. `draw` is any random
/// number.
pub(crate) fn delay_ms(again: u32, draw: u64) -> u64 {
    let base = BASE_MS << again.saturating_sub(1).min(6);
    let spread = base * 6 / 10;
    base - spread / 2 + draw % (spread + 1)
}

/// `Retry-After` in seconds or as a date, in milliseconds from `now`.
pub(crate) fn retry_after_ms(headers: &HeaderMap, now: DateTime<Utc>) -> Option<u64> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wish = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => (seconds * 1_000.0) as u64,
        Ok(_) => return None,
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(text).ok()?;
            u64::try_from((until.with_timezone(&Utc) - now).num_milliseconds()).unwrap_or(0)
        }
    };
    Some(wish.min(LONGEST_WISH_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_spread_by_thirty_percent() {
        assert_eq!((delay_ms(1, 0), delay_ms(1, 150)), (175, 325));
        assert_eq!((delay_ms(2, 0), delay_ms(2, 300)), (350, 650));
    }

    #[test]
    fn f29_a_wish_is_read_in_seconds_and_as_a_date() {
        let now = DateTime::from_timestamp(1_795_164_372, 0).expect("time");
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::RETRY_AFTER, text.parse().expect("header"));
            retry_after_ms(&headers, now)
        };
        assert_eq!(read("120"), Some(120_000));
        assert_eq!(read("Fri, 20 Nov 2026 08:46:42 GMT"), Some(30_000));
        assert_eq!(read("Fri, 20 Nov 2020 08:46:42 GMT"), Some(0));
        assert_eq!(read("1e30"), Some(LONGEST_WISH_MS));
        assert_eq!(read("-5"), None);
        assert_eq!(read("soon"), None);
    }
}
