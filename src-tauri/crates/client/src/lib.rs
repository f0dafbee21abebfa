//! One gateway seen from outside: REST, event stream and session, in two dialects behind one API (CONTRACT 1-3).
//!
//! Owns the way to a gateway and back. Deliberately decides nothing about requests, keeps nothing on disk, and has no
//! conversion from a transport error to an outcome: a [`Failure`] says what is known, the engine finds out the rest.

mod api;
pub mod capability;
pub mod failure;
mod gateway;
pub mod network;
pub mod origin;
pub mod session;
pub mod settings;
pub mod stream;
pub mod system;
mod wire;

pub use api::approvals::{LeftOut, OpenSet};
pub use api::auth::Identity;
pub use api::decide::{Decide, Taken};
pub use api::pipelines::{Pipeline, Rights, ToldBy};
pub use api::probe::Probe;
pub use capability::{Capabilities, Capability};
pub use failure::Failure;
pub use gateway::Gateway;
pub use network::Network;
pub use origin::{BadOrigin, Origin};
pub use session::SessionSecret;
pub use settings::{Dialect, Pace, Password, Settings, Timeouts};
pub use stream::{Cursor, Ended, Phase, StreamEvent};

/// The wire's own words, for those above who may not know `protocol`.
pub use protocol::frame::{ApprovalKind, Event};
pub use protocol::platform::Document;
pub use protocol::problem::{Form, Slug, Told};
pub use protocol::rest::EventsPage;
