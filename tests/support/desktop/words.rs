//! What the page says, where a test reads it or presses it: the one place to change when the page's words change.

/// First start, above the three doors.
pub const DOORS: &str = "Where do the requests come from?";
/// Second door: its button.
pub const THIS_MACHINE: &str = "Use this machine";
/// Third door: its button.
pub const REHEARSE: &str = "Start the rehearsal";
/// Said above everything in a rehearsal.
pub const REHEARSAL: &str = "Rehearsal";
/// Leaves the rehearsal.
pub const END_REHEARSAL: &str = "End rehearsal";
/// First door: the gateway's address.
pub const ADDRESS: &str = "Address";
/// First door: its button.
pub const CONNECT: &str = "Connect";
/// Sign-in.
pub const EMAIL: &str = "Email";
/// Sign-in.
pub const PASSWORD: &str = "Password";
/// Sign-in: its button.
pub const SIGN_IN: &str = "Sign in";
/// The state of a connection that is live, as a line of its own.
pub const LIVE: &str = "Live";
/// How a state that is not live begins once it was live.
pub const STALE: &str = "Stale since";
/// The state of a connection that nobody is signed in to.
pub const SIGN_IN_NEEDED: &str = "Sign-in needed";
/// An inbox where nothing waits.
pub const NOTHING_HELD: &str = "Nothing is held";
/// Puts newcomers into the list, which never moves by itself under a person's eyes.
pub const SHOW_NEW: &str = "Show";
/// The proved end of an approval.
pub const TOOK_EFFECT: &str = "Took effect";
/// A claim that only the gateway can make true (rule 7).
pub const APPROVED: &str = "Approved";
/// The rail's way to the past.
pub const HISTORY: &str = "History";
/// The rail's way to the actions.
pub const RUNBOOKS: &str = "Runbooks";
/// The rail's way to the mappings.
pub const MAPPINGS: &str = "Error mappings";
/// The rail's way to the requests.
pub const INBOX: &str = "Inbox";
/// The rail's way to the settings.
pub const SETTINGS: &str = "Settings";
/// The history's search field.
pub const SEARCH: &str = "Error, pipeline, action, person";
/// A row of the history about an approval of one's own.
pub const DECIDED_BY_YOU: &str = "Approved by you";
/// A receipt that was checked and hangs in a whole chain.
pub const CHAIN_WHOLE: &str = "Chain and signatures verified just now";
/// What is old says since when.
pub const AS_OF: &str = "as of";

/// The button that opens the confirmation of all of a request, and the one that confirms it.
pub fn approve(actions: usize, email: &str, pipeline: &str) -> String {
    let all = if actions == 1 { "" } else { "all " };
    format!("Approve {all}as {email} on {pipeline}")
}

/// The confirmation of a whole request, above what it covers.
pub const CONFIRMATION: &str = "Approve the request";

/// Said where a notification could not be shown.
pub const NO_NOTIFICATIONS: &str = "No notifications";
/// Why an approval is closed while the gateway is not live.
pub const NEEDS_FRESH_LOOK: &str = "An approval needs a fresh look";
/// Ends a dialog whose decision is void.
pub const CLOSE: &str = "Close";
/// Settings, where the session ends with this run.
pub const SIGN_IN_AGAIN: &str = "You will have to sign in again after a restart.";
/// Settings, where a gateway has no session.
pub const NOBODY_SIGNED_IN: &str = "Nobody is signed in.";
/// Why a connection is stale where nobody answers.
pub const UNREACHABLE: &str = "cannot be reached";
/// Leaves a dialog without deciding.
pub const CANCEL: &str = "Cancel";
