//! What a look at the request says about a decision on its way (rule 5): it ends it, or it goes on.

use super::drive::{self, write};
use super::requests;
use crate::command::Refused;
use crate::effect::Effect;
use crate::input::{Fetched, Now};
use crate::outbox::breaker::Evidence;
use crate::outbox::{self, Left};
use crate::state::{Busy, ByKey, Decision, State};
use crate::view::DecisionView;
use client::Dialect;
use domain::{DecisionId, OutboxState, Status};

/// Milliseconds between looks: 1 s at first, then up to 5 s.
fn look_again_ms(looks: u32) -> u64 {
    1_000 * u64::from(looks.clamp(1, 5))
}

/// A look at the request a decision waits for.
pub(super) fn looked(
    state: &mut State,
    id: DecisionId,
    result: Result<Option<Box<Fetched>>, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    drive::learn(state, id, Evidence::of_read(&result), now);
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    // The stream may have been faster: then its row is being written, and that goes on.
    let saving = decision.busy == Busy::Saving;
    if !saving {
        decision.busy = Busy::Idle;
    }
    decision.looks += 1;
    decision.due_ms = now.boot_ms + look_again_ms(decision.looks);
    let key = decision.view.key.clone();
    match result {
        Ok(Some(fetched)) => {
            let Fetched { approval, results, .. } = *fetched;
            let stands = outbox::not_taken(
                decision.view.state,
                &decision.view.point,
                &decision.view.verdict,
                &approval,
                now.boot_ms.saturating_sub(decision.failed_ms.unwrap_or(now.boot_ms)),
            );
            if let Some(turn) = stands.filter(|_| !saving) {
                return write(decision, turn, effects);
            }
            requests::put(state, &key, approval, &results, None);
            observe(state, id, effects);
        }
        Ok(None) => {
            decision.view.detail = Some(format!("The gateway no longer knows request {}.", key.request));
            decision.due_ms = now.boot_ms + 30_000;
            state.rev += 1;
        }
        Err(_) => {}
    }
}

/// Does what is known of the request end the decision? Called after every change of either.
pub(super) fn observe(state: &mut State, id: DecisionId, effects: &mut Vec<Effect>) {
    let Some(decision) = state.decisions.get(&id) else { return };
    let open =
        matches!(decision.view.state, OutboxState::Sent | OutboxState::Acknowledged | OutboxState::Unknown);
    if !open || matches!(decision.busy, Busy::Saving) {
        return;
    }
    // Of this one nothing has left: what the request shows is another decision, perhaps of the same person.
    if decision.view.state == OutboxState::Sent && decision.left == Left::Never {
        return;
    }
    // What was known before its call failed says nothing about it: it is looked for first.
    if decision.view.state == OutboxState::Unknown && decision.looks == 0 {
        return;
    }
    // An answer still on its way may say more than the stream: it is awaited.
    if decision.busy == Busy::Sending && decision.view.state == OutboxState::Sent {
        return;
    }
    let Some(request) = state.request(&decision.view.key) else { return };
    let (approval, results) = (request.approval.clone(), request.results.clone());
    let asker = asker(state, &decision.view);
    let complete = requests::results_complete(&approval, &results);
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    let view = &mut decision.view;
    let turn = outbox::observe(view.state, &view.point, &view.verdict, &view.identity, &approval);
    view.status = Some(approval.status.clone());
    view.waiting =
        approval.pending_approval_actions.first().filter(|_| approval.status == Status::Paused).cloned();
    outbox::merge_results(&mut view.results, &results);
    match turn {
        Some(turn) if turn.state == OutboxState::Observed && !complete && decision.looks < 3 => {
            // Its end is known, but not yet all of what happened: one more look brings the results.
            decision.due_ms = 0;
        }
        Some(turn)
            if asker != Asker::NoKeys
                && outbox::only_the_key_tells(decision.view.state, decision.left, &turn, &approval) =>
        {
            ask_by_key(decision, asker, effects);
        }
        Some(turn) => {
            if turn.state == OutboxState::Observed {
                outbox::merge_missing(&mut decision.view.results, &approval);
            }
            write(decision, turn, effects);
        }
        None => {}
    }
}

/// Who may ask the gateway for its answer to the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// The one who decided is signed in.
    Themselves,
    /// Somebody else is, or nobody: the key is not theirs.
    Another,
    /// The gateway knows no keys: the request is all there is.
    NoKeys,
}

fn asker(state: &State, view: &DecisionView) -> Asker {
    let Some(gateway) = state.gateways.get(&view.key.gateway) else { return Asker::Another };
    match gateway.dialect {
        Some(Dialect::Holdpoint) if gateway.account.as_deref() == Some(&view.identity) => Asker::Themselves,
        Some(Dialect::Holdpoint) | None => Asker::Another,
        Some(Dialect::Platform) => Asker::NoKeys,
    }
}

/// What is still tried with its key anyway is tried now; what is only looked for is asked for once by its key. Until there
/// is an answer it stays unknown.
fn ask_by_key(decision: &mut Decision, asker: Asker, effects: &mut Vec<Effect>) {
    if asker != Asker::Themselves || decision.busy != Busy::Idle {
        return;
    }
    if decision.view.state == OutboxState::Sent {
        decision.due_ms = 0;
        return;
    }
    decision.by_key = ByKey::Asked;
    decision.busy = Busy::Sending;
    effects.push(Effect::Send { row: Box::new(decision.view.clone()) });
}
