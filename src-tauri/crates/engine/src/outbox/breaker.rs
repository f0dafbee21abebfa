//! A gateway that fails again and again is left alone for a while, then asked once (F30). It keeps calls from leaving,
//! never a person from deciding: what they confirm is queued. Pure; no jitter, for it stands in one console alone.

use super::CallEnd;
use crate::command::{Code, Refused};
use client::Dialect;

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it first stays open, in milliseconds; doubles each time the one question fails.
const FIRST_MS: u64 = 5_000;
/// Longest time it stays open, in milliseconds.
const LONGEST_MS: u64 = 30_000;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Calls go out; so many have failed in a row.
    Closed {
        /// In a row.
        failures: u32,
    },
    /// No call goes out.
    Open {
        /// Until then, on the boot-time clock.
        until_ms: u64,
        /// How long it stays open this time.
        for_ms: u64,
    },
    /// One call is out to find out.
    HalfOpen {
        /// How long it stayed open before.
        for_ms: u64,
    },
}

/// What a call says about the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It answered.
    Alive,
    /// It did not, or only something before it did.
    Failing,
}

/// May a call go out?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Go,
    /// Not before then, on the boot-time clock.
    NotBefore(u64),
}

/// How often a half-open breaker is asked again, in milliseconds.
const LOOK_AGAIN_MS: u64 = 250;

impl Default for Breaker {
    fn default() -> Self {
        Breaker::Closed { failures: 0 }
    }
}

impl Breaker {
    /// May a call go out now? If the answer is yes after a pause, this call is the one that finds out.
    pub fn ask(&mut self, now_ms: u64) -> Gate {
        match *self {
            Breaker::Closed { .. } => Gate::Go,
            Breaker::Open { until_ms, .. } if now_ms < until_ms => Gate::NotBefore(until_ms),
            Breaker::Open { for_ms, .. } => {
                *self = Breaker::HalfOpen { for_ms };
                Gate::Go
            }
            Breaker::HalfOpen { .. } => Gate::NotBefore(now_ms + LOOK_AGAIN_MS),
        }
    }

    /// Is it of no use to read from that gateway now?
    pub fn is_open(self, now_ms: u64) -> bool {
        match self {
            Breaker::Closed { .. } => false,
            Breaker::Open { until_ms, .. } => now_ms < until_ms,
            Breaker::HalfOpen { .. } => true,
        }
    }

    /// Takes what a call said. Returns whether calls may go out again that could not before.
    pub fn learn(&mut self, evidence: Evidence, now_ms: u64) -> Reopened {
        let before = *self;
        *self = match (evidence, before) {
            (Evidence::Alive, _) => Breaker::default(),
            (Evidence::Failing, Breaker::Closed { failures }) if failures + 1 < FAILURES => {
                Breaker::Closed { failures: failures + 1 }
            }
            (Evidence::Failing, Breaker::Closed { .. }) => open(FIRST_MS, now_ms),
            (Evidence::Failing, Breaker::HalfOpen { for_ms }) => open((for_ms * 2).min(LONGEST_MS), now_ms),
            // A call from before it opened.
            (Evidence::Failing, open @ Breaker::Open { .. }) => open,
        };
        match (before, *self) {
            (Breaker::Open { .. } | Breaker::HalfOpen { .. }, Breaker::Closed { .. }) => Reopened::Yes,
            _ => Reopened::No,
        }
    }
}

/// Whether calls may go out again that could not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopened {
    /// They may: what waits is due.
    Yes,
    /// Nothing changed for them.
    No,
}

fn open(for_ms: u64, now_ms: u64) -> Breaker {
    Breaker::Open { until_ms: now_ms + for_ms, for_ms }
}

impl Evidence {
    /// Of a call to decide. The platform's own 500 and 503 are no sign of an outage (CONTRACT 3).
    pub fn of_call(end: &CallEnd, dialect: Dialect) -> Self {
        match end {
            CallEnd::NotSent { code, .. } => Self::of_code(*code),
            CallEnd::Unclear { .. } => Evidence::Failing,
            CallEnd::Told { status: 502 | 504, .. } => Evidence::Failing,
            CallEnd::Told { status, .. } if *status >= 500 && dialect == Dialect::Holdpoint => {
                Evidence::Failing
            }
            CallEnd::Told { .. } | CallEnd::Taken(_) | CallEnd::SignIn { .. } => Evidence::Alive,
        }
    }

    /// Of a read.
    pub fn of_read<T>(result: &Result<T, Refused>) -> Self {
        result.as_ref().err().map_or(Evidence::Alive, |refused| Self::of_code(refused.code))
    }

    /// Of a refusal.
    pub fn of_code(code: Code) -> Self {
        match code {
            Code::Unreachable | Code::Portal | Code::Proxy | Code::Certificate => Evidence::Failing,
            _ => Evidence::Alive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(breaker: &mut Breaker, times: u32, now_ms: u64) {
        for _ in 0..times {
            breaker.learn(Evidence::Failing, now_ms);
        }
    }

    #[test]
    fn f30_five_failures_open_it_and_one_call_finds_out_when_it_is_time() {
        let mut breaker = Breaker::default();
        failed(&mut breaker, 4, 0);
        assert_eq!(breaker.ask(0), Gate::Go);
        failed(&mut breaker, 1, 0);
        assert_eq!(breaker.ask(4_999), Gate::NotBefore(5_000));
        assert_eq!(breaker.ask(5_000), Gate::Go);
        assert!(matches!(breaker.ask(5_001), Gate::NotBefore(_)), "only one is out");
        assert_eq!(breaker.learn(Evidence::Alive, 5_100), Reopened::Yes);
        assert_eq!(breaker.ask(5_101), Gate::Go);
    }

    #[test]
    fn f30_each_failed_question_doubles_the_pause_up_to_half_a_minute() {
        let mut breaker = Breaker::default();
        let mut now = 0;
        failed(&mut breaker, 5, now);
        let mut pauses = Vec::new();
        for _ in 0..5 {
            let Gate::NotBefore(until) = breaker.ask(now) else { panic!("open: {breaker:?}") };
            pauses.push(until - now);
            now = until;
            assert_eq!(breaker.ask(now), Gate::Go);
            failed(&mut breaker, 1, now);
        }
        assert_eq!(pauses, [5_000, 10_000, 20_000, 30_000, 30_000]);
    }

    #[test]
    fn an_answer_of_any_kind_starts_the_count_anew() {
        let mut breaker = Breaker::default();
        failed(&mut breaker, 4, 0);
        assert_eq!(breaker.learn(Evidence::Alive, 0), Reopened::No);
        failed(&mut breaker, 4, 0);
        assert!(!breaker.is_open(0));
    }
}
