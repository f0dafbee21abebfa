//! When to try again: at once, then full jitter from half a second, doubling (PROOF). Pure.

/// First upper bound.
const BASE_MS: u64 = 500;
/// Upper bound within the first minute of failing, and after it.
const EARLY_CAP_MS: u64 = 5_000;
const LATE_CAP_MS: u64 = 30_000;
/// How long it is early.
const EARLY_MS: u64 = 60_000;

/// The pause before the next try. `failures` in a row so far, the first of them `failing_ms` ago; `draw` is any random
/// number. Full jitter: thousands of clients that lost the same gateway do not come back together.
pub(crate) fn delay_ms(failures: u32, failing_ms: u64, draw: u64) -> u64 {
    if failures == 0 {
        return 0;
    }
    let cap = if failing_ms < EARLY_MS { EARLY_CAP_MS } else { LATE_CAP_MS };
    let bound = (BASE_MS << (failures - 1).min(10)).min(cap);
    draw % (bound + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_try_is_at_once_and_then_bounds_double_up_to_the_cap() {
        assert_eq!(delay_ms(0, 0, u64::MAX), 0);
        for (failures, failing_ms, bound) in [
            (1, 0, 500),
            (2, 900, 1_000),
            (4, 5_000, 4_000),
            (5, 9_000, 5_000),
            (40, 59_999, 5_000),
            (40, 60_000, 30_000),
        ] {
            assert_eq!(delay_ms(failures, failing_ms, bound), bound);
            assert_eq!(delay_ms(failures, failing_ms, bound + 1), 0);
        }
    }
}
