//! All the engine knows, owned by one task, keyed by gateway id from the start.

mod decision;

pub use decision::{Busy, ByKey, Decision, MadeIn, PreparedDecision, Preparing, Reread};

use crate::command::Nonce;
use crate::effect::CallId;
use crate::input::Now;
use crate::outbox::breaker::Breaker;
use crate::policy::Policy;
use crate::view::{
    AppView, CHANGE_LIMIT, ConnectionChange, GatewayView, May, RECENT_DECISIONS, ROW_BYTES, ROW_LIMIT,
    RequestRow,
};
use chrono::{DateTime, Utc};
use client::{Dialect, Rights};
use domain::connection::Via;
use domain::{ActionResult, Approval, Connection, DecisionId, GatewayId, PipelineId, RequestId, RequestKey};
use std::collections::{BTreeMap, BTreeSet};

/// What may go out on its own when the engine starts (DESIGN 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Only reads: what is queued stays where it is.
    Read,
    /// Watches or decides: what is queued goes out within its rules.
    Act,
}

/// The whole state.
#[derive(Debug)]
pub struct State {
    /// See [`Purpose`].
    pub purpose: Purpose,
    /// By id; ids are random, so the order of adding is kept apart.
    pub gateways: BTreeMap<GatewayId, Gateway>,
    /// In the order they were added.
    pub order: Vec<GatewayId>,
    /// Open ones, and the last that ended.
    pub decisions: BTreeMap<DecisionId, Decision>,
    /// In the order they were made.
    pub made: Vec<DecisionId>,
    /// Waiting for a confirmation.
    pub prepared: BTreeMap<Nonce, PreparedDecision>,
    /// Prepares whose read is under way.
    pub preparing: BTreeMap<CallId, Preparing>,
    /// Decisions being taken back, each with the command that waits for it.
    pub taking_back: BTreeMap<DecisionId, CallId>,
    /// What a person has set about decisions.
    pub policy: Policy,
    /// Grows with each change of the view.
    pub rev: u64,
    /// Newest committed local row.
    pub last_row: i64,
    /// Frames that could not be read.
    pub malformed: u64,
}

/// Clocks that are further apart than this are worth a warning (F34), in milliseconds.
const CLOCK_WARN_MS: i64 = 30_000;
/// A warning is said anew when they moved by so much, in milliseconds.
const CLOCK_STEP_MS: u64 = 5_000;

/// Whether the distance of two clocks changed so that a person should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    /// It did.
    Moved,
    /// It did not.
    AsBefore,
}

/// One gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Its id here.
    pub id: GatewayId,
    /// Normalised.
    pub origin: String,
    /// For people.
    pub name: String,
    /// Pinned after the first probe.
    pub dialect: Option<Dialect>,
    /// Who is signed in.
    pub account: Option<String>,
    /// Why that session ends with this run; `None` if it is kept.
    pub not_kept: Option<String>,
    /// Rule 9.
    pub connection: Connection,
    /// Its last changes, at most [`CHANGE_LIMIT`].
    pub changes: Vec<ConnectionChange>,
    /// When it was last live.
    pub last_live: Option<DateTime<Utc>>,
    /// When the open requests were last known to be complete.
    pub as_of: Option<DateTime<Utc>>,
    /// What its clock said last; `None` until it said something.
    pub server_time: Option<ServerTime>,
    /// How far its clock is ahead of the one here, in milliseconds, while that is worth a warning (F34).
    pub clock_off_ms: Option<i64>,
    /// Frames of the stream at hand that could not be read.
    pub malformed: u64,
    /// Whether its stream was asked for.
    pub stream: Stream,
    /// Requests that are open, or that a decision here still follows.
    pub requests: BTreeMap<RequestId, Request>,
    /// What this account may do, pipeline by pipeline, as last read.
    pub rights: BTreeMap<PipelineId, Rights>,
    /// Has the stream at hand said that nothing is missing?
    pub drained: Drained,
    /// How its events came when it said so.
    pub via: Via,
    /// How far the asking for the open requests has come.
    pub reconcile: Reconcile,
    /// Keeps calls from a gateway that fails again and again.
    pub breaker: Breaker,
}

