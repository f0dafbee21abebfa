//! A decision's way from its row to a known end: send, look, write (rules 1, 4, 5, 7). One thing at a time per
//! decision; nothing goes on the wire before the row says so.

use super::look;
use crate::command::{Answer, Code, Refused, Unreachable};
use crate::effect::{Effect, ReadFor};
use crate::input::Now;
use crate::outbox::breaker::{Evidence, Gate, Reopened};
use crate::outbox::{self, Left, Turn};
use crate::policy::Policy;
#[cfg(test)]
use crate::sim::planted::Plant;
use crate::state::{Busy, ByKey, Decision, MadeIn, Purpose, Reread, State};
use crate::view::{DecisionView, WaitsFor};
use chrono::{DateTime, Utc};
use client::Dialect;
use domain::{Connection, DecisionId, GatewayId, OutboxState, Verdict};

/// What is sent at once takes this long at most on a busy machine: it has not waited.
const A_MOMENT_MS: u64 = 5_000;

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
        #[cfg(test)]
        let left = if crate::sim::planted::has(Plant::UnclearSentAgain) { Left::Never } else { left };
        let reread = Reread::Needed;
        #[cfg(test)]
        let reread = if crate::sim::planted::has(Plant::UnclearSentAgain) { Reread::Done } else { reread };
        let decision = Decision {
            tries: 0,
            unsent: 0,
            left,
            reread,
            by_key: ByKey::No,
            busy: Busy::Idle,
            made_in: MadeIn::EarlierRun,
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
        return write(decision, after_the_hold(decision.made_in), effects);
    }
    let gateway = state.gateways.get_mut(&decision.view.key.gateway);
    let known = gateway.and_then(|gateway| {
        let signed_out = matches!(gateway.connection, Connection::SignInNeeded { .. });
        let account = gateway.account.clone().filter(|_| !signed_out)?;
        Some((account, gateway.dialect?, gateway))
    });
    let Some((account, dialect, gateway)) = known else {
        // Frozen, not deleted, until somebody signs in (F46).
        decision.freeze();
        state.rev += 1;
        return;
    };
    let expires_at = gateway.requests.get(&decision.view.key.request).and_then(|it| it.approval.expires_at);
    let expired = expires_at.zip(gateway.server_now(now)).filter(|(at, now)| at <= now).map(|(at, _)| at);
    let over = not_ours_to_send(decision, &account)
        .or_else(|| too_late(decision, expired))
        .or_else(|| gone_stale(decision, state.policy, now));
    if let Some(turn) = over {
        return write(decision, turn, effects);
    }
    // What only writes the row asks nothing of the gateway.
    let writes = decision.view.state == OutboxState::Queued && dialect == Dialect::Holdpoint;
    if !writes && let Gate::NotBefore(until_ms) = gateway.breaker.ask(now.boot_ms) {
        decision.wait(WaitsFor::Gateway, until_ms.saturating_sub(now.boot_ms), now);
        state.rev += 1;
        return;
    }
    go_on(decision, dialect, effects);
}

