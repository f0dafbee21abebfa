//! A decision on its way, and one that is about to be made. Owns what is known of them; what becomes of them is
//! `step`'s and `outbox`'s.

use crate::command::{Prepare, Unreachable};
use crate::effect::SurfaceId;
use crate::input::{Fresh, Now};
use crate::outbox::Left;
use crate::view::{DecisionView, Waits, WaitsFor};
use domain::{Approval, Digest, OutboxState};

/// One decision on its way.
#[derive(Debug)]
pub struct Decision {
    /// What surfaces see.
    pub view: DecisionView,
    /// What is under way for it; nothing else is started meanwhile.
    pub busy: Busy,
    /// Which run made it.
    pub made_in: MadeIn,
    /// How often it was put on the wire in this run and may have left.
    pub tries: u32,
    /// How often in a row it was to be sent and did not leave.
    pub unsent: u32,
    /// May it have reached the gateway?
    pub left: Left,
    /// Where the gateway has no digests: must the request be read once more before the next try?
    pub reread: Reread,
    /// Is the gateway being asked for its answer to the key?
    pub by_key: ByKey,
    /// What becomes of it when the gateway cannot be reached.
    pub unreachable: Unreachable,
    /// Not before this, on the boot-time clock.
    pub due_ms: u64,
    /// When its call failed, on the boot-time clock.
    pub failed_ms: Option<u64>,
    /// How often it was looked for since.
    pub looks: u32,
    /// When it was made, on the boot-time clock: negative for one older than the machine's start.
    pub made_ms: i64,
}

/// Whether the request must be read before a decision leaves, where the gateway has no digests (rule 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reread {
    /// It waited since it was read.
    Needed,
    /// It was read just now.
    Done,
}

/// Whether the gateway is being asked what it answered to the key of a decision whose fate is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByKey {
    /// No.
    No,
    /// The question is out.
    Asked,
}

/// Which run made a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeIn {
    /// This one.
    ThisRun,
    /// An earlier one: it was found on disk.
    EarlierRun,
}

/// What is under way for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Nothing.
    Idle,
    /// Its row is being written.
    Saving,
    /// The request is being read.
    Looking,
    /// It is on the wire.
    Sending,
}

/// A prepare whose request is being read.
#[derive(Debug)]
pub struct Preparing {
    /// Who asked.
    pub surface: SurfaceId,
    /// What.
    pub prepare: Prepare,
    /// For the prepared decision.
    pub fresh: Fresh,
}

/// A decision that waits for its confirmation.
#[derive(Debug)]
pub struct PreparedDecision {
    /// The only surface that may confirm it.
    pub surface: SurfaceId,
    /// Void after this, on the boot-time clock.
    pub until_ms: u64,
    /// The service whose name must be typed.
    pub target: Option<String>,
    /// As it will be stored.
    pub row: DecisionView,
    /// The request as read.
    pub shown: Approval,
    /// See [`Unreachable`].
    pub unreachable: Unreachable,
}

impl Decision {
    /// Goes on after so many milliseconds. Where nothing has left, a person sees what for and may take it back.
    pub(crate) fn wait(&mut self, what: WaitsFor, after_ms: u64, now: Now) {
        self.due_ms = now.boot_ms.saturating_add(after_ms);
        let until = i64::try_from(after_ms).ok().and_then(chrono::Duration::try_milliseconds);
        let until = until.and_then(|after| now.wall.checked_add_signed(after));
        self.view.waits = (self.left == Left::Never && self.is_unsent()).then_some(Waits { what, until });
    }

    /// Goes on when somebody signs in, and not before.
    pub(crate) fn freeze(&mut self) {
        self.due_ms = u64::MAX;
        let waits = Waits { what: WaitsFor::SignIn, until: None };
        self.view.waits = (self.left == Left::Never && self.is_unsent()).then_some(waits);
    }

    /// Is it still to be sent?
    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self.view.state, OutboxState::Held | OutboxState::Queued | OutboxState::Sent)
    }

    /// The digest it carries.
    pub fn digest(&self) -> &Digest {
        &self.view.digest
    }
}