/// What a gateway's clock said, bound to the boot-time clock: the wall clock here may jump (F34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// By its clock.
    pub at: DateTime<Utc>,
    /// At that moment, by the boot-time clock here.
    pub boot_ms: u64,
}

/// Whether the stream at hand has said that nothing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Not yet.
    No,
    /// Yes.
    Yes,
}

/// The asking for all open requests. One at a time; only the newest may make the connection live.
#[derive(Debug, Default)]
pub struct Reconcile {
    /// The newest asking that is wanted.
    pub wanted: u64,
    /// The one under way.
    pub running: Option<u64>,
    /// The requests that the newest answer lacks and that are still to be read; `None`: no answer yet.
    pub missing: Option<BTreeSet<RequestId>>,
    /// To be asked again then, on the boot-time clock.
    pub due_ms: Option<u64>,
    /// How often it failed in a row.
    pub failures: u32,
}

/// Whether a stream was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Not yet.
    Closed,
    /// It runs, or tries to.
    Open,
}

/// One request as known here.
#[derive(Debug)]
pub struct Request {
    /// As last read.
    pub approval: Approval,
    /// Grows with each change.
    pub rev: u64,
    /// The place of the event that last changed it.
    pub seq: Option<u64>,
    /// What came in so far.
    pub results: Vec<ActionResult>,
    /// Known only from an earlier run, as of then; `None` once the gateway has told it in this one.
    pub kept: Option<DateTime<Utc>>,
}

impl State {
    /// An empty state.
    pub fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            gateways: BTreeMap::new(),
            order: Vec::new(),
            decisions: BTreeMap::new(),
            made: Vec::new(),
            prepared: BTreeMap::new(),
            preparing: BTreeMap::new(),
            taking_back: BTreeMap::new(),
            policy: Policy::default(),
            rev: 0,
            last_row: 0,
            malformed: 0,
        }
    }

    /// The request of that key.
    pub fn request(&self, key: &RequestKey) -> Option<&Request> {
        self.gateways.get(&key.gateway)?.requests.get(&key.request)
    }

    /// When the next thing is due on the boot-time clock, if anything is.
    pub fn next_due_ms(&self) -> Option<u64> {
        let waiting = |decision: &&Decision| decision.busy == Busy::Idle && decision.view.state.locks();
        self.decisions
            .values()
            .filter(waiting)
            .map(|decision| decision.due_ms)
            .filter(|due| *due < u64::MAX)
            .chain(self.gateways.values().filter_map(|gateway| gateway.reconcile.due_ms))
            .min()
    }

    /// The bounded view of all this.
    pub fn view(&self) -> AppView {
        let open = |gateway: &Gateway| {
            let rows = gateway.requests.values().filter(|request| request.approval.status.is_open());
            let row = |request: &Request| {
                let may = gateway.may(&request.approval);
                RequestRow {
                    kept: request.kept,
                    ..RequestRow::of(gateway.id, &request.approval, request.rev, may)
                }
            };
            rows.map(row).collect::<Vec<_>>()
        };
        let mut requests: Vec<RequestRow> = self.ordered().flat_map(open).collect();
        requests.sort_by(|a, b| (a.created_at, &a.key).cmp(&(b.created_at, &b.key)));
        let open = requests.len();
        requests.truncate(ROW_LIMIT);
        let mut room = ROW_BYTES;
        requests.retain(|row| {
            let bytes = serde_json::to_vec(row).map_or(usize::MAX, |json| json.len());
            let fits = bytes <= room;
            room -= if fits { bytes } else { 0 };
            fits
        });
        AppView {
            rev: self.rev,
            gateways: self.ordered().map(Gateway::view).collect(),
            open,
            requests,
            decisions: self
                .made
                .iter()
                .filter_map(|id| self.decisions.get(id))
                .map(|decision| decision.view.brief())
                .collect(),
            last_row: self.last_row,
            malformed: self.malformed,
            policy: self.policy,
            // The runtime's to add: they tell of the files, not of what the engine knows.
            banners: Vec::new(),
        }
    }

    /// Forgets the oldest ended decisions beyond [`RECENT_DECISIONS`]. Open ones, unknown among them, never age out.
    pub fn forget_ended(&mut self) {
        let ended: Vec<DecisionId> = self
            .made
            .iter()
            .filter(|id| self.decisions.get(id).is_some_and(|decision| !decision.view.state.locks()))
            .copied()
            .collect();
        for id in &ended[..ended.len().saturating_sub(RECENT_DECISIONS)] {
            self.decisions.remove(id);
            self.made.retain(|made| made != id);
        }
    }

    fn ordered(&self) -> impl Iterator<Item = &Gateway> {
        self.order.iter().filter_map(|id| self.gateways.get(id))
    }
}

