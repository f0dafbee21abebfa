//! Everything that can happen to the engine: one closed enum (DESIGN 4).

use crate::command::{Command, Nonce, Refused};
use crate::effect::{CallId, ReadFor, Stored, SurfaceId};
use crate::outbox::{CallEnd, Turn};
use crate::policy::Policy;
use chrono::{DateTime, Utc};
use client::{Dialect, Rights, StreamEvent};
use domain::{ActionResult, Approval, DecisionId, GatewayId, PipelineId, RequestId, Status};
use std::collections::BTreeMap;
use store::GatewayRecord;

/// The time, as the runtime tells it to `step`.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Wall clock; may jump.
    pub wall: DateTime<Utc>,
    /// Boot-time clock in milliseconds; goes on during suspend.
    pub boot_ms: u64,
}

/// Unpredictable values for this one step, drawn by the runtime.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// For a prepared decision.
    pub nonce: Nonce,
    /// For the decision itself.
    pub decision: DecisionId,
}

/// What happened.
pub enum Input {
    /// A surface asks for something.
    Command {
        /// Answered exactly once, by [`crate::effect::Effect::Reply`].
        call: CallId,
        /// Which window or connection.
        surface: SurfaceId,
        /// What.
        command: Command,
        /// Drawn for it.
        fresh: Fresh,
    },
    /// A gateway's stream reports.
    Stream {
        /// Which.
        gateway: GatewayId,
        /// What.
        event: StreamEvent,
    },
    /// An effect has ended.
    Done(Done),
    /// A window closed or a connection ended: what it prepared is void.
    SurfaceGone(SurfaceId),
    /// Something is due.
    Tick,
}

/// How an effect ended.
pub enum Done {
    /// `AddGateway`.
    Added {
        /// The command it answers.
        call: CallId,
        /// The record on disk.
        result: Result<GatewayRecord, Refused>,
    },
    /// `Host`.
    Hosted {
        /// The command it answers.
        call: CallId,
        /// The record on disk, with where it really listens.
        result: Result<GatewayRecord, Refused>,
    },
    /// `SignIn`, or the restoring of a kept session (no `call`).
    SignedIn {
        /// The command it answers.
        call: Option<CallId>,
        /// Where.
        gateway: GatewayId,
        /// Who, what dialect, and why it is not kept, if it is not.
        result: Result<SignedInAs, Refused>,
    },
    /// `Read`.
    Read {
        /// Where.
        gateway: GatewayId,
        /// Which.
        request: RequestId,
        /// For what.
        why: ReadFor,
        /// The request as it is now; `None` if the gateway has no such.
        result: Result<Option<Box<Fetched>>, Refused>,
    },
    /// `Reconcile`, already committed.
    Reconciled {
        /// Where.
        gateway: GatewayId,
        /// Of which asking.
        round: u64,
        /// Every open request, and when that was.
        result: Result<OpenSet, Refused>,
    },
    /// Something about a request could not be read or stored: what is shown may lack it.
    Incomplete {
        /// Where.
        gateway: GatewayId,
    },
    /// A snapshot is about to stand in place of what was missed, perhaps of another life of the gateway's database: places
    /// and ends from before it say nothing about what comes (F17).
    Anew {
        /// Where.
        gateway: GatewayId,
    },
    /// `Ingest`, already committed.
    Ingested {
        /// Where.
        gateway: GatewayId,
        /// What changed.
        applied: Vec<Applied>,
        /// The newest local row.
        last_row: i64,
    },
    /// `Decide`.
    Decided {
        /// The command it answers.
        call: CallId,
        /// The decision.
        decision: DecisionId,
        /// On disk, or joined to one that already was.
        result: Result<Stored, Refused>,
    },
    /// `Advance`.
    Advanced {
        /// The decision.
        decision: DecisionId,
        /// What it should become.
        turn: Turn,
        /// Is it on disk?
        result: Result<(), Refused>,
    },
    /// `KeepPolicy`.
    PolicyKept {
        /// The command it answers.
        call: CallId,
        /// What was set.
        policy: Policy,
        /// Is it on disk?
        result: Result<(), Refused>,
    },
    /// `Send`.
    Sent {
        /// The decision.
        decision: DecisionId,
        /// How the call ended.
        end: CallEnd,
    },
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct SignedInAs {
    /// The identity that decides.
    pub email: String,
    /// What the gateway speaks.
    pub dialect: Dialect,
    /// Set if the session lives only as long as the engine, and why.
    pub not_kept: Option<String>,
}

/// A request read by id.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// As it is.
    pub approval: Approval,
    /// What this account may do in its pipeline.
    pub rights: Rights,
    /// Results, where they were read too.
    pub results: Vec<ActionResult>,
}

/// The open requests of a gateway.
#[derive(Clone, Debug)]
pub struct OpenSet {
    /// All of them.
    pub approvals: Vec<Approval>,
    /// True as of.
    pub as_of: DateTime<Utc>,
    /// The stream's place it belongs to, where there is one.
    pub seq: Option<u64>,
    /// What this account may do, pipeline by pipeline; `None` if that could not be read.
    pub rights: Option<BTreeMap<PipelineId, Rights>>,
}

/// What a committed event says about a request.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Which.
    pub request: RequestId,
    /// The request, if the event held it whole or it was read.
    pub approval: Option<Approval>,
    /// Only a status, where the event tells no more.
    pub status: Option<Status>,
    /// Results it brought.
    pub results: Vec<ActionResult>,
    /// The event's place.
    pub seq: Option<u64>,
}
