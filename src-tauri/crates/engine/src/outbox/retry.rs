//! Which calls are made again, how often and after how long: data, one row per class of end (rule 5, CONTRACT 4).

use client::Slug;

/// Why a call to decide may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No byte of it left.
    NotSent,
    /// It may have arrived; only with a key it may be repeated.
    Unclear,
    /// The gateway is still at the first try.
    InProgress,
    /// Too many calls.
    RateLimited,
    /// The gateway says that it cannot now.
    Unavailable,
    /// The session is over.
    SignIn,
}

/// How a class is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all; `None`: as long as the decision may wait (rule 7).
    pub most_tries: Option<u32>,
    /// Before the second try, in milliseconds; doubles with each one.
    pub first_ms: u64,
    /// Longest pause of our own choice, in milliseconds.
    pub longest_ms: u64,
}

/// Longest pause a gateway may ask for: beyond it a person decides anew rather than waits.
const LONGEST_ASKED_MS: u64 = 3_600_000;

impl Class {
    /// The class of a gateway's answer, if it is one to try again. A proxy limits without a slug.
    pub fn of(slug: Option<Slug>, status: u16) -> Option<Self> {
        match slug {
            Some(Slug::InProgress) => Some(Class::InProgress),
            Some(Slug::RateLimited) => Some(Class::RateLimited),
            Some(Slug::Unavailable) => Some(Class::Unavailable),
            None if status == 429 => Some(Class::RateLimited),
            _ => None,
        }
    }

    /// Its row.
    pub const fn retry(self) -> Retry {
        const TRIES: Option<u32> = Some(super::MOST_TRIES);
        match self {
            Class::NotSent => Retry { most_tries: None, first_ms: 250, longest_ms: 8_000 },
            Class::Unclear => Retry { most_tries: TRIES, first_ms: 250, longest_ms: 8_000 },
            Class::InProgress => Retry { most_tries: TRIES, first_ms: 500, longest_ms: 8_000 },
            Class::RateLimited | Class::Unavailable => {
                Retry { most_tries: TRIES, first_ms: 1_000, longest_ms: 30_000 }
            }
            Class::SignIn => Retry { most_tries: None, first_ms: 30_000, longest_ms: 30_000 },
        }
    }
}

impl Retry {
    /// How long to wait after the `tries`th try; `None`: it is not made again. What the gateway asks for wins.
    pub fn after_ms(&self, tries: u32, asked_ms: Option<u64>) -> Option<u64> {
        if self.most_tries.is_some_and(|most| tries >= most) {
            return None;
        }
        let doubled = self.first_ms.saturating_mul(1 << tries.min(8)).min(self.longest_ms);
        Some(asked_ms.map_or(doubled, |asked| asked.min(LONGEST_ASKED_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Class; 6] = [
        Class::NotSent,
        Class::Unclear,
        Class::InProgress,
        Class::RateLimited,
        Class::Unavailable,
        Class::SignIn,
    ];

    #[test]
    fn every_class_waits_between_two_tries_and_never_longer_than_its_row_says() {
        for class in ALL {
            let retry = class.retry();
            let waits: Vec<u64> = (1..40).filter_map(|tries| retry.after_ms(tries, None)).collect();
            assert!(waits.iter().all(|ms| (retry.first_ms..=retry.longest_ms).contains(ms)), "{class:?}");
            assert!(waits.is_sorted(), "{class:?} {waits:?}");
        }
    }

    #[test]
    fn f29_what_the_gateway_asks_for_wins_within_an_hour() {
        let retry = Class::RateLimited.retry();
        assert_eq!(retry.after_ms(1, Some(120_000)), Some(120_000));
        assert_eq!(retry.after_ms(1, Some(u64::MAX)), Some(LONGEST_ASKED_MS));
        assert_eq!(retry.after_ms(super::super::MOST_TRIES, Some(1)), None);
    }
}
