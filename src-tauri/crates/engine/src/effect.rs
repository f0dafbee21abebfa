//! What the engine wants done: each effect runs in a task of its own and comes back as `Input::Done`.

use crate::command::{Answer, Password, Refused};
use crate::outbox::Turn;
use crate::policy::Policy;
use crate::view::DecisionView;
use client::Cursor;
use client::{Document, Event};
use domain::{ActionResult, Approval, DecisionId, GatewayId, PipelineId, RequestId, Status, Verdict};

/// One command that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// One window or connection; 0 is the process itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SurfaceId(pub u64);

/// What a read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFor {
    /// To judge a decision that a person prepares.
    Prepare(CallId),
    /// To compare once more before sending, where the gateway has no digests.
    Send(DecisionId),
    /// To see what became of a decision.
    Look(DecisionId),
    /// It was open here and is missing there.
    Reconcile,
}

/// What shall be done.
#[derive(Debug)]
pub enum Effect {
    /// Answer a command.
    Reply(CallId, Result<Answer, Refused>),
    /// Find or make the gateway's record.
    AddGateway {
        /// To answer.
        call: CallId,
        /// As typed.
        address: String,
    },
    /// Find or make the record of the gateway that is built in, and talk to it where it listens now.
    Host {
        /// To answer.
        call: CallId,
        /// Its id.
        gateway: GatewayId,
        /// For people.
        name: String,
        /// As given.
        address: String,
    },
    /// Probe, pin, sign in, keep the session.
    SignIn {
        /// To answer.
        call: CallId,
        /// Where.
        gateway: GatewayId,
        /// Who.
        email: String,
        /// Sent once.
        password: Password,
    },
    /// Start the stream from the cursor on disk.
    OpenStream {
        /// Where.
        gateway: GatewayId,
    },
    /// Read all open requests and commit them.
    Reconcile {
        /// Where.
        gateway: GatewayId,
        /// Which asking.
        round: u64,
    },
    /// Complete events by reading what they leave out, and commit them with the cursor.
    Ingest {
        /// Where.
        gateway: GatewayId,
        /// What came.
        batch: Batch,
    },
    /// Read one request.
    Read {
        /// Where.
        gateway: GatewayId,
        /// Its pipeline, if known.
        pipeline: Option<PipelineId>,
        /// Which.
        request: RequestId,
        /// For what.
        why: ReadFor,
    },
    /// Put a decision on disk, with what was shown and its receipt (rule 1).
    Decide {
        /// To answer.
        call: CallId,
        /// The decision.
        row: Box<DecisionView>,
        /// The request as shown; redacted before it is stored.
        shown: Box<Approval>,
        /// The target's name, where it was typed.
        typed: Option<String>,
    },
    /// Write a row's next state with its receipt.
    Advance {
        /// Which.
        decision: DecisionId,
        /// Its next state.
        turn: Turn,
        /// The request's status, if known.
        status: Option<Status>,
        /// What really happened, so far.
        results: Vec<ActionResult>,
    },
    /// Keep what a person has set about decisions.
    KeepPolicy {
        /// To answer.
        call: CallId,
        /// Within its bounds.
        policy: Policy,
    },
    /// Put a decision on the wire.
    Send {
        /// The row.
        row: Box<DecisionView>,
    },
}

/// What came over a stream.
#[derive(Debug)]
pub enum Batch {
    /// Events with a place in the stream.
    Events {
        /// In order.
        events: Vec<Event>,
        /// Where they lead to; committed with them.
        cursor: Option<Cursor>,
    },
    /// Documents of the platform.
    Documents(Vec<Document>),
    /// A snapshot in place of what was missed.
    Snapshot {
        /// The open requests.
        approvals: Vec<Approval>,
        /// The place after it.
        cursor: Option<Cursor>,
    },
}

/// How a decision came to be on disk.
#[derive(Clone, Debug)]
pub enum Stored {
    /// It is the first at its point. The verdict as stored is what is sent, on every try: a secret in a reason is out.
    New(Verdict),
    /// Its point is held by this open decision.
    Joined(Box<DecisionView>),
}
