//! What reaches the desk, and the way there.

use super::{Here, Rehearsing};
use crate::desktop::notify::Before;
use domain::{DecisionId, RequestKey};
use engine::Console;
use engine::command::{Answer, Query, Refused};
use engine::notices::Front;
use engine::window::{Closing, Notifying, Realm, WindowView, Wish};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

/// Answers once.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refused>>;

/// Everything that can happen to the desk.
pub(crate) enum Mail {
    /// The window wants something done.
    Wish { wish: Wish, reply: Reply<Answer> },
    /// The window asks.
    Query { query: Query, reply: Reply<Answer> },
    /// The window asks for the whole view.
    View { reply: Reply<WindowView> },
    /// The console is open, or could not be opened.
    Opened(Result<Box<Console>, Refused>),
    /// Try once more to open it.
    OpenAgain,
    /// The built-in gateway runs, or could not be started.
    HereStarted(Box<Result<Here, Refused>>),
    /// The rehearsal runs, or could not be started.
    Rehearsed(Box<Result<(Rehearsing, Console), Refused>>),
    /// Bring the window up, with this request if one is named.
    Open(Option<Seen>),
    /// The person closes the window.
    CloseAsked,
    /// There is no window any more.
    WindowGone,
    /// The focus came or went.
    Front(Front),
    /// Whether this desktop shows tray icons, and so what closing does.
    TrayHost(Closing),
    /// A notification daemon is there, perhaps another than before; whether it reads markup.
    NotificationDaemon { markup: Markup, before: Before },
    /// Whether the last notification could be shown.
    Notified(Notifying),
    /// A person chose Open in a notification.
    Answered(NoticeId),
    /// End.
    Quit,
}

/// Whether a notification's body is read as markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    Read,
    Shown,
}

/// A request of one of the consoles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Which console.
    pub(crate) realm: Realm,
    /// Which request.
    pub(crate) key: RequestKey,
}

/// What a notification is about; at most one stands for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NoticeId {
    /// Which console.
    pub(crate) realm: Realm,
    /// What.
    pub(crate) subject: Subject,
}

/// See [`NoticeId`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A request that waits.
    Request(RequestKey),
    /// Many that wait.
    Many,
    /// What became of a decision of that request.
    Decision(DecisionId, RequestKey),
    /// What closing the window did.
    Closing,
}

impl Subject {
    /// The request to open.
    pub(crate) fn request(&self) -> Option<&RequestKey> {
        match self {
            Subject::Request(key) | Subject::Decision(_, key) => Some(key),
            Subject::Many | Subject::Closing => None,
        }
    }
}

impl Mail {
    /// Answers that it cannot be done.
    pub(crate) fn refuse(self, refused: &Refused) {
        // Who does not listen any more needs no answer.
        match self {
            Mail::Wish { reply, .. } | Mail::Query { reply, .. } => drop(reply.send(Err(refused.clone()))),
            Mail::View { reply } => drop(reply.send(Err(refused.clone()))),
            _ => {}
        }
    }
}

/// The way to the desk. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk(mpsc::UnboundedSender<Mail>);

impl Desk {
    /// Says something. Once the desk has ended nobody hears it.
    pub(crate) fn tell(&self, mail: Mail) {
        let _ = self.0.send(mail);
    }
}

/// A desk's two ends.
pub(crate) fn open() -> (Desk, mpsc::UnboundedReceiver<Mail>) {
    let (sender, inbox) = mpsc::unbounded_channel();
    (Desk(sender), inbox)
}
