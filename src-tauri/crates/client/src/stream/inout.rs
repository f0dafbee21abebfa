//! What reaches the stream's machine and what it wants done.

use crate::api::approvals::OpenSet;
use crate::failure::Failure;
use crate::settings::Dialect;
use crate::stream::{Ended, StreamEvent};
use chrono::{DateTime, Utc};
use domain::connection::SignIn;
use protocol::rest::EventsPage;

/// Which of the two connections: the one that counts, or the one that is to take over from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// The one that counts.
    Main,
    /// The one that is to take over.
    Next,
}

/// What happened.
pub enum Input<'a> {
    /// Begin.
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
        /// What it was.
        what: String,
    },
    /// The other side closed.
    Closed {
        /// Its code, if it gave one.
        code: Option<u16>,
        /// Its words.
        reason: String,
    },
    /// The connection broke.
    Broke(String),
    /// An answer to [`Output::FetchEvents`] or [`Output::Poll`].
    Page {
        /// Of the asking.
        ticket: u64,
        /// The page, and how many of its events could not be read.
        page: Result<(EventsPage, usize), Failure>,
    },
    /// An answer to [`Output::TakeSnapshot`].
    Snapshot {
        /// Of the asking.
        ticket: u64,
        /// Everything open.
        set: Result<OpenSet, Failure>,
    },
    /// An answer to [`Output::Renew`].
    Renewed(Result<(), Failure>),
    /// The session ended elsewhere: a call was refused, or a person signed out (F46).
    SessionEnded(SignIn),
    /// Time passed.
    Tick,
    /// The machine woke up or the network changed.
    Woke,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Open a connection; one that is being opened as the same leg is given up.
    Connect(Leg),
    /// The next connection is the one that counts from here on; the other is closed.
    TakeOver,
    /// Renew the session.
    Renew,
    /// Send this text frame.
    Send(Leg, String),
    /// Close the connection, or give up opening it, and forget it.
    Close(Leg, u16),
    /// Tell it on.
    Emit(StreamEvent),
    /// Fetch a page of events.
    FetchEvents {
        /// To be given back with the answer.
        ticket: u64,
        /// The events after this seq.
        after: u64,
    },
    /// The same, answered only when there is something or so much time has passed.
    Poll {
        /// To be given back with the answer.
        ticket: u64,
        /// The events after this seq.
        after: u64,
        /// How long the answer may take, in milliseconds.
        wait_ms: u64,
    },
    /// Read everything open.
    TakeSnapshot {
        /// To be given back with the answer.
        ticket: u64,
    },
    /// It is over.
    End(Ended),
}
