//! A decision's way from its row to a known end: send, look, write (rules 1, 4, 5, 7). One thing at a time per
//! decision; nothing goes on the wire before the row says so.

use crate::command::{Code, Refused, Unreachable};
use crate::effect::{Effect, ReadFor};
use crate::input::{Fetched, Now};
use crate::outbox::{self, CallEnd, Left, Next, Turn};
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
        // The wall clock is all there is between two runs. A row from the future has no known age: it is old (F34).
        let age_ms = (now.wall - created_at).num_milliseconds();
        let age_ms = if age_ms < 0 { i64::MAX } else { age_ms };
        let queue = Unreachable::Queue;
        let due_ms = match state.purpose {
            Purpose::Act => now.boot_ms,
            Purpose::Read => u64::MAX,
        };
        let left = match view.state {
            OutboxState::Held | OutboxState::Queued => Left::Never,
            _ => Left::Maybe,
        };
        let decision = Decision {
            tries: 0,
            unsent: 0,
            left,
            busy: Busy::Idle,
            unreachable: queue,
            due_ms,
            failed_ms: Some(now.boot_ms),
            looks: 0,
            made_ms: now.boot_ms.cast_signed().saturating_sub(age_ms),
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
    if decision.view.state == OutboxState::Held {
        // Held is only found on disk: its undo window ended with the run that opened it (rule 7).
        let detail = "It was held when Holdpoint ended and is cancelled. Nothing was sent.";
        return write(decision, Turn::new(OutboxState::Refused, Some(Code::NotTaken), detail), effects);
    }
    let gateway = state.gateways.get(&decision.view.key.gateway);
    let known = gateway.and_then(|gateway| Some((gateway.account.as_deref()?, gateway.dialect?)));
    let Some((account, dialect)) = known else {
        // Frozen, not deleted, until somebody signs in.
        decision.due_ms = now.boot_ms + 1_000;
        return;
    };
    if let Some(turn) = not_ours_to_send(decision, account).or_else(|| gone_stale(decision, now)) {
        return write(decision, turn, effects);
    }
    let read = |why| Effect::Read {
        gateway: decision.view.key.gateway,
        pipeline: Some(decision.view.pipeline.clone()),
        request: decision.view.key.request.clone(),
        why,
    };
    match (decision.view.state, dialect) {
        (OutboxState::Queued, Dialect::Holdpoint) => write(decision, Turn::to(OutboxState::Sent), effects),
        (OutboxState::Queued, Dialect::Platform) => {
            effects.push(read(ReadFor::Send(id)));
            decision.busy = Busy::Looking;
        }
        // With a key the same call may be repeated, without one only the truth is read.
        (OutboxState::Sent, Dialect::Platform) if decision.left == Left::Maybe => {
            write(decision, outbox::unknown("The last run ended while it was on the wire."), effects);
        }
        (OutboxState::Sent, Dialect::Holdpoint) if decision.tries >= outbox::MOST_TRIES => {
            write(decision, outbox::unknown("It could not be sent to the end."), effects);
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

/// What is still to leave, or may have to be repeated.
fn is_to_be_sent(decision: &Decision) -> bool {
    matches!(decision.view.state, OutboxState::Queued | OutboxState::Sent)
}

/// A decision leaves only under the name of the one who made it (rule 8): the key belongs to that account, and another
/// one repeating it would decide anew.
fn not_ours_to_send(decision: &Decision, account: &str) -> Option<Turn> {
    if !is_to_be_sent(decision) || decision.view.identity == account {
        return None;
    }
    let who = format!("{} decided this and {account} is signed in now.", decision.view.identity);
    Some(match decision.left {
        Left::Never => {
            let detail = format!("{who} Nothing was sent; decide again if you still want to.");
            Turn::new(OutboxState::NotTaken, Some(Code::NotTaken), detail)
        }
        Left::Maybe => outbox::unknown(&who),
    })
}

/// An approve that waited too long is not sent, and one that may have left is not repeated (rule 7).
fn gone_stale(decision: &Decision, now: Now) -> Option<Turn> {
    let age_ms = now.boot_ms.cast_signed().saturating_sub(decision.made_ms);
    let fresh = age_ms <= outbox::FRESH_APPROVE_MS.cast_signed();
    if fresh || !is_to_be_sent(decision) || !matches!(decision.view.verdict, Verdict::Approve) {
        return None;
    }
    Some(match decision.left {
        Left::Never => Turn::new(
            OutboxState::NotTaken,
            Some(Code::NotTaken),
            "It waited for more than two minutes: look at the request again and decide anew. Nothing was sent.",
        ),
        Left::Maybe => outbox::unknown("More than two minutes ago it was on its way."),
    })
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
    let left = decision.left;
    decision.left = left.after(end);
    let stayed = matches!(end, CallEnd::NotSent { .. } | CallEnd::SignIn { .. });
    decision.unsent = if stayed { decision.unsent + 1 } else { 0 };
    // What did not leave was no try: a decision that may wait does so as long as it takes.
    let never_left = decision.left == Left::Never && decision.unsent > 0;
    let tries = if never_left { decision.unsent } else { decision.tries };
    decision.tries -= u32::from(never_left && decision.tries > 0);
    let dialect = dialect.unwrap_or(Dialect::Platform);
    let next = outbox::after_call(end, dialect, tries, left, decision.unreachable);
    match next {
        // What the answer tells of the request itself is read with a look: status, pause and every result.
        Next::Become(turn) if turn.state == OutboxState::Observed => {
            let turn = Turn { state: OutboxState::Acknowledged, ..turn };
            write(decision, turn, effects);
            decision.failed_ms = None;
        }
        Next::Become(turn) => write(decision, turn, effects),
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
    let mut superseded = None;
    let judged = result.and_then(|fetched| {
        let fetched = fetched.ok_or_else(|| Refused::no_request(&decision.view.key.request))?;
        superseded = Some(outbox::superseded_by(&fetched.approval));
        rules::judge(&Asked {
            approval: &fetched.approval,
            dialect: gateway.dialect.unwrap_or(Dialect::Platform),
            rights: Rights::Untold,
            identity: &decision.view.identity,
            point: &decision.view.point,
            verdict: &decision.view.verdict,
            shown: Some(decision.digest()),
            now: gateway.server_now(now),
        })
    });
    let turn = match judged {
        Ok(_) => Turn::to(OutboxState::Sent),
        Err(refused) if refused.code == Code::Unreachable && decision.unreachable == Unreachable::Queue => {
            decision.busy = Busy::Idle;
            decision.due_ms = now.boot_ms + 2_000;
            decision.view.detail = Some(refused.message);
            return;
        }
        Err(refused) => {
            let superseded = superseded.filter(|_| refused.code == Code::AlreadyDecided);
            Turn { superseded, ..Turn::new(ended_by(refused.code), Some(refused.code), refused.message) }
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
                &decision.view.verdict,
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
