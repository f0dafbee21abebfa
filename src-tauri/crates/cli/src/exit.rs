//! Exit codes: a promise to scripts.

use engine::{Code, Refused};

/// The ways to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Anything else: the gateway refused the request, a receipt is bad.
    Other = 1,
    /// Usage.
    Usage = 2,
    /// No such request, action, mapping, file.
    NotFound = 3,
    /// Decided, changed, expired.
    Conflict = 4,
    /// Gateway unreachable: nothing was sent, nothing is left queued.
    Unreachable = 5,
    /// A person has to sign in.
    SignIn = 6,
    /// Not taken, or the outcome is unknown.
    Unknown = 7,
    /// Not by this account.
    NotAllowed = 8,
    /// Decided, but an action failed.
    ActionFailed = 9,
}

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The exit of a refusal.
    pub(crate) fn of(code: Code) -> Self {
        match code {
            Code::Usage | Code::TargetNeeded => Exit::Usage,
            Code::NotFound => Exit::NotFound,
            Code::AlreadyDecided
            | Code::Executing
            | Code::ActionDecisionNeeded
            | Code::NotAwaitingAction
            | Code::NotRunning
            | Code::Changed
            | Code::Expired => Exit::Conflict,
            Code::Unreachable | Code::Certificate | Code::Portal | Code::Proxy => Exit::Unreachable,
            Code::SignIn | Code::OtherAccount => Exit::SignIn,
            Code::NotTaken | Code::Unknown => Exit::Unknown,
            Code::NotAllowed => Exit::NotAllowed,
            Code::Protocol
            | Code::NotPossibleHere
            | Code::Refused
            | Code::NotPrepared
            | Code::Store
            | Code::Ended => Exit::Other,
        }
    }
}

/// Why the program stops without what was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// How it ends.
    pub(crate) exit: Exit,
    /// For programs.
    pub(crate) code: String,
    /// For people. May hold hostile text.
    pub(crate) message: String,
}

impl Stop {
    /// The question itself is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code: "usage".into(), message: message.into() }
    }

    /// Anything without a code of its own.
    pub(crate) fn other(code: &str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Other, code: code.into(), message: message.into() }
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self { exit: Exit::of(refused.code), code: refused.code.word(), message: refused.message }
    }
}

impl From<store::StoreError> for Stop {
    fn from(error: store::StoreError) -> Self {
        Self::other("store", error.to_string())
    }
}
