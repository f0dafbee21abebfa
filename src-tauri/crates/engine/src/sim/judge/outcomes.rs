//! I3, I5 and I6: a decision has its effect at most once, under the name of the one who made it, on what that person saw,
//! and nothing is said about its outcome that is not so. Rules 1, 4 and 7 with them.

use super::super::ledger::Message;
use super::super::plan::Side;
use super::super::store::track;
use super::super::world::World;
use super::{Made, known};
use crate::command::{Prepare, Prepared};
use crate::state::Busy;
use crate::view::{AppView, DecisionView};
use client::Dialect;
use domain::{DecisionId, Digest, OutboxState, Verdict};
use store::OutboxRow;

/// A moment for the disk.
const MOMENT_MS: u64 = 1_000;
/// From the last look to the arrival: two ways and a write.
const JUST_READ_MS: u64 = 6_000;

/// Somebody is offered a decision.
pub(in super::super) fn prepared(
    world: &mut World,
    side: Side,
    prepared: &Prepared,
    prepare: &Prepare,
    seen: &Digest,
) {
    let joins = world.judge.made.contains_key(&prepared.decision);
    if !joins && prepared.digest != *seen {
        world.breaks(format!("{side:?} I6: offered {} to whoever saw {seen}", prepared.digest));
    }
    world.judge.asked.entry(prepared.decision).or_insert_with(|| (seen.clone(), prepare.clone()));
}

/// A decision is on disk.
pub(in super::super) fn made(world: &mut World, side: Side, row: &OutboxRow) {
    let (email, at_ms) = (world.console(side).email.clone(), world.now_ms);
    let console = world.console(side);
    let made = Made {
        key: row.key.clone(),
        identity: row.identity.clone(),
        at_ms,
        life: console.life,
        wall_offset_ms: console.wall_offset_ms,
    };
    if row.identity != email {
        world.breaks(format!("{side:?} I5: {email} decided and {} stands on disk", row.identity));
    }
    world.judge.made.insert(row.decision, made);
}

/// A decision is put on the wire.
pub(in super::super) fn leaves(world: &mut World, side: Side, row: &DecisionView) {
    let on_disk = world.console(side).store.state_of(row.id);
    if on_disk == Some(OutboxState::Unknown) && asks_by_key(world, row) {
        return;
    }
    if on_disk != Some(OutboxState::Sent) {
        world.breaks(format!("{side:?} rule 1: a decision leaves while its row says {on_disk:?}"));
    }
    let Some(made) = world.judge.made.get(&row.id).cloned() else { return };
    let console = &world.consoles[side.at()];
    let age_known = console.life == made.life || console.wall_offset_ms == made.wall_offset_ms;
    let age_ms = world.now_ms - made.at_ms;
    let fresh_ms = console.policy.undo_ms() + console.policy.fresh_approve_ms() + MOMENT_MS;
    if age_known && row.verdict == Verdict::Approve && age_ms > fresh_ms {
        world.breaks(format!("{side:?} rule 7: an approve leaves after {age_ms} ms"));
    }
}

/// Is it the question for the answer to a key? Where the request has ended nothing can follow from it.
fn asks_by_key(world: &World, row: &DecisionView) -> bool {
    let entry = world.gateway.saved.entries.get(&row.key.request);
    world.dialect == Dialect::Holdpoint && entry.is_some_and(|entry| !entry.approval.status.is_open())
}

/// A decision arrives at the gateway, before it is judged there.
pub(in super::super) fn arrives(world: &mut World, side: Side, subject: &str, message: &Message) {
    world.note(|| format!("gateway hears {side:?}: {:?} {:?}", message.verdict, message.point));
    let arrivals = world.gateway.truth.arrivals.entry(message.decision).or_default();
    *arrivals += 1;
    let again = *arrivals > 1;
    if again && world.dialect == Dialect::Platform {
        world.breaks(format!("{side:?} rule 4: sent again where there are no keys"));
    }
    let made = world.judge.made.get(&message.decision).cloned();
    let asked = world.judge.asked.get(&message.decision).cloned();
    let (Some(made), Some((seen, prepare))) = (made, asked) else {
        return world.breaks(format!("{side:?} rule 1: a decision arrives that nobody made"));
    };
    if made.identity != subject || message.identity != subject {
        world.breaks(format!("{side:?} I5: {} decided and {subject} says so", made.identity));
    }
    if message.shown != seen || message.point != prepare.point || message.verdict != prepare.verdict {
        world.breaks(format!("{side:?} I6: {message:?} arrives, and {seen} was seen"));
    }
    if world.dialect == Dialect::Platform && !was_lately(world, side, message) {
        world.breaks(format!(
            "{side:?} rule 3: what arrives is not what stands there, and had not just been read"
        ));
    }
}

