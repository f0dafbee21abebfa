//! What the simulation has found and is not mended yet, as narrow as it goes. Each entry goes with its mending; nothing
//! else is excused.

use super::super::world::World;
use domain::{OutboxState, Status, Verdict};
use store::OutboxRow;

/// An approve whose answer was lost ran up to a pause, where somebody else rejected or stopped it, or where it expired: that
/// is taken for the end of a request which was never approved.
pub(super) fn ended_at_a_later_pause(world: &World, row: &OutboxRow) -> bool {
    let moments = world.gateway.truth.requests.get(&row.key.request).map(Vec::as_slice).unwrap_or_default();
    let ran = moments.iter().any(|moment| matches!(&moment.was, Some((Status::Executing, _))));
    let entry = world.gateway.saved.entries.get(&row.key.request);
    let by = entry.and_then(|entry| entry.approval.decided_by.as_deref());
    let ended = match row.state {
        OutboxState::Expired => true,
        OutboxState::Conflict => by != Some(&row.identity),
        _ => false,
    };
    ran && ended && row.verdict == Verdict::Approve
}

/// A reject that names an action is not seen to be not taken while its request still stands open elsewhere.
pub(super) fn reject_at_another_point(row: &OutboxRow) -> bool {
    row.state == OutboxState::Unknown
        && row.point.action().is_some()
        && matches!(row.verdict, Verdict::Reject { .. })
}

/// The same person decided the same twice, one after the other, and the second answer was lost: the request shows only who
/// decided, so the second passes for the first.
pub(super) fn twin_was_taken(world: &World, rows: &[OutboxRow], row: &OutboxRow) -> bool {
    let took = |id| world.gateway.truth.effects.contains_key(&id);
    let twin = |other: &&OutboxRow| {
        other.key == row.key && other.identity == row.identity && other.decision != row.decision
    };
    rows.iter().filter(twin).any(|other| took(other.decision))
}