/// The next thing for a decision that may go on.
fn go_on(decision: &mut Decision, dialect: Dialect, effects: &mut Vec<Effect>) {
    let id = decision.view.id;
    let read = |why| Effect::Read {
        gateway: decision.view.key.gateway,
        pipeline: Some(decision.view.pipeline.clone()),
        request: decision.view.key.request.clone(),
        why,
    };
    match (decision.view.state, dialect) {
        (OutboxState::Queued, Dialect::Holdpoint) => write(decision, Turn::to(OutboxState::Sent), effects),
        #[cfg(test)]
        (OutboxState::Queued, _) if crate::sim::planted::has(Plant::RereadSkipped) => {
            decision.reread = Reread::Done;
            write(decision, Turn::to(OutboxState::Sent), effects);
        }
        (OutboxState::Queued, Dialect::Platform) => {
            effects.push(read(ReadFor::Send(id)));
            decision.busy = Busy::Looking;
        }
        // With a key the same call may be repeated, without one only the truth is read.
        (OutboxState::Sent, Dialect::Platform) if decision.left == Left::Maybe => {
            write(decision, outbox::unknown("The last run ended while it was on the wire."), effects);
        }
        // It waited since it was read: it may be another by now.
        (OutboxState::Sent, Dialect::Platform) if decision.reread == Reread::Needed => {
            effects.push(read(ReadFor::Send(id)));
            decision.busy = Busy::Looking;
        }
        (OutboxState::Sent, Dialect::Holdpoint) if decision.tries >= outbox::MOST_TRIES => {
            write(decision, outbox::unknown("It could not be sent to the end."), effects);
        }
        (OutboxState::Sent, _) => {
            decision.tries += 1;
            decision.busy = Busy::Sending;
            decision.view.waits = None;
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
    #[cfg(test)]
    let account =
        if crate::sim::planted::has(Plant::AnyoneSends) { &decision.view.identity } else { account };
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

/// What expired meanwhile is not sent; the time is the gateway's (F27). One that may have left is asked for instead.
fn too_late(decision: &Decision, expired: Option<DateTime<Utc>>) -> Option<Turn> {
    let at = expired.filter(|_| is_to_be_sent(decision) && decision.left == Left::Never)?;
    let detail = format!(
        "The request expired at {} before this was sent. Nothing was sent.",
        at.format("%H:%M:%S UTC")
    );
    Some(Turn::new(OutboxState::Expired, Some(Code::Expired), detail))
}

/// What becomes of a held decision when its time is up. One found on disk was held by a run that has ended (rule 7).
fn after_the_hold(made_in: MadeIn) -> Turn {
    match made_in {
        MadeIn::ThisRun => Turn::to(OutboxState::Queued),
        MadeIn::EarlierRun => {
            let detail = "It was held when Holdpoint ended and is cancelled. Nothing was sent.";
            Turn::new(OutboxState::Refused, Some(Code::NotTaken), detail)
        }
    }
}

/// An approve that waited too long is not sent, and one that may have left is not repeated (rule 7).
fn gone_stale(decision: &Decision, policy: Policy, now: Now) -> Option<Turn> {
    let age_ms = now.boot_ms.cast_signed().saturating_sub(decision.made_ms);
    let may_wait_ms = policy.undo_ms() + policy.fresh_approve_ms().max(A_MOMENT_MS);
    let fresh = age_ms <= may_wait_ms.cast_signed();
    #[cfg(test)]
    let fresh = fresh || crate::sim::planted::has(Plant::StaleApproveSent);
    if fresh || !is_to_be_sent(decision) || !matches!(decision.view.verdict, Verdict::Approve) {
        return None;
    }
    Some(match decision.left {
        Left::Never => Turn::new(
            OutboxState::NotTaken,
            Some(Code::NotTaken),
            format!(
                "It waited for more than {}: look at the request again and decide anew. Nothing was sent.",
                minutes(policy.fresh_approve_min)
            ),
        ),
        Left::Maybe => outbox::unknown("It was on its way too long ago to be sent again."),
    })
}

fn minutes(count: u32) -> String {
    match count {
        0 => "a moment".to_owned(),
        1 => "one minute".to_owned(),
        count => format!("{count} minutes"),
    }
}

/// Somebody signed in, or the gateway answers again: what waited for that is due. What is only read stays where it is.
pub(super) fn wake(state: &mut State, gateway: GatewayId, now: Now) {
    let acts = |decision: &Decision| state.purpose == Purpose::Act || decision.made_in == MadeIn::ThisRun;
    for decision in state.decisions.values_mut() {
        let held = decision.view.state == OutboxState::Held;
        if decision.view.key.gateway == gateway && decision.busy == Busy::Idle && !held && acts(decision) {
            decision.due_ms = decision.due_ms.min(now.boot_ms);
        }
    }
}

/// Takes what a call or a read says about the gateway of a decision.
pub(super) fn learn(state: &mut State, id: DecisionId, evidence: Evidence, now: Now) {
    let Some(decision) = state.decisions.get(&id) else { return };
    heard(state, decision.view.key.gateway, evidence, now);
}

/// Takes what anything says about a gateway.
pub(super) fn heard(state: &mut State, id: GatewayId, evidence: Evidence, now: Now) {
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    if gateway.breaker.learn(evidence, now.boot_ms) == Reopened::Yes {
        wake(state, id, now);
    }
}

/// Writes the next state; what follows waits until it is on disk.
pub(super) fn write(decision: &mut Decision, turn: Turn, effects: &mut Vec<Effect>) {
    decision.busy = Busy::Saving;
    decision.view.waits = None;
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
    let failed = result.as_ref().err().cloned();
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
    if let Some(call) = state.taking_back.remove(&id) {
        let view = Box::new(decision.view.clone());
        effects.push(Effect::Reply(call, failed.map_or(Ok(Answer::Decision(Some(view))), Err)));
    }
    state.rev += 1;
    look::observe(state, id, effects);
    state.forget_ended();
}
