//! What is known of the requests: committed events and reads (rule 5). A request is keyed
//! `(gateway, request_id)`; what is terminal stays so.

use super::look;
use crate::effect::Effect;
use crate::input::{Applied, Now};
use crate::outbox;
use crate::state::{Request, State};
use chrono::{DateTime, Utc};
use client::Dialect;
use domain::{ActionResult, Approval, DecisionId, GatewayId, RequestId, RequestKey};
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
                    known.kept = None;
                    known.rev += 1;
                }
            }
        }
        observe_all(state, &key, effects);
    }
}

/// The gateway's history starts anew: what is open stays until it is read again, what had ended may stand open there.
pub(super) fn start_anew(state: &mut State, gateway: GatewayId) {
    let Some(gateway) = state.gateways.get_mut(&gateway) else { return };
    gateway.requests.retain(|_, known| known.approval.status.is_open());
    gateway.requests.values_mut().for_each(|known| known.seq = None);
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
                known.kept = None;
                known.rev += 1;
            }
        }
        None => {
            let request = Request { approval, rev: 1, seq, results: results.to_vec(), kept: None };
            gateway.requests.insert(key.request.clone(), request);
        }
    }
    forget_closed(state, key.gateway);
}

/// Takes what was open when an earlier run ended: without the gateway that is all there is to show (rule 9). `complete` is
/// when every open request was read last.
pub fn recall(
    state: &mut State,
    gateway: GatewayId,
    open: Vec<(Approval, DateTime<Utc>)>,
    complete: Option<DateTime<Utc>>,
) {
    let Some(gateway) = state.gateways.get_mut(&gateway) else { return };
    gateway.as_of = complete;
    for (approval, as_of) in open {
        let id = approval.request_id.clone();
        let request = Request { approval, rev: 1, seq: None, results: Vec::new(), kept: Some(as_of) };
        gateway.requests.entry(id).or_insert(request);
    }
    state.rev += 1;
}

/// Requests that are neither open nor known from a decision are in the history, not in memory. An ended decision still
/// counts: a look that was on its way when its request closed must not bring it back as open.
fn forget_closed(state: &mut State, gateway: GatewayId) {
    let followed: BTreeSet<RequestId> = state
        .decisions
        .values()
        .filter(|decision| decision.view.key.gateway == gateway)
        .map(|decision| decision.view.key.request.clone())
        .collect();
    if let Some(gateway) = state.gateways.get_mut(&gateway) {
        gateway.requests.retain(|id, request| request.approval.status.is_open() || followed.contains(id));
    }
}

pub(super) fn observe_all(state: &mut State, key: &RequestKey, effects: &mut Vec<Effect>) {
    let following: Vec<DecisionId> = state
        .decisions
        .values()
        .filter(|decision| &decision.view.key == key)
        .map(|decision| decision.view.id)
        .collect();
    for id in following {
        look::observe(state, id, effects);
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
