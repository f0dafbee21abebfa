//! I2, I4, I5 and I8 as a person sees them: nobody is called twice for the same, what is shown was so, "live" means
//! complete, no stranger's name stands there, and nothing grows without bound.

use super::super::plan::Side;
use super::super::world::World;
use super::events;
use crate::input::Now;
use crate::notices::Notice;
use crate::view::{AppView, CHANGE_LIMIT, ROW_LIMIT};
use client::Dialect;
use domain::{ActionId, RequestId, RequestKey};
use std::collections::{BTreeMap, BTreeSet};

/// A dead connection is noticed within a minute; beyond this, what is live is complete.
const LAG_MS: u64 = 100_000;
/// After sleep: the machine's own time for a proof of life, and for the lists to be read.
const PROOF_MS: u64 = 15_000;
/// Batches that may wait, and one asking.
const MOST_JOBS: usize = 64;

/// What one process has told so far.
#[derive(Default)]
pub(super) struct Shown {
    asked: BTreeMap<RequestKey, Option<ActionId>>,
    ended: BTreeSet<String>,
    live: Live,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Live {
    #[default]
    No,
    Yes,
}

pub(super) fn check(
    world: &mut World,
    side: Side,
    view: &AppView,
    notices: &[Notice],
    now: Now,
) -> Result<(), String> {
    events::told(world, side, view.last_row);
    told_once(world, side, view, notices)?;
    bounded(world, side, view, now)?;
    let console = &world.consoles[side.at()];
    let account = view.gateways.first().and_then(|gateway| gateway.account.as_deref());
    if account.is_some_and(|account| account != console.email) {
        return Err(format!("I5: {account:?} is shown to {}", console.email));
    }
    was_so(world, side)?;
    let live =
        if view.gateways.iter().any(|gateway| gateway.connection.is_live()) { Live::Yes } else { Live::No };
    let shown = &mut world.judge.sides[side.at()].shown;
    let began = shown.live != live && live == Live::Yes;
    shown.live = live;
    if began {
        let asked_ms = world.consoles[side.at()].running.as_ref().map_or(0, |running| running.asked_ms);
        complete(world, side, asked_ms)?;
    }
    // A connection that has slept has a moment to prove that it lives.
    let just_woke = world.consoles[side.at()].asleep_until_ms + PROOF_MS > world.now_ms;
    match (live, world.now_ms.checked_sub(LAG_MS)) {
        (Live::Yes, Some(then_ms)) if !began && !just_woke => complete(world, side, then_ms),
        _ => Ok(()),
    }
}

fn told_once(world: &mut World, side: Side, view: &AppView, notices: &[Notice]) -> Result<(), String> {
    let shown = &mut world.judge.sides[side.at()].shown;
    for notice in notices {
        match notice {
            Notice::Ask(ask) => {
                let row = view.request(ask.key.gateway, &ask.key.request);
                let waiting = row.and_then(|row| row.waiting.clone());
                if shown.asked.insert(ask.key.clone(), waiting.clone()) == Some(waiting) {
                    return Err(format!("I2: called twice for {}", ask.key.request));
                }
            }
            Notice::Withdraw(key) => drop(shown.asked.remove(key)),
            Notice::Ended(ended) => {
                if !shown.ended.insert(format!("{} {}", ended.decision, ended.title)) {
                    return Err(format!("I2: told twice that {}", ended.title));
                }
            }
            Notice::Many { .. } | Notice::WithdrawMany => {}
        }
    }
    Ok(())
}

fn bounded(world: &World, side: Side, view: &AppView, now: Now) -> Result<(), String> {
    let Some(running) = &world.consoles[side.at()].running else { return Ok(()) };
    let changes = view.gateways.iter().map(|gateway| gateway.changes.len()).max().unwrap_or(0);
    let old = running.state.prepared.values().filter(|prepared| prepared.until_ms <= now.boot_ms).count();
    if view.requests.len() > ROW_LIMIT || changes > CHANGE_LIMIT || running.jobs.len() > MOST_JOBS {
        return Err(format!(
            "I8: {} rows, {changes} changes, {} jobs",
            view.requests.len(),
            running.jobs.len()
        ));
    }
    // What has run out goes with the next step at the latest.
    if old > 0 && running.state.prepared.len() > 50 {
        return Err(format!("I8: {old} prepared decisions have run out and are kept"));
    }
    Ok(())
}

/// Whatever is shown of a request was once so.
fn was_so(world: &World, side: Side) -> Result<(), String> {
    let Some(running) = &world.consoles[side.at()].running else { return Ok(()) };
    for (id, known) in running.state.gateways.values().flat_map(|gateway| &gateway.requests) {
        let moments = world.gateway.truth.requests.get(id).map(Vec::as_slice).unwrap_or_default();
        let mut was = moments.iter().filter_map(|moment| moment.was.as_ref());
        if !was.clone().any(|(status, _)| *status == known.approval.status) {
            return Err(format!("I4: {id} is shown as {} and never was", known.approval.status));
        }
        let digest = known.approval.computed_digest();
        if !was.any(|(_, was)| *was == digest) {
            return Err(format!("I4: {id} is shown with {digest}, which it never had"));
        }
    }
    Ok(())
}

/// Nothing is missing that was open all the time since then, and nothing is there that had ended by then.
fn complete(world: &World, side: Side, since_ms: u64) -> Result<(), String> {
    let Some(running) = &world.consoles[side.at()].running else { return Ok(()) };
    let requests = || running.state.gateways.values().flat_map(|gateway| &gateway.requests);
    let open: BTreeSet<&RequestId> =
        requests().filter(|(_, known)| known.approval.status.is_open()).map(|(id, _)| id).collect();
    for id in world.gateway.truth.requests.keys() {
        let (always, ever) = open_since(world, id, since_ms);
        if always && !open.contains(id) {
            return Err(format!("I4: live, and {id} is missing"));
        }
        if !ever && open.contains(id) {
            return Err(format!("I4: live, and {id} is shown open, which ended before"));
        }
    }
    Ok(())
}

/// Was it open all the time since then, and was it ever? What the platform lists is what is pending.
fn open_since(world: &World, id: &RequestId, since_ms: u64) -> (bool, bool) {
    let moments = world.gateway.truth.requests.get(id).map(Vec::as_slice).unwrap_or_default();
    let (mut always, mut ever) = (!moments.is_empty(), false);
    let mut until_ms = u64::MAX;
    for moment in moments.iter().rev() {
        let status = moment.was.as_ref().map(|(status, _)| status);
        let open = status.is_some_and(domain::Status::is_open);
        let listed =
            open && (world.dialect == Dialect::Holdpoint || status == Some(&domain::Status::Pending));
        (always, ever) = (always && listed, ever || open);
        until_ms = until_ms.min(moment.from_ms);
        if moment.from_ms <= since_ms {
            return (always, ever);
        }
    }
    // It began later.
    (always && until_ms <= since_ms, ever)
}
