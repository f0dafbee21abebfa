//! What this console remembers: two SQLite files in one directory (DESIGN 3, 5).
//!
//! `decisions.db` holds what must never be lost (gateways, outbox, receipts, decided requests as shown); `cache.db`
//! what the gateway can tell again (events, cursors, approvals, lists). No transaction spans both. One process owns
//! them as [`Store`]; any other may look through a [`Reader`] at any time.
//!
//! Owns the tables, their migrations, redaction before writing, and the lock that an open outbox row is. It does not
//! decide what to send or show, and it does not arbitrate who may be the owner: the engine's file lock does.

mod approvals;
mod audit;
mod backup;
mod ballast;
mod check;
mod condition;
mod cursors;
mod error;
mod events;
mod exports;
mod files;
mod gateways;
mod history;
mod incidents;
mod listings;
mod mend;
mod open;
mod outbox;
mod place;
mod printed;
mod query;
mod receipts;
mod redacted;
mod salvage;
mod schema;
mod settings;
mod shelf;
mod shown;
#[cfg(test)]
mod tests;
mod times;

pub use approvals::{CachedApproval, Standing};
pub use audit::{Compared, Reading};
pub use condition::{Condition, File};
pub use cursors::Cursor;
pub use error::StoreError;
pub use events::{Batch, EventRow, LocalRow, StoredEvent};
pub use exports::Export;
pub use gateways::GatewayRecord;
pub use history::HistoryEntry;
pub use incidents::{Incident, Kind};
pub use listings::{Listing, PipelineEntry};
pub use open::{Keys, Reader, Store};
pub use outbox::{Change, Decided, NewDecision, Opening, OutboxRow, Scope, Superseded};
pub use place::data_dir;
pub use shown::Shown;
