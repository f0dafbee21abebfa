//! What nobody at a console can know, as narrow as it goes: nothing else is excused.

use super::super::plan::Side;
use super::super::world::World;
use client::Dialect;
use domain::{OutboxState, Status, Verdict};
use store::OutboxRow;

/// On a gateway without keys: an approve whose answer was lost ran up to a pause, where somebody else rejected or stopped
/// it. The request is all there is, and it names only the last who decided.
pub(super) fn ended_at_a_later_pause(world: &World, row: &OutboxRow) -> bool {
    let moments = world.gateway.truth.requests.get(&row.key.request).map(Vec::as_slice).unwrap_or_default();
    let ran = moments.iter().any(|moment| matches!(&moment.was, Some((Status::Executing, _))));
    let entry = world.gateway.saved.entries.get(&row.key.request);
    let by = entry.and_then(|entry| entry.approval.decided_by.as_deref());
    let ended = row.state == OutboxState::Conflict && by != Some(&row.identity);
    world.dialect == Dialect::Platform && ran && ended && row.verdict == Verdict::Approve
}

/// Its key belongs to somebody who is not signed in any more: it stays unknown, and says so.
pub(super) fn key_of_another(world: &World, side: Side, row: &OutboxRow) -> bool {
    let console = &world.consoles[side.at()];
    world.dialect == Dialect::Holdpoint && row.state == OutboxState::Unknown && row.identity != console.email
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
