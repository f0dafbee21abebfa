//! How the engine says no: a kind for programs, a sentence for people (DESIGN 4).

use domain::RequestId;
use serde::{Deserialize, Serialize};

/// The engine says no. `code` is for programs, `message` for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[error("{message}")]
pub struct Refused {
    /// What kind of no.
    pub code: Code,
    /// What happened, to what, and what to do next.
    pub message: String,
}

impl Refused {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// No such request for this person.
    pub fn no_request(id: &RequestId) -> Self {
        Self::new(
            Code::NotFound,
            format!(
                "There is no request {id} at this gateway that this account may see. `holdctl pending` lists the open ones."
            ),
        )
    }
}

/// The kinds of no; a kind exists only if a surface acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The question itself is wrong.
    Usage,
    /// A high-risk decision without its target's name, or with another.
    TargetNeeded,
    /// No such request, action, mapping, file.
    NotFound,
    /// Someone decided already; the message names who.
    AlreadyDecided,
    /// Running now.
    Executing,
    /// One action asks for itself.
    ActionDecisionNeeded,
    /// That action does not wait.
    NotAwaitingAction,
    /// Nothing to stop.
    NotRunning,
    /// No longer what was shown.
    Changed,
    /// Too late.
    Expired,
    /// Nothing was sent.
    Unreachable,
    /// A person has to sign in.
    SignIn,
    /// Another account is signed in to this gateway here.
    OtherAccount,
    /// The call failed and the request still stands open.
    NotTaken,
    /// Nobody knows yet.
    Unknown,
    /// Not by this account.
    NotAllowed,
    /// The certificate is not trusted.
    Certificate,
    /// The network wants a sign-in of its own.
    Portal,
    /// The proxy does not let it through.
    Proxy,
    /// It is not a gateway, or changed its protocol.
    Protocol,
    /// This kind of gateway cannot do that.
    NotPossibleHere,
    /// The gateway refused for another reason.
    Refused,
    /// Not prepared on this surface, or too long ago.
    NotPrepared,
    /// The local store cannot be written or read.
    Store,
    /// The engine has ended.
    Ended,
}

impl Code {
    /// The word in JSON.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            _ => String::from("refused"),
        }
    }
}
