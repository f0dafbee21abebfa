//! A person's decision and the life of its outbox row (rules 4 and 5).

use crate::id::ActionId;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// One decision; the `Idempotency-Key` on every try (rule 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct DecisionId(pub Uuid);

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is decided upon: the request, or one action of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The whole request.
    Request,
    /// One gated action.
    Action(ActionId),
}

impl Point {
    /// The outbox key's last part: the action's id, or `*`.
    pub fn key(&self) -> &str {
        match self {
            Point::Request => "*",
            Point::Action(id) => id.as_str(),
        }
    }

    /// The action, if it is one.
    pub fn action(&self) -> Option<&ActionId> {
        match self {
            Point::Request => None,
            Point::Action(id) => Some(id),
        }
    }
}

/// What a person wants to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Go.
    Approve,
    /// Do not.
    Reject {
        /// At least three letters or digits.
        reason: String,
    },
    /// No further.
    Stop {
        /// At least three letters or digits.
        reason: String,
    },
}

impl Verdict {
    /// The bare word.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Approve => "approve",
            Verdict::Reject { .. } => "reject",
            Verdict::Stop { .. } => "stop",
        }
    }

    /// The reason, where one is needed.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Verdict::Approve => None,
            Verdict::Reject { reason } | Verdict::Stop { reason } => Some(reason),
        }
    }
}

/// The life of a decision (rule 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// In its undo window.
    Held,
    /// On disk, not yet on the wire.
    Queued,
    /// On the wire; no answer yet.
    Sent,
    /// The gateway took it; its effect is still to be seen.
    Acknowledged,
    /// Its end was seen.
    Observed,
    /// Someone else decided first.
    Conflict,
    /// The request is no longer what was shown.
    Changed,
    /// Too late.
    Expired,
    /// The gateway, or the rules here, said no.
    Refused,
    /// The call failed and the request still stands open.
    NotTaken,
    /// Nobody knows; polled until known.
    Unknown,
}

impl OutboxState {
    /// Every state, in order of life.
    pub const ALL: [OutboxState; 11] = [
        OutboxState::Held,
        OutboxState::Queued,
        OutboxState::Sent,
        OutboxState::Acknowledged,
        OutboxState::Observed,
        OutboxState::Conflict,
        OutboxState::Changed,
        OutboxState::Expired,
        OutboxState::Refused,
        OutboxState::NotTaken,
        OutboxState::Unknown,
    ];

    /// It holds its decision point: no other decision may open there (rule 4). Unknown never frees it by itself.
    pub fn locks(self) -> bool {
        matches!(
            self,
            OutboxState::Held
                | OutboxState::Queued
                | OutboxState::Sent
                | OutboxState::Acknowledged
                | OutboxState::Unknown
        )
    }

    /// The word in SQLite and JSON.
    pub fn word(self) -> &'static str {
        match self {
            OutboxState::Held => "held",
            OutboxState::Queued => "queued",
            OutboxState::Sent => "sent",
            OutboxState::Acknowledged => "acknowledged",
            OutboxState::Observed => "observed",
            OutboxState::Conflict => "conflict",
            OutboxState::Changed => "changed",
            OutboxState::Expired => "expired",
            OutboxState::Refused => "refused",
            OutboxState::NotTaken => "not_taken",
            OutboxState::Unknown => "unknown",
        }
    }

    /// Reads [`OutboxState::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// May a decision go from here to `next`? Observed from anything open, because the stream may be faster than the
    /// answer; a terminal state is final.
    pub fn may_become(self, next: OutboxState) -> bool {
        use OutboxState as S;
        match self {
            S::Held => matches!(next, S::Queued | S::Refused),
            S::Queued => !matches!(next, S::Held | S::Queued),
            S::Sent | S::Unknown => !matches!(next, S::Held | S::Queued) && next != self,
            // A gateway may take a decision and not carry it out: then the request tells who decided instead.
            S::Acknowledged => matches!(next, S::Observed | S::Conflict | S::Unknown),
            S::Observed | S::Conflict | S::Changed | S::Expired | S::Refused | S::NotTaken => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_4_a_terminal_state_is_final_and_only_unknown_keeps_the_lock() {
        for state in OutboxState::ALL {
            assert_eq!(OutboxState::from_word(state.word()), Some(state));
            let leaves = OutboxState::ALL.into_iter().any(|next| state.may_become(next));
            assert_eq!(leaves, state.locks(), "{state:?}");
        }
    }
}
