//! The invariants I1-I8 (PROOF): checked at every step that changed a console, at every message that arrives, and when
//! everything has come to rest. Knows the truth; decides nothing.

mod events;
mod known;
mod outcomes;
mod rest;
mod shown;

pub(super) use events::{committed, reopened, starts_anew};
pub(super) use outcomes::{arrives, leaves, made, prepared};

use super::plan::Side;
use super::world::World;
use crate::command::Prepare;
use domain::{DecisionId, Digest, RequestKey};
use std::collections::BTreeMap;

/// What it remembers.
#[derive(Default)]
pub(super) struct Judge {
    /// Every decision that ever was on a disk.
    pub(super) made: BTreeMap<DecisionId, Made>,
    /// What was seen, and what was asked for, by whoever prepared a decision.
    asked: BTreeMap<DecisionId, (Digest, Prepare)>,
    sides: [OfSide; 2],
}

/// A decision as it was put on disk.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) key: RequestKey,
    identity: String,
    at_ms: u64,
    life: u64,
    wall_offset_ms: i64,
}

/// What it remembers of one console.
#[derive(Default)]
struct OfSide {
    life: u64,
    rev: u64,
    shown: shown::Shown,
    events: events::Heard,
}

impl Judge {
    /// After every step.
    pub(super) fn step(world: &mut World) {
        for side in Side::BOTH {
            let now = world.clock_of(side);
            let life = world.console(side).life;
            let Some(running) = &mut world.consoles[side.at()].running else { continue };
            let seen = &mut world.judge.sides[side.at()];
            if seen.life == life && seen.rev == running.state.rev {
                continue;
            }
            if seen.life != life {
                seen.shown = shown::Shown::default();
            }
            (seen.life, seen.rev) = (life, running.state.rev);
            let view = running.state.view();
            let notices = running.told.step(&view, crate::notices::Front::Elsewhere, now.boot_ms);
            let found = shown::check(world, side, &view, &notices, now)
                .and_then(|()| outcomes::check(world, side, &view));
            if let Err(violation) = found {
                world.breaks(format!("{side:?} {violation}"));
            }
        }
    }

    /// When nothing breaks any more and time has passed.
    pub(super) fn at_rest(world: &mut World) {
        for side in Side::BOTH {
            let found = rest::check(world, side).and_then(|()| events::whole(world, side));
            if let Err(violation) = found {
                world.breaks(format!("{side:?} at rest: {violation}"));
            }
        }
    }
}
