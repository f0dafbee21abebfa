//! What a person has set about decisions (rule 7). Owns the bounds; where it is kept is the store's.

use crate::command::{Code, Refused};
use serde::{Deserialize, Serialize};

/// Its name in the store.
pub(crate) const SETTING: &str = "decisions";

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(default)]
pub struct Policy {
    /// A confirmed decision is held back this long and can be taken back: 0 to [`Policy::LONGEST_UNDO_S`] seconds.
    pub undo_s: u32,
    /// An approve that waited longer than this needs a fresh look: 0 to [`Policy::LONGEST_FRESH_MIN`] minutes.
    pub fresh_approve_min: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { undo_s: 0, fresh_approve_min: 2 }
    }
}

impl Policy {
    /// Longest undo window, in seconds.
    pub const LONGEST_UNDO_S: u32 = 10;
    /// Longest time an approve may wait, in minutes.
    pub const LONGEST_FRESH_MIN: u32 = 10;

    /// Is it within its bounds?
    ///
    /// # Errors
    /// [`Code::Usage`], naming the bound.
    pub fn check(self) -> Result<Self, Refused> {
        if self.undo_s > Self::LONGEST_UNDO_S {
            let message = format!(
                "The undo window is 0 to {} seconds, not {}. Nothing was changed.",
                Self::LONGEST_UNDO_S,
                self.undo_s
            );
            return Err(Refused::new(Code::Usage, message));
        }
        if self.fresh_approve_min > Self::LONGEST_FRESH_MIN {
            let message = format!(
                "A queued approve may wait 0 to {} minutes, not {}. Nothing was changed.",
                Self::LONGEST_FRESH_MIN,
                self.fresh_approve_min
            );
            return Err(Refused::new(Code::Usage, message));
        }
        Ok(self)
    }

    /// The undo window, in milliseconds.
    pub(crate) fn undo_ms(self) -> u64 {
        u64::from(self.undo_s) * 1_000
    }

    /// How long a queued approve may wait, in milliseconds.
    pub(crate) fn fresh_approve_ms(self) -> u64 {
        u64::from(self.fresh_approve_min) * 60_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_7_what_is_beyond_the_bounds_is_refused_by_name() {
        assert!(Policy::default().check().is_ok());
        let long = Policy { undo_s: 11, ..Policy::default() };
        assert!(long.check().expect_err("too long").message.contains("0 to 10 seconds"));
        let old = Policy { fresh_approve_min: 11, ..Policy::default() };
        assert!(old.check().expect_err("too long").message.contains("0 to 10 minutes"));
    }
}
