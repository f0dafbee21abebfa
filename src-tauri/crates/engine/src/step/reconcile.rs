//! Are all open requests accounted for? Asked after every (re)connect and wherever there is doubt; "live" is said only
//! when the newest asking is answered in full (rule 9).

use super::drive;
use super::requests::{observe_all, put};
use crate::command::Refused;
use crate::effect::{Effect, ReadFor};
use crate::input::{Fetched, Now, OpenSet};
use crate::outbox::breaker::Evidence;
use crate::state::{Drained, Gateway, State};
use client::Dialect;
use domain::connection::Staleness;
use domain::{Connection, GatewayId, RequestId, RequestKey, Status};
use std::collections::BTreeSet;

/// Until the open requests are asked for again where there is doubt about one of them.
const DOUBT_MS: u64 = 2_000;
/// Longest pause between two askings that fail.
const LONGEST_MS: u64 = 30_000;

/// The platform sends no frame when somebody else decides and what they started comes to a pause (CONTRACT 3): while a
/// request stands open, it is asked so often; more often while one runs.
const UNTOLD_MS: u64 = 15_000;
const UNTOLD_RUNNING_MS: u64 = 5_000;

/// The stream says that nothing is missing up to here.
pub(super) fn drained(state: &mut State, id: GatewayId, now: Now, effects: &mut Vec<Effect>) {
    drive::heard(state, id, Evidence::Alive, now);
    if let Some(gateway) = state.gateways.get_mut(&id) {
        gateway.drained = Drained::Yes;
        // What is live stays so while the lists are read once more: nothing is known to be missing.
        if !gateway.connection.is_live() {
            gateway.connection = Connection::CatchingUp;
        }
        #[cfg(test)]
        if crate::sim::planted::has(crate::sim::planted::Plant::LiveTooEarly) {
            gateway.connection = Connection::Live { via: domain::connection::Via::Socket };
        }
        state.rev += 1;
        want(gateway, effects);
    }
}

/// Rights changed: what may be seen and decided is read anew. Before the stream is drained that comes anyway.
pub(super) fn rights_changed(state: &mut State, id: GatewayId, now: Now, effects: &mut Vec<Effect>) {
    let drained = state.gateways.get(&id).is_some_and(|gateway| gateway.drained == Drained::Yes);
    if let Some(gateway) = state.gateways.get_mut(&id).filter(|_| drained) {
        gateway.connection = Connection::CatchingUp;
        self::drained(state, id, now, effects);
    }
}

/// The connection is another one from here on: what older askings bring says nothing about it.
pub(super) fn void(gateway: &mut Gateway) {
    gateway.drained = Drained::No;
    gateway.reconcile.wanted += 1;
    gateway.reconcile.due_ms = None;
    gateway.reconcile.missing = None;
}

/// Something about a request could not be read or stored: it is not live until all are asked for again.
pub(super) fn doubt(state: &mut State, id: GatewayId, now: Now) {
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    if gateway.drained == Drained::Yes {
        gateway.connection = Connection::CatchingUp;
        gateway.reconcile.missing = None;
        let due_ms = now.boot_ms + DOUBT_MS;
        gateway.reconcile.due_ms = Some(gateway.reconcile.due_ms.map_or(due_ms, |due| due.min(due_ms)));
        state.rev += 1;
    }
}

/// Asks again where that is due.
pub(super) fn due(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    for gateway in state.gateways.values_mut() {
        if gateway.reconcile.due_ms.is_none() {
            gateway.reconcile.due_ms = untold_ms(gateway).map(|after_ms| now.boot_ms + after_ms);
        }
        if gateway.reconcile.due_ms.is_some_and(|due| due <= now.boot_ms) {
            want(gateway, effects);
        }
    }
}

/// After how long the open requests are to be read although nothing was told, because nothing may be told.
fn untold_ms(gateway: &Gateway) -> Option<u64> {
    let mut open = gateway.requests.values().filter(|request| request.approval.status.is_open()).peekable();
    let asks = gateway.dialect == Some(Dialect::Platform) && gateway.connection.is_live();
    if !asks || open.peek().is_none() {
        return None;
    }
    let runs = open.any(|request| request.approval.status == Status::Executing);
    Some(if runs { UNTOLD_RUNNING_MS } else { UNTOLD_MS })
}

