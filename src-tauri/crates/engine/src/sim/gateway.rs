//! The simulated gateway's state: requests judged by the real law, an event log with places, what was answered under
//! which key, and a backup. What it does with them is in `ledger`, `executor`, `platform` and `log`.
//!
//! Beside it stands the truth: which decision had an effect, and what each request ever was. No console sees that.

use super::plan::{May, Shape};
use super::world::World;
use chrono::{DateTime, Utc};
use client::{Dialect, Event, Told};
use domain::law::State;
use domain::registry::RemediationResponse;
use domain::{ActionResult, Approval, DecisionId, Digest, RequestId, Status};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long a request waits for a person.
pub(super) const WAITS_MS: i64 = 200_000;

/// An answer to a decision.
pub(super) type Verdict = Result<RemediationResponse, Told>;

/// See the module.
pub(super) struct Gateway {
    pub(super) dialect: Dialect,
    pub(super) power: Power,
    /// Of its process: what ran in an earlier one has ended.
    pub(super) life: u64,
    pub(super) epochs: u64,
    pub(super) saved: Saved,
    pub(super) backup: Option<Box<Saved>>,
    pub(super) rights: BTreeMap<String, May>,
    /// Whose session it does not take any more.
    pub(super) ended: BTreeSet<String>,
    /// Until when it answers everything with this status.
    pub(super) grumble: Option<(u64, u16)>,
    pub(super) truth: Truth,
    /// Its sockets, by id.
    pub(super) lines: BTreeMap<u64, super::log::Line>,
    pub(super) dialled: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    On,
    Off,
}

/// What its database holds: this comes back from a backup.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) epoch: String,
    pub(super) log: Vec<Event>,
    pub(super) oldest_seq: u64,
    pub(super) head_seq: u64,
    pub(super) heads: BTreeMap<String, u64>,
    pub(super) entries: BTreeMap<RequestId, Entry>,
    /// By subject and key: the fingerprint of what was asked, and the answer.
    pub(super) answers: BTreeMap<(String, DecisionId), (String, Verdict)>,
    pub(super) versions: [u64; 3],
}

/// A request at the gateway.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) approval: Approval,
    /// Who asked it to stop.
    pub(super) stop: Option<String>,
    /// Of each revision.
    pub(super) digests: Vec<Digest>,
    pub(super) results: Vec<ActionResult>,
}

/// What really is and was.
#[derive(Default)]
pub(super) struct Truth {
    /// Each decision that the gateway took, and how often.
    pub(super) effects: BTreeMap<DecisionId, u32>,
    /// How often each arrived.
    pub(super) arrivals: BTreeMap<DecisionId, u32>,
    /// Of these nobody can tell, for the gateway forgot or overwrote who did what.
    pub(super) untold: BTreeSet<DecisionId>,
    pub(super) requests: BTreeMap<RequestId, Vec<Moment>>,
    /// Every event ever told, by epoch.
    pub(super) events: BTreeMap<String, BTreeMap<u64, String>>,
}

/// What a request was from then on; `None`: the gateway does not know it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) from_ms: u64,
    pub(super) was: Option<(Status, Digest)>,
}

impl Gateway {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            power: Power::On,
            life: 1,
            epochs: 1,
            saved: Saved {
                epoch: "e1".to_owned(),
                log: Vec::new(),
                oldest_seq: 1,
                head_seq: 0,
                heads: BTreeMap::new(),
                entries: BTreeMap::new(),
                answers: BTreeMap::new(),
                versions: [1; 3],
            },
            backup: None,
            rights: BTreeMap::new(),
            ended: BTreeSet::new(),
            grumble: None,
            truth: Truth::default(),
            lines: BTreeMap::new(),
            dialled: 0,
        }
    }

    pub(super) fn may(&self, who: &str) -> May {
        self.rights.get(who).copied().unwrap_or(May::Decide)
    }

    pub(super) fn entry(&mut self, request: &RequestId) -> Option<&mut Entry> {
        self.saved.entries.get_mut(request)
    }

    /// As the gateway tells it: the platform does not say who decided by when.
    pub(super) fn read(&self, request: &RequestId) -> Option<Approval> {
        self.saved.entries.get(request).map(|entry| entry.approval.clone())
    }

    /// What its lists hold: on the platform only what is pending.
    pub(super) fn listed(&self) -> Vec<Approval> {
        let all = self.saved.entries.values().map(|entry| &entry.approval);
        let listed = |approval: &&Approval| match self.dialect {
            Dialect::Holdpoint => approval.status.is_open(),
            Dialect::Platform => approval.status == Status::Pending,
        };
        all.filter(listed).cloned().collect()
    }
}

