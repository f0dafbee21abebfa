//! The outbox (rules 1 and 4): each decision is a row before it is on the wire, and the open row is the lock of its
//! decision point. Opening and moving a row happen in one transaction with their receipts.

mod advance;
mod attest;
mod attested;
mod decide;
mod keyring;
mod look;
mod row;

pub use advance::Change;
pub use decide::{Decided, NewDecision, Opening};
pub use row::{OutboxRow, Superseded};

pub(crate) use attest::insert_attested;
pub(crate) use attested::Attested;
pub(crate) use row::Row;

pub use attest::Scope;

use domain::Verdict;

/// Which lock of a decision point a verdict takes: a stop must be possible while an approve of the same point is still
/// being carried out.
pub(crate) fn track(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Approve | Verdict::Reject { .. } => "decide",
        Verdict::Stop { .. } => "stop",
    }
}
