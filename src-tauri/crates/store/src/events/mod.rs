//! Events as they came, in the order of their commit. One batch is one transaction: events, their search words, the
//! approvals they brought and the cursor (DESIGN 4).

mod commit;
mod line;
mod look;

pub use look::StoredEvent;

pub(crate) use look::Row;

use crate::Cursor;
use chrono::{DateTime, Utc};
use domain::{Approval, GatewayId, PipelineId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The number an event got when it was committed here: grows, is never given twice, means nothing to the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalRow(pub i64);

impl fmt::Display for LocalRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event to be stored. The same `(gateway, epoch, id)` is stored once (F13); a gateway that re-sends an id with
/// other content needs the difference in the id.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// The stream's epoch; empty on a gateway without.
    pub epoch: String,
    /// The gateway's number; 0 on a gateway without.
    pub seq: i64,
    /// Pipeline id, or `user:<id>`.
    pub topic: String,
    /// The event's id.
    pub id: String,
    /// `notification`, `workflow`, `log`, `rca`, `run`, `agent`, `bot`; unknown words are kept.
    pub kind: String,
    /// `data.type`, as `approval_required`.
    pub subtype: Option<String>,
    /// The pipeline it is about.
    pub pipeline: Option<PipelineId>,
    /// The request it is about.
    pub request: Option<RequestId>,
    /// The gateway's time.
    pub at: DateTime<Utc>,
    /// One line for lists.
    pub title: String,
    /// What it should be found by, besides the title, its type and its ids. Searched, not kept.
    pub text: String,
    /// All of it, as it came.
    pub raw: Value,
}

/// What is committed together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Whose.
    pub gateway: GatewayId,
    /// In order.
    pub events: Vec<EventRow>,
    /// Where the stream stands after them.
    pub cursor: Option<Cursor>,
    /// Requests that became known, each with the time it was read.
    pub approvals: Vec<(Approval, DateTime<Utc>)>,
}