impl Gateway {
    fn view(&self) -> GatewayView {
        GatewayView {
            id: self.id,
            origin: self.origin.clone(),
            name: self.name.clone(),
            account: self.account.clone(),
            not_kept: self.not_kept.clone(),
            connection: self.connection.clone(),
            changes: self.changes.clone(),
            as_of: self.as_of,
            clock_off_ms: self.clock_off_ms,
        }
    }

    /// What the account may do about a request.
    fn may(&self, approval: &Approval) -> May {
        if self.rights.get(&approval.pipeline_id) == Some(&Rights::Look) {
            May::Look
        } else if self.account.is_some() && approval.requested_by == self.account {
            May::NotApprove
        } else {
            May::Decide
        }
    }

    /// Keeps the state it is in now, if it is another one than before.
    pub fn note_change(&mut self, at: DateTime<Utc>) {
        let last = self.changes.last();
        if last.is_some_and(|last| last.connection == self.connection) {
            return;
        }
        let number = last.map_or(0, |last| last.number) + 1;
        self.changes.push(ConnectionChange { number, at, connection: self.connection.clone() });
        let surplus = self.changes.len().saturating_sub(CHANGE_LIMIT);
        self.changes.drain(..surplus);
    }

    /// The gateway's time, if it ever told it: counted on by the boot-time clock.
    pub fn server_now(&self, now: Now) -> Option<DateTime<Utc>> {
        let told = self.server_time?;
        let since_ms = now.boot_ms.saturating_sub(told.boot_ms);
        Some(told.at + chrono::Duration::milliseconds(since_ms.min(i64::MAX as u64).cast_signed()))
    }

    /// Keeps how far the clocks are apart, where a person should know. Whether it changed: not for every drift of a moment.
    pub fn note_clock(&mut self, now: Now) -> Clocks {
        let off_ms = self.clock_offset(now).map(|offset| offset.num_milliseconds());
        let off_ms = off_ms.filter(|off| off.abs() > CLOCK_WARN_MS);
        let apart = match (off_ms, self.clock_off_ms) {
            (Some(new), Some(old)) => new.abs_diff(old) >= CLOCK_STEP_MS,
            (new, old) => new.is_some() != old.is_some(),
        };
        if apart {
            self.clock_off_ms = off_ms;
        }
        if apart { Clocks::Moved } else { Clocks::AsBefore }
    }

    /// How far the gateway's clock is ahead of this machine's now, negative if it is behind; `None` until it told its
    /// time. Beyond 30 s a person is warned (F34): ages and expiry follow the gateway's.
    pub fn clock_offset(&self, now: Now) -> Option<chrono::Duration> {
        self.server_now(now).map(|server| server - now.wall)
    }
}