impl Entry {
    pub(super) fn state(&self) -> State {
        match self.approval.state() {
            Some(State::Executing) if self.stop.is_some() => State::Stopping,
            Some(state) => state,
            None => State::Interrupted,
        }
    }

    pub(super) fn enter(&mut self, next: &State, now: DateTime<Utc>) {
        let approval = &mut self.approval;
        approval.pending_approval_actions.clear();
        approval.status = match next {
            State::Pending => Status::Pending,
            State::Paused(action) => {
                approval.pending_approval_actions.push(action.clone());
                if approval.expires_at.is_some() {
                    approval.expires_at = Some(now + chrono::Duration::milliseconds(WAITS_MS));
                }
                Status::Paused
            }
            State::Executing | State::Stopping => Status::Executing,
            State::Completed => Status::Completed,
            State::Failed => Status::Failed,
            State::Rejected => Status::Rejected,
            State::Stopped => Status::Stopped,
            State::Withdrawn => Status::Withdrawn,
            State::Interrupted => Status::Interrupted,
            State::Expired => Status::Expired,
        };
    }
}

/// A new request as that gateway would make it.
pub(super) fn request(world: &World, id: &RequestId, shapes: &[Shape], by: Option<String>) -> Entry {
    let ours = world.dialect == Dialect::Holdpoint;
    let versions = &world.gateway.saved.versions;
    let actions: Vec<Value> =
        shapes.iter().enumerate().map(|(n, shape)| action(n, *shape, versions[n], ours)).collect();
    let gated = shapes.iter().any(|shape| *shape != Shape::Plain);
    let expires = world.time() + chrono::Duration::milliseconds(WAITS_MS);
    let value = json!({
        "request_id": id, "pipeline_id": pipeline(id), "revision": u64::from(ours),
        "mode": if gated { "per_action" } else { "request" }, "error_message": "pool exhausted",
        "action_ids": actions.iter().map(|action| action["action_id"].clone()).collect::<Vec<_>>(),
        "actions": actions, "status": "pending", "created_at": world.time(),
        "expires_at": ours.then_some(expires), "requested_by": by.filter(|_| ours),
    });
    let mut approval: Approval = serde_json::from_value(value).expect("an approval");
    let digest = approval.computed_digest();
    approval.digest = ours.then(|| digest.clone());
    Entry { approval, stop: None, digests: vec![digest], results: Vec::new() }
}

/// One action; on the platform its effect is not disclosed.
pub(super) fn action(n: usize, shape: Shape, version: u64, ours: bool) -> Value {
    let url = format!("http://127.0.0.1:9/a{n}?v={version}");
    let effect = match ours {
        true => json!({"kind": "http", "method": "POST", "url": url, "headers": {}, "body": null}),
        false => json!({"kind": "undisclosed", "entry": {"url": url}}),
    };
    json!({
        "action_id": format!("a{n}"), "version": if ours { version } else { 0 }, "service": format!("s{n}"),
        "risk_level": if shape == Shape::Risky { "high" } else { "low" }, "validated": true,
        "requires_approval": shape != Shape::Plain, "effect": effect,
    })
}

/// Two pipelines, so that two topics are interleaved.
pub(super) fn pipeline(id: &RequestId) -> String {
    let even = id.as_str().bytes().last().is_some_and(|last| last % 2 == 0);
    if even { "p0".to_owned() } else { "p1".to_owned() }
}
