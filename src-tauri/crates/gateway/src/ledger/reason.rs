//! What a person gives as a reason. Pure.

use crate::fault::Fault;
use domain::law;
use protocol::problem::Slug;

/// Longest reason in bytes: it travels in events, which are bounded, and is read by people.
const REASON_BYTES: usize = 4_096;

/// Refuses a reason that says nothing or goes on for ever.
pub(super) fn check(reason: &str) -> Result<(), Fault> {
    if reason.len() > REASON_BYTES {
        let said = format!("A reason has at most {REASON_BYTES} bytes, not {}.", reason.len());
        return Err(Fault::invalid(said));
    }
    if !law::is_reason(reason) {
        let said = format!("It needs a reason of at least three letters or digits, not \"{reason}\".");
        return Err(Fault::new(Slug::ReasonRequired, said));
    }
    Ok(())
}
