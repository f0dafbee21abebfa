//! What reaches the stream's machine and what it wants done.

use crate::api::approvals::OpenSet;
use crate::failure::Failure;
use crate::settings::Dialect;
use crate::stream::{Ended, StreamEvent};
use chrono::{DateTime, Utc};
use protocol::rest::EventsPage;

/// Which of the two connections: the one that counts, or the one that is to take over from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leg {
    Main,
    Next,
}

/// What happened.
pub(crate) enum Input<'a> {
    Start,
    /// The handshake went through, with a gateway of this dialect, which told its time where it did.
    Opened(Dialect, Option<DateTime<Utc>>),
    /// It did not.
    Failed(Failure),
    /// A text frame.
    Text(&'a str),
    /// A frame without meaning for us: it proves life.
    Heard,
    /// Bytes have come that make no whole message yet.
    Half,
    /// Something no WebSocket may carry, or longer than allowed. The connection is of no more use.
    Unreadable {
        /// What the other side is told (RFC 6455, 7.4.1).
        code: u16,
        what: String,
    },
    /// The other side closed.
    Closed {
        code: Option<u16>,
        reason: String,
    },
    /// The connection broke.
    Broke(String),
    /// An answer to [`Output::FetchEvents`] or [`Output::Poll`].
    Page {
        ticket: u64,
        page: Result<(EventsPage, usize), Failure>,
    },
    /// An answer to [`Output::TakeSnapshot`].
    Snapshot {
        ticket: u64,
        set: Result<OpenSet, Failure>,
    },
    /// An answer to [`Output::Renew`].
    Renewed(Result<(), Failure>),
    /// Time passed.
    Tick,
    /// The machine woke up or the network changed.
    Woke,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    /// Open a connection; one that is being opened as the same leg is given up.
    Connect(Leg),
    /// The next connection is the one that counts from here on; the other is closed.
    TakeOver,
    /// Renew the session.
    Renew,
    Send(Leg, String),
    /// Close the connection, or give up opening it, and forget it.
    Close(Leg, u16),
    Emit(StreamEvent),
    FetchEvents {
        ticket: u64,
        after: u64,
    },
    /// The same, answered only when there is something or so much time has passed.
    Poll {
        ticket: u64,
        after: u64,
        wait_ms: u64,
    },
    TakeSnapshot {
        ticket: u64,
    },
    End(Ended),
}
