//! What is known of the requests: committed events, reconciliation, reads (rules 5, 9). A request is keyed
//! `(gateway, request_id)`; what is terminal stays so.

use super::drive;
use crate::command::Refused;
use crate::effect::{Effect, ReadFor};
use crate::input::{Applied, Fetched, Now, OpenSet};
use crate::outbox;
use crate::state::{Request, State};
use client::Dialect;
use domain::connection::{Staleness, Via};
use domain::{ActionResult, Approval, Connection, DecisionId, GatewayId, RequestId, RequestKey};
use std::collections::BTreeSet;

/// Events are on disk: now, and not before, they are shown.
pub(super) fn ingested(
    state: &mut State,
    gateway: GatewayId,
    applied: Vec<Applied>,
    last_row: i64,
    _now: Now,
    effects: &mut Vec<Effect>,
) {
    state.last_row = state.last_row.max(last_row);
    state.rev += 1;
    for Applied { request, approval, status, results, seq } in applied {
        let key = RequestKey { gateway, request };
        match approval {
            Some(approval) => put(state, &key, approval, &results, seq),
            None => {
                let known = state.gateways.get_mut(&gateway).and_then(|g| g.requests.get_mut(&key.request));
                if let Some(known) = known {
                    outbox::merge_results(&mut known.results, &results);
                    if let Some(status) = status.filter(|_| known.approval.status.is_open()) {
                        known.approval.status = status;
                    }
                    known.rev += 1;
                }
            }
        }
        observe_all(state, &key, effects);
    }
}

/// Takes a request as read or received. Terminal is final on a gateway that keeps its word; the platform does not.
pub(super) fn put(
    state: &mut State,
    key: &RequestKey,
    approval: Approval,
    results: &[ActionResult],
    seq: Option<u64>,
) {
    state.rev += 1;
    let Some(gateway) = state.gateways.get_mut(&key.gateway) else { return };
    let faithful = gateway.dialect == Some(Dialect::Holdpoint);
    match gateway.requests.get_mut(&key.request) {
        Some(known) => {
            outbox::merge_results(&mut known.results, results);
            let older = matches!((seq, known.seq), (Some(new), Some(old)) if new < old);
            let reopened = faithful && !known.approval.status.is_open() && approval.status.is_open();
            if !older && !reopened {
                known.approval = approval;
                known.seq = seq.or(known.seq);
                known.rev += 1;
            }
        }
        None => {
            let request = Request { approval, rev: 1, seq, results: results.to_vec() };
            gateway.requests.insert(key.request.clone(), request);
        }
    }
    forget_closed(state, key.gateway);
}

/// Requests that are neither open nor followed by a decision are in the history, not in memory.
fn forget_closed(state: &mut State, gateway: GatewayId) {
    let followed: BTreeSet<RequestId> = state
        .decisions
        .values()
        .filter(|decision| decision.view.key.gateway == gateway && decision.view.state.locks())
        .map(|decision| decision.view.key.request.clone())
        .collect();
    if let Some(gateway) = state.gateways.get_mut(&gateway) {
        gateway.requests.retain(|id, request| request.approval.status.is_open() || followed.contains(id));
    }
}

fn observe_all(state: &mut State, key: &RequestKey, effects: &mut Vec<Effect>) {
    let following: Vec<DecisionId> = state
        .decisions
        .values()
        .filter(|decision| &decision.view.key == key)
        .map(|decision| decision.view.id)
        .collect();
    for id in following {
        drive::observe(state, id, effects);
    }
}

/// Has every action that was started a result?
pub(super) fn results_complete(approval: &Approval, results: &[ActionResult]) -> bool {
    approval
        .execution_state
        .iter()
        .filter(|(_, action)| action.executed)
        .all(|(id, _)| results.iter().any(|result| &result.action_id == id))
}

/// The gateway's open requests are here. What is open here and missing there is read by id: never "resolved" unread.
pub(super) fn reconciled(
    state: &mut State,
    id: GatewayId,
    result: Result<OpenSet, Refused>,
    now: Now,
    effects: &mut Vec<Effect>,
) {
    let set = match result {
        Ok(set) => set,
        Err(_) => {
            // The stream will report what is wrong; until then this is not live.
            if let Some(gateway) = state.gateways.get_mut(&id) {
                gateway.reconciling = None;
                gateway.connection = Connection::Stale { since: gateway.last_live, why: Staleness::Lost };
                state.rev += 1;
            }
            return;
        }
    };
    let present: BTreeSet<RequestId> = set.approvals.iter().map(|a| a.request_id.clone()).collect();
    let keys: Vec<RequestKey> =
        present.iter().map(|request| RequestKey { gateway: id, request: request.clone() }).collect();
    for approval in set.approvals {
        let key = RequestKey { gateway: id, request: approval.request_id.clone() };
        put(state, &key, approval, &[], set.seq);
    }
    for key in keys {
        observe_all(state, &key, effects);
    }
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    gateway.as_of = Some(set.as_of);
    if let Some(rights) = set.rights {
        gateway.rights = rights;
    }
    let missing: BTreeSet<RequestId> = gateway
        .requests
        .iter()
        .filter(|(request, known)| known.approval.status.is_open() && !present.contains(*request))
        .map(|(request, _)| request.clone())
        .collect();
    for request in &missing {
        let pipeline = gateway.requests.get(request).map(|known| known.approval.pipeline_id.clone());
        effects.push(Effect::Read {
            gateway: id,
            pipeline,
            request: request.clone(),
            why: ReadFor::Reconcile,
        });
    }
    gateway.reconciling = Some(missing);
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
        Err(_) => {}
    }
    if let Some(missing) = state.gateways.get_mut(&id).and_then(|gateway| gateway.reconciling.as_mut()) {
        missing.remove(request);
    }
    state.rev += 1;
    live_if_complete(state, id, now);
}

/// Live is said only when the stream is drained and every open request is accounted for (rule 9).
fn live_if_complete(state: &mut State, id: GatewayId, now: Now) {
    let Some(gateway) = state.gateways.get_mut(&id) else { return };
    if gateway.reconciling.as_ref().is_some_and(BTreeSet::is_empty) {
        gateway.reconciling = None;
        if gateway.connection == Connection::CatchingUp {
            gateway.connection = Connection::Live { via: Via::Socket };
            gateway.last_live = Some(now.wall);
            state.rev += 1;
        }
    }
}
