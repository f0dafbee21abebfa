//! Bugs to be planted, one at a time and only in tests: the simulation has to find each of them. The product's code asks
//! [`has`] where the bug would be; some live where the simulation carries an effect out, which is said there.

use std::cell::Cell;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// On a gateway without digests the request is not read again before sending.
    RereadSkipped,
    /// Each try has a key of its own. Lives in the simulated call.
    NewKeyOnRetry,
    /// The cursor is on disk before its events. Lives in the simulated worker.
    CursorBeforeEvents,
    /// An answer that did not come is taken as a refusal.
    SilenceIsRefusal,
    /// A point may hold two open decisions. Lives in the model store.
    PointLockIgnored,
    /// After a restart an approve that may have left is sent again, also where there are no keys.
    UnclearSentAgain,
    /// An approve leaves however long it waited.
    StaleApproveSent,
    /// "Live" is said before the open requests are accounted for.
    LiveTooEarly,
    /// A time-out counts as taken.
    TimeOutIsTaken,
    /// A request is told of each time it is seen.
    ToldAgain,
    /// A confirmation from another window is taken.
    AnyWindowConfirms,
    /// An event that comes twice is stored twice. Lives in the model store.
    DuplicateStored,
    /// What one person decided leaves under the name of whoever is signed in.
    AnyoneSends,
}

impl Plant {
    /// All of them.
    pub(crate) const ALL: [Plant; 13] = [
        Plant::RereadSkipped,
        Plant::NewKeyOnRetry,
        Plant::CursorBeforeEvents,
        Plant::SilenceIsRefusal,
        Plant::PointLockIgnored,
        Plant::UnclearSentAgain,
        Plant::StaleApproveSent,
        Plant::LiveTooEarly,
        Plant::TimeOutIsTaken,
        Plant::ToldAgain,
        Plant::AnyWindowConfirms,
        Plant::DuplicateStored,
        Plant::AnyoneSends,
    ];
}

thread_local! {
    static PLANTED: Cell<Option<Plant>> = const { Cell::new(None) };
}

/// Is it planted in this thread?
pub(crate) fn has(plant: Plant) -> bool {
    PLANTED.get() == Some(plant)
}

/// Runs with that bug planted.
pub(super) fn with<T>(plant: Plant, run: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(plant));
    let result = run();
    PLANTED.set(None);
    result
}
