//! When nothing breaks any more: both consoles are live and agree with the gateway, and every decision has come to an
//! end, unless the gateway itself no longer knows.

use super::super::plan::Side;
use super::super::world::World;
use super::{known, outcomes};
use client::Dialect;
use domain::Status;

/// Most bytes of a view (DESIGN 4).
const VIEW_BYTES: usize = 64 * 1024;

pub(super) fn check(world: &World, side: Side) -> Result<(), String> {
    let console = &world.consoles[side.at()];
    let running = console.running.as_ref().ok_or("the console is not up")?;
    let gateway = running.state.gateways.values().next().ok_or("the gateway is not known")?;
    if !gateway.connection.is_live() {
        return Err(format!("I4: it is {} and not live", gateway.connection));
    }
    agrees(world, side)?;
    for row in console.store.rows.iter().filter(|row| row.state.locks()) {
        let known = world.gateway.saved.entries.get(&row.key.request);
        let excused = outcomes::is_untold(world, row.decision) || known::key_of_another(world, side, row);
        if known.is_some() && !excused {
            return Err(format!("I3: {} never came to an end: {row:?}", row.decision));
        }
    }
    let bytes = serde_json::to_vec(&running.state.view()).map_or(0, |json| json.len());
    if bytes > VIEW_BYTES { Err(format!("I8: a view of {bytes} bytes")) } else { Ok(()) }
}

/// Shown and true are one.
fn agrees(world: &World, side: Side) -> Result<(), String> {
    let Some(running) = &world.consoles[side.at()].running else { return Ok(()) };
    let requests = || running.state.gateways.values().flat_map(|gateway| &gateway.requests);
    for (id, known) in requests().filter(|(_, known)| known.approval.status.is_open()) {
        let there = world.gateway.saved.entries.get(id);
        let status = there.map(|entry| &entry.approval.status);
        let same = match world.dialect {
            Dialect::Holdpoint => status == Some(&known.approval.status),
            // A pause sends no frame there.
            Dialect::Platform => status.is_some_and(Status::is_open),
        };
        if !same {
            return Err(format!("I4: {id} is shown as {} and is {status:?}", known.approval.status));
        }
    }
    for entry in world.gateway.listed() {
        let shown = requests().find(|(id, _)| **id == entry.request_id).map(|(_, known)| &known.approval);
        // The platform tells of an edited entry only when the request is read again.
        let same = |shown: &domain::Approval| {
            world.dialect == Dialect::Platform || shown.computed_digest() == entry.computed_digest()
        };
        if !shown.is_some_and(same) {
            return Err(format!("I4: {} is not shown as it is", entry.request_id));
        }
    }
    Ok(())
}
