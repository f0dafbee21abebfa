//! Decisions onto the model store, as `runtime/outgoing` does it: the row is written at one moment, and that it was comes
//! back at another.

use super::console::{self, GATEWAY};
use super::plan::Side;
use super::world::World;
use super::{judge, store::Snag};
use crate::command::Refused;
use crate::effect::{CallId, Stored};
use crate::input::{Done, Input};
use crate::outbox::Turn;
use crate::view::DecisionView;
use domain::{ActionResult, Approval, DecisionId, OutboxState, Status};
use store::{Change, Decided, NewDecision, Opening};

/// Puts a confirmed decision on disk.
pub(super) fn decide(
    world: &mut World,
    side: Side,
    call: CallId,
    row: Box<DecisionView>,
    shown: Box<Approval>,
    typed: Option<String>,
) {
    let new = NewDecision {
        decision: row.id,
        key: row.key.clone(),
        point: row.point.clone(),
        pipeline: row.pipeline.clone(),
        verdict: row.verdict.clone(),
        digest: row.digest.clone(),
        identity: row.identity.clone(),
        opening: if row.state == OutboxState::Held { Opening::Held } else { Opening::Queued },
        typed,
    };
    debug_assert_eq!(new.key.gateway, GATEWAY);
    let decision = row.id;
    let (write_ms, back_ms) = (world.dice.between(0, 15), world.dice.between(0, 10));
    world.on(side, write_ms, move |world| {
        let now = world.clock_of(side).wall;
        let result = match world.console(side).store.decide(&new, &shown, now) {
            Ok(Decided::Opened(row)) => {
                judge::made(world, side, &row);
                Ok(Stored::New(row.verdict))
            }
            Ok(Decided::Joined(other)) => Ok(Stored::Joined(Box::new(DecisionView::of_row(other)))),
            Err(snag) => Err(snag.refused()),
        };
        world.on(side, back_ms, move |world| {
            let done = Done::Decided { call, decision, result };
            console::input(world, side, Input::Done(done));
        });
    });
}

/// Writes a row's next state.
pub(super) fn advance(
    world: &mut World,
    side: Side,
    decision: DecisionId,
    turn: Turn,
    status: Option<Status>,
    results: Vec<ActionResult>,
) {
    let change = Change {
        next: turn.state,
        detail: turn.detail.clone(),
        status: status.map(|status| status.to_string()),
        results,
        superseded: turn.superseded.clone(),
    };
    let (write_ms, back_ms) = (world.dice.between(0, 15), world.dice.between(0, 10));
    world.on(side, write_ms, move |world| {
        let now = world.clock_of(side).wall;
        let written = world.console(side).store.advance(decision, &change, now);
        if written == Err(Snag::IllegalMove) || written == Err(Snag::UnknownDecision) {
            world.breaks(format!("rule 4: a row was to make a move that the law does not know: {change:?}"));
        }
        let result: Result<(), Refused> = written.map(|_| ()).map_err(Snag::refused);
        world.on(side, back_ms, move |world| {
            console::input(world, side, Input::Done(Done::Advanced { decision, turn, result }));
        });
    });
}
