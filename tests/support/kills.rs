//! What every run of kill -9 shares: a sequence of points that is the same in every run, how many rounds there are, and the
//! judgement of what was reported. `HOLDPOINT_KILL_ROUNDS` and `HOLDPOINT_KILL_SEED` ask for more, and for others.

use crate::target::Target;
use std::collections::BTreeMap;

/// The seed of the ordinary test.
const SEED: u64 = 0x5eed_0f1e;

/// xorshift64*: a sequence that its seed tells whole.
#[derive(Debug)]
pub struct Draw(u64);

impl Draw {
    /// The sequence that was asked for.
    pub fn wanted() -> Self {
        Self(number("HOLDPOINT_KILL_SEED").unwrap_or(SEED).max(1))
    }

    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// The rounds that were asked for; `usual` if none were.
pub fn rounds(usual: u64) -> u64 {
    number("HOLDPOINT_KILL_ROUNDS").unwrap_or(usual)
}

fn number(variable: &str) -> Option<u64> {
    let told = std::env::var(variable).ok()?;
    Some(told.parse().unwrap_or_else(|_| panic!("{variable} is no number: {told}")))
}

/// What an approve reported at the time was true: `ended` is its exit code by request, `paths` what it calls.
///
/// # Panics
/// It was not, or nothing was ever decided.
pub fn said_the_truth(
    paths: &BTreeMap<String, String>,
    ended: &BTreeMap<String, Option<i32>>,
    target: &Target,
) {
    let mut tally: BTreeMap<Option<i32>, usize> = BTreeMap::new();
    for (id, path) in paths {
        let (done, code) = (target.count(path), ended[id]);
        *tally.entry(code).or_default() += 1;
        match code {
            Some(0) => assert_eq!(done, 1, "{id} was reported done"),
            // 5 promises that nothing was sent and nothing is left queued, 4 that somebody else's word stands.
            Some(5 | 4) => assert_eq!(done, 0, "{id} ran although nothing was sent ({code:?})"),
            // Unknown, or it broke off after the gateway had it.
            Some(7 | 9) => assert!(done <= 1, "{id} ran {done} times ({code:?})"),
            _ => panic!("{id} ended with {code:?}"),
        }
    }
    assert!(tally.get(&Some(0)).is_some_and(|count| *count > 0), "nothing was ever decided: {tally:?}");
}
