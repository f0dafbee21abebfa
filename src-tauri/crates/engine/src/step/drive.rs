//! A decision's way from its row to a known end: send, look, write (rules 1, 4, 5, 7). One thing at a time per
//! decision; nothing goes on the wire before the row says so.

use crate::command::{Code, Refused, Unreachable};
use crate::effect::{Effect, ReadFor};
use crate::input::{Fetched, Now};
use crate::outbox::{self, CallEnd, Next, Turn};
use crate::rules::{self, Asked};
use crate::state::{Busy, Decision, Purpose, State};
use crate::step::requests;
use crate::view::DecisionView;
use chrono::{DateTime, Utc};
use client::{Dialect, Rights};
use domain::{DecisionId, OutboxState, Status, Verdict};

/// Milliseconds between looks: 1 s at first, then up to 5 s.
fn look_again_ms(looks: u32) -> u64 {
    1_000 * u64::from(looks.clamp(1, 5))
}

/// An open row found on disk at start.
#[derive(Debug)]
pub struct Row {
    /// What it says.
    pub view: DecisionView,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Takes the open rows over from disk. What was on the wire when the last run ended is unknown, not failed.
pub fn restore(state: &mut State, rows: Vec<Row>, now: Now) {
    for Row { view, created_at } in rows {
        let age_ms = (now.wall - created_at).num_milliseconds().max(0).unsigned_abs();
        let queue = Unreachable::Queue;
        let due_ms = match state.purpose {
            Purpose::Act => now.boot_ms,
            Purpose::Read => u64::MAX,
        };
        let stale = age_ms > outbox::FRESH_APPROVE_MS && matches!(view.verdict, Verdict::Approve);
        let decision = Decision {
            // A stale approve that may have left is not sent once more: only the truth is read.
            tries: if stale { outbox::MOST_TRIES } else { 0 },
            busy: Busy::Idle,
            unreachable: queue,
            due_ms,
            failed_ms: Some(now.boot_ms),
            looks: 0,
            created_at,
            view,
        };
        state.made.push(decision.view.id);
        state.decisions.insert(decision.view.id, decision);
    }
}

/// Starts what is due for every idle decision.
pub(super) fn all(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    let due: Vec<DecisionId> = state
        .decisions
        .values()
        .filter(|d| d.busy == Busy::Idle && d.view.state.locks() && d.due_ms <= now.boot_ms)
        .map(|d| d.view.id)
        .collect();
    for id in due {
        one(state, id, now, effects);
    }
}

fn one(state: &mut State, id: DecisionId, now: Now, effects: &mut Vec<Effect>) {
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    let gateway = state.gateways.get(&decision.view.key.gateway);
    let Some(dialect) = gateway.filter(|g| g.account.is_some()).and_then(|g| g.dialect) else {
        // Frozen, not deleted, until somebody signs in.
        decision.due_ms = now.boot_ms + 1_000;
        return;
    };
    let read = |why| Effect::Read {
        gateway: decision.view.key.gateway,
        pipeline: Some(decision.view.pipeline.clone()),
        request: decision.view.key.request.clone(),
        why,
    };
    match (decision.view.state, dialect) {
        (OutboxState::Queued, _) if too_old(decision, now) => {
            let detail = "It waited for more than two minutes: look at the request again and decide anew. Nothing was sent.";
            let turn = Turn {
                state: OutboxState::NotTaken,
                code: Some(Code::NotTaken),
                detail: Some(detail.to_owned()),
            };
            write(decision, turn, effects);
        }
        (OutboxState::Queued, Dialect::Holdpoint) => {
            write(decision, Turn { state: OutboxState::Sent, code: None, detail: None }, effects);
        }
        (OutboxState::Queued, Dialect::Platform) => {
            effects.push(read(ReadFor::Send(id)));
            decision.busy = Busy::Looking;
        }
        // Found on disk as sent: with a key the same call may be repeated, without one only the truth is read.
        (OutboxState::Sent, Dialect::Platform) if decision.tries == 0 && decision.failed_ms.is_some() => {
            write(decision, unknown("The last run ended while it was on the wire."), effects);
        }
        (OutboxState::Sent, Dialect::Holdpoint) if decision.tries >= outbox::MOST_TRIES => {
            write(decision, unknown("It could not be sent to the end."), effects);
        }
        (OutboxState::Sent, _) => {
            decision.tries += 1;
            decision.busy = Busy::Sending;
            effects.push(Effect::Send { row: Box::new(decision.view.clone()) });
        }
        (OutboxState::Acknowledged | OutboxState::Unknown, _) => {
            effects.push(read(ReadFor::Look(id)));
            decision.busy = Busy::Looking;
        }
        _ => {}
    }
}

fn too_old(decision: &Decision, now: Now) -> bool {
    let age_ms = (now.wall - decision.created_at).num_milliseconds();
    matches!(decision.view.verdict, Verdict::Approve) && age_ms > outbox::FRESH_APPROVE_MS.cast_signed()
}

fn unknown(detail: &str) -> Turn {
    Turn {
        state: OutboxState::Unknown,
        code: Some(Code::Unknown),
        detail: Some(format!("{detail} Whether it took effect is unknown - checking.")),
    }
}

/// Writes the next state; what follows waits until it is on disk.
fn write(decision: &mut Decision, turn: Turn, effects: &mut Vec<Effect>) {
    decision.busy = Busy::Saving;
    effects.push(Effect::Advance {
        decision: decision.view.id,
        turn,
        status: decision.view.status.clone(),
        results: decision.view.results.clone(),
    });
}

/// The row says so now.
pub(super) fn advanced(
    state: &mut State,
    id: DecisionId,
    turn: Turn,
    result: Result<(), Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    decision.busy = Busy::Idle;
    match result {
        Ok(()) => {
            if turn.state == OutboxState::Unknown {
                decision.failed_ms = Some(now.boot_ms);
            }
            decision.due_ms = now.boot_ms;
            decision.looks = 0;
            decision.view.state = turn.state;
            decision.view.code = turn.code;
            // A sentence belongs to its state; only the way to an acknowledgement keeps the last one.
            if turn.detail.is_some() || !turn.state.locks() {
                decision.view.detail = turn.detail;
            }
        }
        Err(refused) => {
            // Not on disk, so not true: it is tried again, and said.
            decision.view.detail = Some(refused.message);
            decision.due_ms = now.boot_ms + 2_000;
        }
    }
    state.rev += 1;
    observe(state, id, effects);
    state.forget_ended();
}

/// The call ended; what that means is the outbox's rule.
pub(super) fn sent(state: &mut State, id: DecisionId, end: &CallEnd, now: Now, effects: &mut Vec<Effect>) {
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    let dialect = state.gateways.get(&decision.view.key.gateway).and_then(|gateway| gateway.dialect);
    decision.busy = Busy::Idle;
    if let CallEnd::Taken(response) = end {
        outbox::merge_results(
            &mut decision.view.results,
            response.execution_results.as_deref().unwrap_or_default(),
        );
    }
    if decision.view.state != OutboxState::Sent {
        // The stream was faster and the row has moved on.
        return;
    }
    let next =
        outbox::after_call(end, dialect.unwrap_or(Dialect::Platform), decision.tries, decision.unreachable);
    match next {
        // What the answer tells of the request itself is read with a look: status, pause and every result.
        Next::Become(turn) if turn.state == OutboxState::Observed => {
            let turn = Turn { state: OutboxState::Acknowledged, ..turn };
            write(decision, turn, effects);
            decision.failed_ms = None;
        }
        Next::Become(turn) => write(decision, turn, effects),
        Next::Look => decision.due_ms = now.boot_ms,
        Next::Again { after_ms, why } => {
            decision.failed_ms = Some(now.boot_ms);
            decision.due_ms = now.boot_ms + after_ms;
            decision.view.detail = Some(why);
            state.rev += 1;
        }
    }
}

/// Read once more before sending, where the gateway has no digests: it must still be what was shown (rule 3).
pub(super) fn read_before_send(
    state: &mut State,
    id: DecisionId,
    result: Result<Option<Box<Fetched>>, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    let Some(gateway) = state.gateways.get(&decision.view.key.gateway) else { return };
    let judged = result.and_then(|fetched| {
        let fetched = fetched.ok_or_else(|| Refused::no_request(&decision.view.key.request))?;
        rules::judge(&Asked {
            approval: &fetched.approval,
            dialect: gateway.dialect.unwrap_or(Dialect::Platform),
            rights: Rights::Untold,
            identity: &decision.view.identity,
            point: &decision.view.point,
            verdict: &decision.view.verdict,
            shown: Some(decision.digest()),
            now: gateway.server_now(now.wall),
        })
    });
    let turn = match judged {
        Ok(_) => Turn { state: OutboxState::Sent, code: None, detail: None },
        Err(refused) if refused.code == Code::Unreachable && decision.unreachable == Unreachable::Queue => {
            decision.busy = Busy::Idle;
            decision.due_ms = now.boot_ms + 2_000;
            decision.view.detail = Some(refused.message);
            return;
        }
        Err(refused) => {
            Turn { state: ended_by(refused.code), code: Some(refused.code), detail: Some(refused.message) }
        }
    };
    write(decision, turn, effects);
}

/// The state of a row that a refusal before sending ends.
fn ended_by(code: Code) -> OutboxState {
    match code {
        Code::AlreadyDecided
        | Code::Executing
        | Code::ActionDecisionNeeded
        | Code::NotAwaitingAction
        | Code::NotRunning => OutboxState::Conflict,
        Code::Changed => OutboxState::Changed,
        Code::Expired => OutboxState::Expired,
        Code::Unreachable | Code::SignIn => OutboxState::NotTaken,
        _ => OutboxState::Refused,
    }
}

/// A look at the request a decision waits for.
pub(super) fn looked(
    state: &mut State,
    id: DecisionId,
    result: Result<Option<Box<Fetched>>, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    decision.busy = Busy::Idle;
    decision.looks += 1;
    decision.due_ms = now.boot_ms + look_again_ms(decision.looks);
    let key = decision.view.key.clone();
    match result {
        Ok(Some(fetched)) => {
            let Fetched { approval, results, .. } = *fetched;
            let stands = outbox::not_taken(
                decision.view.state,
                &decision.view.point,
                &approval,
                now.boot_ms.saturating_sub(decision.failed_ms.unwrap_or(now.boot_ms)),
            );
            if let Some(turn) = stands {
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
    // An answer still on its way may say more than the stream: it is awaited.
    if decision.busy == Busy::Sending && decision.view.state == OutboxState::Sent {
        return;
    }
    let Some(request) = state.request(&decision.view.key) else { return };
    let (approval, results) = (request.approval.clone(), request.results.clone());
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
        Some(turn) => {
            if turn.state == OutboxState::Observed {
                outbox::merge_missing(&mut decision.view.results, &approval);
            }
            write(decision, turn, effects);
        }
        None => {}
    }
}
