//! The five honest values of a connection's state (rule 9), each with a typed reason.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a gateway's connection is right now. It starts as stale {never}.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Connection {
    /// The stream is drained and the open requests are reconciled.
    Live {
        /// How events come.
        via: Via,
    },
    /// Connected; what was missed is still coming in.
    CatchingUp,
    /// What is shown may be old.
    Stale {
        /// Since when, if it was ever live.
        since: Option<DateTime<Utc>>,
        /// Why.
        why: Staleness,
    },
    /// Nothing comes before a person signs in.
    SignInNeeded {
        /// Why.
        why: SignIn,
    },
    /// The gateway, or something in between, is not to be talked to.
    Refused {
        /// Why.
        why: RefusedBy,
    },
}

/// How events come while live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Over the WebSocket.
    Socket,
    /// Over the long-poll fallback.
    Polling,
}

/// Why what is shown may be old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Staleness {
    /// It was never connected in this run.
    Never,
    /// Connecting, or waiting for the next try, after the gateway could not be reached.
    Unreachable,
    /// The connection broke or fell silent.
    Lost,
    /// The gateway said it is restarting.
    GoingAway,
    /// The engine is closing.
    Closed,
}

/// Why a person has to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// No session is kept.
    NoSession,
    /// The session ended and could not be renewed.
    Expired,
    /// The gateway did not take the name or password.
    WrongCredentials,
    /// The account may not use this gateway.
    NotAllowed,
}

/// Who or what refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RefusedBy {
    /// The certificate is not to be trusted.
    Certificate,
    /// A captive portal answers in its place.
    Portal,
    /// A proxy wants credentials or forbids it.
    Proxy,
    /// It is not a gateway, or changed its protocol.
    Protocol,
}

impl Connection {
    /// The state at start.
    pub const NEVER: Connection = Connection::Stale { since: None, why: Staleness::Never };

    /// Is what is shown as fresh as it can be?
    pub fn is_live(&self) -> bool {
        matches!(self, Connection::Live { .. })
    }
}

/// A sentence for people.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Connection::Live { via: Via::Socket } => "live",
            Connection::Live { via: Via::Polling } => {
                "live (polling: no WebSocket gets through to the gateway)"
            }
            Connection::CatchingUp => "catching up",
            Connection::Stale { why, .. } => match why {
                Staleness::Never => "stale: not connected yet",
                Staleness::Unreachable => "stale: the gateway cannot be reached",
                Staleness::Lost => "stale: the connection was lost",
                Staleness::GoingAway => "stale: the gateway is restarting",
                Staleness::Closed => "stale: closed",
            },
            Connection::SignInNeeded { why } => match why {
                SignIn::NoSession => "sign-in needed: no session",
                SignIn::Expired => "sign-in needed: the session ended",
                SignIn::WrongCredentials => "sign-in needed: wrong name or password",
                SignIn::NotAllowed => "sign-in needed: this account is not allowed here",
            },
            Connection::Refused { why } => match why {
                RefusedBy::Certificate => "refused: the certificate is not trusted",
                RefusedBy::Portal => "refused: the network wants a sign-in of its own",
                RefusedBy::Proxy => "refused: the proxy does not let it through",
                RefusedBy::Protocol => "refused: the gateway does not speak the expected protocol",
            },
        };
        f.write_str(text)
    }
}