/// The gateway's open requests are here. What is open here and missing there is read by id: never "resolved" unread.
pub(super) fn answered(
    state: &mut State,
    id: GatewayId,
    round: u64,
    result: Result<OpenSet, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    drive::heard(state, id, Evidence::of_read(&result), now);
    let present = match result {
        Ok(set) => Some(take(state, id, set, effects)),
        Err(_) => None,
    };
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    gateway.reconcile.running = None;
    if round < gateway.reconcile.wanted {
        // It was overtaken by the next one that is wanted, so nothing says any more that what is live is complete.
        if gateway.connection.is_live() {
            gateway.connection = Connection::CatchingUp;
            state.rev += 1;
        }
        return start(gateway, effects);
    }
    let Some(present) = present else { return failed(state, id, now) };
    gateway.reconcile.failures = 0;
    let missing: BTreeSet<RequestId> = gateway
        .requests
        .iter()
        .filter(|(request, known)| known.approval.status.is_open() && !present.contains(*request))
        .map(|(request, _)| request.clone())
        .collect();
    for request in &missing {
        let pipeline = gateway.requests.get(request).map(|known| known.approval.pipeline_id.clone());
        let (request, why) = (request.clone(), ReadFor::Reconcile);
        effects.push(Effect::Read { gateway: id, pipeline, request, why });
    }
    gateway.reconcile.missing = Some(missing);
    state.rev += 1;
    live_if_complete(state, id, now);
}

/// A request that was missing from the open ones: decided meanwhile, or gone at the gateway.
pub(super) fn found_again(
    state: &mut State,
    id: GatewayId,
    request: &RequestId,
    result: Result<Option<Box<Fetched>>, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let key = RequestKey { gateway: id, request: request.clone() };
    match result {
        Ok(Some(fetched)) => {
            put(state, &key, fetched.approval, &fetched.results, None);
            observe_all(state, &key, effects);
        }
        Ok(None) => {
            // Gone at the gateway: no longer actionable; its history stays.
            if let Some(gateway) = state.gateways.get_mut(&id) {
                gateway.requests.remove(request);
            }
        }
        Err(_) => return failed(state, id, now),
    }
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    if let Some(missing) = gateway.reconcile.missing.as_mut() {
        missing.remove(request);
    }
    state.rev += 1;
    live_if_complete(state, id, now);
}

fn want(gateway: &mut Gateway, effects: &mut Vec<Effect>) {
    gateway.reconcile.wanted += 1;
    gateway.reconcile.due_ms = None;
    gateway.reconcile.missing = None;
    start(gateway, effects);
}

/// One asking at a time: whoever wants another gets it when this one is answered.
fn start(gateway: &mut Gateway, effects: &mut Vec<Effect>) {
    if gateway.reconcile.running.is_none() && gateway.drained == Drained::Yes {
        let round = gateway.reconcile.wanted;
        gateway.reconcile.running = Some(round);
        effects.push(Effect::Reconcile { gateway: gateway.id, round });
    }
}

/// Takes what was read, whichever asking brought it. Returns which requests were open there.
fn take(state: &mut State, id: GatewayId, set: OpenSet, effects: &mut Vec<Effect>) -> BTreeSet<RequestId> {
    let present: BTreeSet<RequestId> = set.approvals.iter().map(|a| a.request_id.clone()).collect();
    for approval in set.approvals {
        let key = RequestKey { gateway: id, request: approval.request_id.clone() };
        put(state, &key, approval, &[], set.seq);
        observe_all(state, &key, effects);
    }
    if let Some(gateway) = state.gateways.get_mut(&id) {
        gateway.as_of = Some(set.as_of);
        if let Some(rights) = set.rights {
            gateway.rights = rights;
        }
    }
    present
}

/// The stream may be fine and will then report nothing: it is asked again from here.
fn failed(state: &mut State, id: GatewayId, now: Now) {
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    if gateway.drained == Drained::No {
        return;
    }
    gateway.connection = Connection::Stale { since: gateway.last_live, why: Staleness::Lost };
    let pause_ms = (DOUBT_MS << gateway.reconcile.failures.min(8)).min(LONGEST_MS);
    gateway.reconcile.failures += 1;
    gateway.reconcile.missing = None;
    gateway.reconcile.due_ms = Some(now.boot_ms + pause_ms);
    state.rev += 1;
}

/// Live is said only when the stream is drained and every open request is accounted for (rule 9).
fn live_if_complete(state: &mut State, id: GatewayId, now: Now) {
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    let complete = gateway.reconcile.missing.as_ref().is_some_and(BTreeSet::is_empty);
    if complete && gateway.drained == Drained::Yes {
        gateway.reconcile.missing = None;
        gateway.connection = Connection::Live { via: gateway.via };
        gateway.last_live = Some(now.wall);
        state.rev += 1;
    }
}