/// Did the request look like that a moment ago?
fn was_lately(world: &World, side: Side, message: &Message) -> bool {
    let slept = world.consoles[side.at()].asleep_until_ms + 200_000 > world.now_ms
        && world.consoles[side.at()].asleep_until_ms > 0;
    let Some(moments) = world.gateway.truth.requests.get(&message.request) else { return false };
    let lately_ms = world.now_ms.saturating_sub(JUST_READ_MS);
    let mut until_ms = u64::MAX;
    for moment in moments.iter().rev() {
        if until_ms < lately_ms {
            return slept;
        }
        if moment.was.as_ref().is_some_and(|(_, digest)| *digest == message.shown) {
            return true;
        }
        until_ms = moment.from_ms;
    }
    slept
}

/// What is said about every decision, against the disk and the truth.
pub(super) fn check(world: &World, side: Side, view: &AppView) -> Result<(), String> {
    let console = &world.consoles[side.at()];
    let Some(running) = &console.running else { return Ok(()) };
    for shown in &view.decisions {
        let busy = running.state.decisions.get(&shown.id).map(|decision| decision.busy);
        match console.store.state_of(shown.id) {
            None if busy == Some(Busy::Saving) => {}
            None => return Err(format!("rule 1: {} is shown and not on disk", shown.id)),
            Some(state) if state == shown.state => {}
            Some(state) if busy == Some(Busy::Saving) && shown.state.locks() => {
                debug_assert_ne!(state, shown.state);
            }
            Some(state) => {
                return Err(format!(
                    "I3: {} is shown as {:?} and stands as {state:?}",
                    shown.id, shown.state
                ));
            }
        }
    }
    for row in &console.store.rows {
        if row.state.locks() && view.decision(row.decision).is_none() {
            return Err(format!("I3: {} is unresolved and not shown", row.decision));
        }
        outcome(world, &console.store.rows, row)?;
    }
    points(&console.store.rows)
}

/// Is what a row says about its outcome so?
fn outcome(world: &World, rows: &[OutboxRow], row: &OutboxRow) -> Result<(), String> {
    let truth = &world.gateway.truth;
    let times = truth.effects.get(&row.decision).copied().unwrap_or(0);
    if truth.untold.contains(&row.decision) {
        return Ok(());
    }
    if times > 1 {
        return Err(format!("I3: {} had its effect {times} times", row.decision));
    }
    let claims_effect = matches!(row.state, OutboxState::Acknowledged | OutboxState::Observed);
    let claims_none = !row.state.locks() && !claims_effect;
    // A stop that was asked for may still come too late.
    let stop = matches!(row.verdict, Verdict::Stop { .. });
    if claims_effect && times == 0 && !known::twin_was_taken(world, rows, row) {
        return Err(format!("I3: {} is {:?} and never took effect: {row:?}", row.decision, row.state));
    }
    if claims_none && times > 0 && !stop && !known::ended_at_a_later_pause(world, row) {
        return Err(format!("I3: {} is {:?} and took effect: {row:?}", row.decision, row.state));
    }
    Ok(())
}

/// Rule 4: at most one open decision at a point.
fn points(rows: &[OutboxRow]) -> Result<(), String> {
    let open: Vec<&OutboxRow> = rows.iter().filter(|row| row.state.locks()).collect();
    for (n, one) in open.iter().enumerate() {
        let same = |other: &&&OutboxRow| {
            other.key == one.key && other.point == one.point && track(&other.verdict) == track(&one.verdict)
        };
        if let Some(other) = open[n + 1..].iter().find(same) {
            return Err(format!("rule 4: {} and {} are open at one point", one.decision, other.decision));
        }
    }
    Ok(())
}

/// Of these nobody can tell.
pub(super) fn is_untold(world: &World, decision: DecisionId) -> bool {
    world.gateway.truth.untold.contains(&decision)
}
