//! I1 and I7: what was acknowledged is there after every reopening, and the cursor never goes back inside an epoch.

use super::super::plan::Side;
use super::super::world::World;
use client::{Cursor, Dialect};
use std::collections::BTreeMap;

/// What one console has on disk of the stream.
#[derive(Default)]
pub(super) struct Heard {
    /// By epoch: everything after this was to come as an event, and the highest cursor so far.
    epochs: BTreeMap<String, (u64, i64)>,
    /// What surfaces have been told is there.
    told_row: i64,
}

/// A snapshot stands in place of what was missed.
pub(in super::super) fn starts_anew(world: &mut World, side: Side, cursor: Option<&Cursor>) {
    if let Some(cursor) = cursor {
        let heard = &mut world.judge.sides[side.at()].events;
        let known = heard.epochs.entry(cursor.epoch.clone()).or_insert((0, 0));
        known.0 = cursor.seq;
    }
}

/// A batch is on disk.
pub(in super::super) fn committed(world: &mut World, side: Side) {
    let Some(cursor) = world.console(side).store.cursor.clone() else { return };
    let heard = &mut world.judge.sides[side.at()].events;
    let known = heard.epochs.entry(cursor.epoch.clone()).or_insert((0, 0));
    let before = known.1;
    known.1 = before.max(cursor.seq);
    if cursor.seq < before {
        world.breaks(format!("{side:?} I7: the cursor went back from {before} to {}", cursor.seq));
    }
}

/// The console has come back from its disk.
pub(in super::super) fn reopened(world: &mut World, side: Side) {
    let rows = world.console(side).store.last_row();
    let told = world.judge.sides[side.at()].events.told_row;
    if rows < told {
        world.breaks(format!("{side:?} I1: row {told} was shown and is not there after reopening"));
    }
    if let Err(violation) = whole(world, side) {
        world.breaks(format!("{side:?} reopened: {violation}"));
    }
}

/// Is every event up to the cursor there, each once?
pub(super) fn whole(world: &World, side: Side) -> Result<(), String> {
    let store = &world.consoles[side.at()].store;
    let mut ids = BTreeMap::new();
    for event in &store.events {
        let times: &mut u32 = ids.entry((event.epoch.as_str(), event.id.as_str())).or_default();
        *times += 1;
        if *times > 1 {
            return Err(format!("I2: event {} of {} is told twice", event.id, event.epoch));
        }
    }
    let Some(cursor) = store.cursor.as_ref().filter(|_| world.dialect == Dialect::Holdpoint) else {
        return Ok(());
    };
    let from = world.judge.sides[side.at()].events.epochs.get(&cursor.epoch).map_or(0, |known| known.0);
    let all = world.gateway.truth.events.get(&cursor.epoch).into_iter().flatten();
    for (seq, id) in all.filter(|(seq, _)| **seq > from && **seq <= cursor.seq.cast_unsigned()) {
        if !ids.contains_key(&(cursor.epoch.as_str(), id.as_str())) {
            return Err(format!("I1: event {seq} of {} is missing below the cursor", cursor.epoch));
        }
    }
    Ok(())
}

/// Surfaces were told that rows up to here are there.
pub(super) fn told(world: &mut World, side: Side, row: i64) {
    let heard = &mut world.judge.sides[side.at()].events;
    heard.told_row = heard.told_row.max(row);
}
