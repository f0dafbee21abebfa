//! What a surface may ask of the engine, and what it gets. The same values cross the owner socket and the window's IPC
//! (DESIGN 4).

pub use crate::refused::{Code, Refused};

use crate::history::{HistoryEntry, Receipts};
use crate::policy::Policy;
use crate::view::{AppView, DecisionView};
use chrono::{DateTime, Utc};
use domain::registry::ErrorMapping;
use domain::{
    ActionId, Approval, DecisionId, Difference, Digest, GatewayId, PipelineId, Point, RemediationAction,
    RequestKey, Verdict,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Changes something.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Makes a gateway known, finding it by normalised origin; answers [`Answer::Gateway`].
    AddGateway {
        /// As a person typed it.
        address: String,
    },
    /// The gateway built into this console listens there for this run; answers [`Answer::Gateway`]. Where it listened is
    /// not remembered: the next run has another port, and what listens on the old one is someone else's.
    Host {
        /// Its id, which its own data keep.
        gateway: GatewayId,
        /// For people.
        name: String,
        /// A loopback address.
        address: String,
    },
    /// Signs in; answers [`Answer::SignedIn`].
    SignIn {
        /// Where.
        gateway: GatewayId,
        /// Who.
        email: String,
        /// Sent once, kept nowhere.
        password: Password,
    },
    /// A person named this pipeline: it is asked too in this run, also where the gateway does not list it (CONTRACT 3);
    /// answers [`Answer::Done`].
    AskAlso {
        /// Where.
        gateway: GatewayId,
        /// Which.
        pipeline: PipelineId,
    },
    /// Opens the stream if it is not open; answers [`Answer::Done`].
    Connect {
        /// Which.
        gateway: GatewayId,
    },
    /// First half of a decision: reads the request anew and judges it; answers [`Answer::Prepared`].
    Prepare(Prepare),
    /// Second half: puts it on disk, then on the wire; answers [`Answer::Decision`] once it is on disk.
    Confirm {
        /// From [`Prepared`]; dies in five minutes or with its surface.
        nonce: Nonce,
        /// The target's name, where [`Prepared::target`] asks for it.
        typed: Option<String>,
    },
    /// Takes a decision back of which nothing has left; answers [`Answer::Decision`] once that is on disk.
    TakeBack {
        /// Which.
        decision: DecisionId,
    },
    /// Sets what holds for decisions from now on; answers [`Answer::Done`] once that is on disk.
    SetPolicy(Policy),
    /// `show` has printed this digest here; answers [`Answer::Done`].
    Printed {
        /// Of which request.
        key: RequestKey,
        /// What stood on the screen.
        digest: Digest,
        /// The whole of it; kept redacted.
        approval: Box<Approval>,
    },
}

/// A secret on its way; never logged.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// One-time proof that a decision was prepared on this surface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Nonce(pub String);

/// What a person is about to decide.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Prepare {
    /// The request.
    pub key: RequestKey,
    /// Its pipeline, where the person named it.
    pub pipeline: Option<PipelineId>,
    /// The request, or one action.
    pub point: Point,
    /// What shall happen.
    pub verdict: Verdict,
    /// What was shown to the person (rule 3). Needed for an approve.
    pub shown: Option<Digest>,
    /// What becomes of it when the gateway cannot be reached.
    pub unreachable: Unreachable,
}

/// What becomes of a decision when the gateway cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// It ends as not taken: nothing is left queued.
    GiveUp,
    /// It waits for the gateway, within rule 7.
    Queue,
}

/// A decision that may be confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Prepared {
    /// Give it back to confirm.
    pub nonce: Nonce,
    /// The id it will have: known before it exists, so that it can be asked for after a crash.
    pub decision: DecisionId,
    /// What will be decided upon.
    pub digest: Digest,
    /// Who decides what, where: for the button.
    pub sentence: String,
    /// The actions that run before anybody is asked again.
    pub covers: Vec<ActionId>,
    /// The service whose name must be typed, if a high-risk action is covered.
    pub target: Option<String>,
    /// Set if the gateway cannot be reached: why, and that what is confirmed waits for it (rule 7).
    #[serde(default)]
    pub queued: Option<String>,
}

