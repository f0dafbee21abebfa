//! The event stream of one gateway (CONTRACT 2, 3): a machine without I/O decides, a thin driver carries it out.
//!
//! It tells what comes and how the connection stands. It never says "live": that takes the open requests to be
//! reconciled, which is the engine's matter (rule 9).

#[cfg(test)]
mod autobahn;
pub(crate) mod backoff;
pub(crate) mod driver;
mod frames;
mod inout;
mod legs;
mod line;
mod loss;
pub mod machine;
mod meter;
mod next;
mod order;
pub(crate) mod pace;
mod polling;
pub(crate) mod socket;
mod state;
#[cfg(test)]
mod story;

use crate::api::approvals::OpenSet;
use crate::capability::Capabilities;
use chrono::{DateTime, Utc};
use domain::connection::{RefusedBy, SignIn, Staleness, Via};
use protocol::frame::{Access, Event};
use protocol::platform::Document;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place in a gateway's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The life of the gateway's database.
    pub epoch: String,
    /// The last event that is here.
    pub seq: u64,
    /// Its id, where it is known: it proves that both sides mean the same history.
    #[serde(default)]
    pub last_id: Option<String>,
}

/// What the stream tells, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// How the connection stands.
    Phase(Phase),
    /// Events in order, each once. To be committed together with `cursor`; `None` where the gateway has no sequence.
    Events {
        /// The events.
        events: Vec<Event>,
        /// Where they lead to.
        cursor: Option<Cursor>,
    },
    /// Documents of the platform. A document about a request leads to reading that request anew.
    Documents(Vec<Document>),
    /// The history has a hole before what comes next; a [`StreamEvent::Snapshot`] follows.
    Reset {
        /// The gateway's word: `new`, `epoch`, `too-old`, `mismatch`, `slow`; or `unreadable`, said here.
        reason: String,
    },
    /// Everything open, taken after a reset; its cursor is where the events after it begin.
    Snapshot(Box<OpenSet>),
    /// A frame could not be read. The stream goes on.
    Malformed {
        /// How many in this run.
        count: u64,
        /// Its beginning. Hostile text.
        sample: String,
    },
    /// JSON of no kind this build knows.
    Unknown(Value),
    /// Rights changed.
    Access(Access),
    /// Who else is looking at what.
    Presence(Value),
    /// Nothing is missing up to here: reconcile, then it is live. On the platform: a pong came.
    Drained {
        /// Where that is.
        cursor: Option<Cursor>,
        /// How it came, and what follows will.
        via: Via,
    },
    /// The gateway's clock is ahead of this machine's by so much; negative = behind.
    ServerTime {
        /// Milliseconds.
        offset_ms: i64,
    },
    /// What the gateway can do.
    Capabilities(Capabilities),
}

impl StreamEvent {
    fn server_time(told: DateTime<Utc>, now: Now) -> Self {
        StreamEvent::ServerTime { offset_ms: (told - now.wall).num_milliseconds() }
    }
}

/// How the connection stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// A connection is being made.
    Connecting,
    /// Connected; what was missed is coming in.
    CatchingUp,
    /// Not connected; the next try comes by itself.
    Waiting {
        /// When, by the boot-time clock.
        until_boot_ms: u64,
        /// How many tries failed in a row.
        failures: u32,
        /// Why.
        why: Staleness,
    },
    /// A person has to sign in; the stream ends with this.
    SignInNeeded(SignIn),
    /// The gateway, or something in between, is not to be talked to. Tried again from time to time.
    Refused(RefusedBy),
    /// The gateway is about to restart; the connection still stands and tells what happens for as long as it does.
    GoingAway {
        /// When to come back; another connection is made then, and takes over once it has caught up.
        retry_after_ms: u64,
    },
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Cancelled,
    /// Nobody listens any more.
    Unheard,
    /// A person has to sign in first.
    SignInNeeded(SignIn),
}

/// The moment of a step: both clocks and one random number.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Boot-time clock.
    pub boot_ms: u64,
    /// Wall clock; may jump.
    pub wall: DateTime<Utc>,
    /// Any random number.
    pub draw: u64,
}
