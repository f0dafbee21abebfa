//! How a call to decide ended, and the last read before it (rules 1, 3, 5): what the outbox's rules make of it.

use super::drive::{self, write};
use crate::command::{Code, Refused, Unreachable};
use crate::effect::Effect;
use crate::input::{Fetched, Now};
use crate::outbox::breaker::Evidence;
use crate::outbox::retry::Class;
use crate::outbox::{self, CallEnd, Left, Next, Turn};
use crate::rules::{self, Asked};
use crate::state::{Busy, ByKey, Decision, Reread, State};
use crate::view::WaitsFor;
use client::{Dialect, Rights, Slug};
use domain::{DecisionId, OutboxState};

/// The call ended; what that means is the outbox's rule.
pub(super) fn sent(state: &mut State, id: DecisionId, end: &CallEnd, now: Now, effects: &mut Vec<Effect>) {
    let Some(decision) = state.decisions.get(&id) else { return };
    let dialect = state.gateways.get(&decision.view.key.gateway).and_then(|gateway| gateway.dialect);
    let dialect = dialect.unwrap_or(Dialect::Platform);
    drive::learn(state, id, Evidence::of_call(end, dialect), now);
    let Some(decision) = state.decisions.get_mut(&id) else { return };
    decision.busy = Busy::Idle;
    if let CallEnd::Taken(response) = end {
        outbox::merge_results(
            &mut decision.view.results,
            response.execution_results.as_deref().unwrap_or_default(),
        );
    }
    if decision.by_key == ByKey::Asked {
        return answered_by_key(decision, end, dialect, effects);
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
    let next = outbox::after_call(end, dialect, tries, left, decision.unreachable);
    match next {
        // What the answer tells of the request itself is read with a look: status, pause and every result.
        Next::Become(turn) if turn.state == OutboxState::Observed => {
            let turn = Turn { state: OutboxState::Acknowledged, ..turn };
            write(decision, turn, effects);
            decision.failed_ms = None;
        }
        Next::Become(turn) => write(decision, turn, effects),
        Next::Again { after_ms, class, why } => {
            decision.reread = Reread::Needed;
            decision.failed_ms = Some(now.boot_ms);
            decision.view.detail = Some(why);
            decision.wait(waits_for(class), after_ms, now);
            state.rev += 1;
        }
    }
}

/// The gateway's answer to the key of a decision on a request that has ended: it took it then, or never. Anything else
/// leaves it unknown, and the next look asks again.
fn answered_by_key(decision: &mut Decision, end: &CallEnd, dialect: Dialect, effects: &mut Vec<Effect>) {
    decision.by_key = ByKey::No;
    if decision.view.state != OutboxState::Unknown {
        return;
    }
    let next = outbox::after_call(end, dialect, outbox::MOST_TRIES, Left::Never, decision.unreachable);
    match (end, next) {
        (CallEnd::Taken(_), Next::Become(turn)) => {
            write(decision, Turn { state: OutboxState::Acknowledged, ..turn }, effects);
        }
        (CallEnd::Told { slug: Some(slug), .. }, Next::Become(turn)) if is_said_after_the_key(*slug) => {
            write(decision, turn, effects);
        }
        _ => {}
    }
}

/// Does an answer of this kind show that the gateway has none for the key? It looks for one first, but for what it says
/// about who asks and how often (CONTRACT 1).
fn is_said_after_the_key(slug: Slug) -> bool {
    matches!(
        slug,
        Slug::AlreadyDecided
            | Slug::Expired
            | Slug::Changed
            | Slug::DigestMismatch
            | Slug::Executing
            | Slug::ActionDecisionNeeded
            | Slug::NotAwaitingAction
            | Slug::NotRunning
    )
}

/// Read once more before sending, where the gateway has no digests: it must still be what was shown (rule 3).
pub(super) fn read_before_send(
    state: &mut State,
    id: DecisionId,
    result: Result<Option<Box<Fetched>>, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    drive::learn(state, id, Evidence::of_read(&result), now);
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
        Ok(_) => {
            decision.reread = Reread::Done;
            if decision.view.state == OutboxState::Sent {
                // Its row says so already.
                decision.busy = Busy::Idle;
                decision.due_ms = now.boot_ms;
                return;
            }
            Turn::to(OutboxState::Sent)
        }
        Err(refused) if refused.code == Code::Unreachable && decision.unreachable == Unreachable::Queue => {
            decision.busy = Busy::Idle;
            decision.view.detail = Some(refused.message);
            decision.wait(WaitsFor::Gateway, READ_AGAIN_MS, now);
            state.rev += 1;
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

/// Until the read before sending is tried again, where the gateway could not be reached.
const READ_AGAIN_MS: u64 = 2_000;

/// What a person is told that it waits for.
fn waits_for(class: Class) -> WaitsFor {
    match class {
        Class::NotSent | Class::Unclear | Class::InProgress | Class::Unavailable => WaitsFor::Gateway,
        Class::RateLimited => WaitsFor::RateLimit,
        Class::SignIn => WaitsFor::SignIn,
    }
}