/// Asks without changing anything at the gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Query {
    /// The whole view.
    View,
    /// The gateway's open requests, read now; the cache if it cannot be reached.
    Pending {
        /// Which.
        gateway: GatewayId,
    },
    /// One request, read now; the cache if the gateway cannot be reached.
    Show {
        /// Which.
        key: RequestKey,
        /// Its pipeline, where the person named it.
        pipeline: Option<PipelineId>,
    },
    /// What differs between the request now and what `show` last printed here; answers [`Answer::Differences`].
    SincePrinted {
        /// Which.
        key: RequestKey,
        /// Its pipeline, where the person named it.
        pipeline: Option<PipelineId>,
    },
    /// The pipelines this account may see.
    Pipelines {
        /// Which.
        gateway: GatewayId,
    },
    /// Runbook actions.
    Actions {
        /// Which.
        gateway: GatewayId,
        /// One pipeline, or all.
        pipeline: Option<PipelineId>,
    },
    /// Error mappings.
    Mappings {
        /// Which.
        gateway: GatewayId,
        /// One pipeline, or all.
        pipeline: Option<PipelineId>,
    },
    /// One decision, from its outbox row.
    Decision {
        /// Which.
        decision: DecisionId,
    },
    /// Events and decisions that hold every word, newest first; a blank query gives the newest. From disk.
    History {
        /// As a person typed it.
        query: String,
        /// At most this many, and never more than [`crate::history::MOST_ENTRIES`].
        limit: u32,
    },
    /// The request as it was shown when that decision was made. From disk.
    Shown {
        /// Which.
        decision: DecisionId,
    },
    /// Whether the chain of receipts holds. From disk.
    Receipts,
    /// The receipts were exported up to this one: it is remembered, so that a shorter or another chain is found later;
    /// answers [`Answer::Done`].
    Exported {
        /// The last receipt in the export.
        seq: u64,
        /// Its hash.
        hash: String,
    },
}

/// What the engine answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum Answer {
    /// It is so.
    Done,
    /// The gateway's id here.
    Gateway(GatewayId),
    /// Who is signed in now, and whether that is kept.
    SignedIn(SignedIn),
    /// A decision that may be confirmed.
    Prepared(Prepared),
    /// Where a decision stands; `None` if there is no such.
    Decision(Option<Box<DecisionView>>),
    /// The view.
    View(Box<AppView>),
    /// Requests.
    Approvals(Dated<Vec<Approval>>),
    /// One request; `None`: no such request for this person.
    Approval(Option<Box<Dated<Approval>>>),
    /// Field by field; `None`: it was never printed here, or is not there any more.
    Differences(Option<Vec<Difference>>),
    /// Pipelines.
    Pipelines(Dated<Vec<Pipeline>>),
    /// Runbook actions with their pipeline.
    Actions(Dated<Vec<(PipelineId, RemediationAction)>>),
    /// Mappings with their pipeline.
    Mappings(Dated<Vec<(PipelineId, ErrorMapping)>>),
    /// The past, newest first.
    History(Vec<HistoryEntry>),
    /// What was shown, secrets taken out; `None` if there is no such decision.
    Shown(Option<Box<Approval>>),
    /// What became of the chain of receipts.
    Receipts(Receipts),
}

/// Who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SignedIn {
    /// The identity that decides (rule 8).
    pub email: String,
    /// Set if the session lives only as long as the engine, and why.
    pub not_kept: Option<String>,
}

/// A pipeline this account may see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// For people.
    pub name: String,
    /// A word.
    pub status: Option<String>,
}

/// Something with the time it was true.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Dated<T> {
    /// The thing.
    pub value: T,
    /// True as of.
    pub as_of: DateTime<Utc>,
    /// Where it is from.
    pub source: Source,
}

/// Where an answer is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Source {
    /// The gateway, just now.
    Gateway,
    /// The local cache, because the gateway could not be reached.
    Cache {
        /// Why not, for a person.
        why: String,
    },
}
