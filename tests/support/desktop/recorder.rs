//! A notification daemon that shows nothing and remembers everything. It owns `org.freedesktop.Notifications` on the
//! desktop's bus; a person's click is a signal that the test sends.

use crate::serve::lock;
use anyhow::{Context, Result};
use headless::until;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, connection, interface};

const PATH: &str = "/org/freedesktop/Notifications";
const NAME: &str = "org.freedesktop.Notifications";
/// Why a notification is closed: its sender took it back.
const TAKEN_BACK: u32 = 3;

/// See the module. Dropped, its name is free again.
#[derive(Debug)]
pub struct Recorder {
    connection: Connection,
    book: Book,
}

/// One notification as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The daemon's number for it.
    pub id: u32,
    /// Who it says it is.
    pub app: String,
    /// Its first line.
    pub summary: String,
    /// Below it.
    pub body: String,
    /// Key and label of each action, in order.
    pub actions: Vec<(String, String)>,
    /// The hint `urgency`: 0 low, 1 normal, 2 critical.
    pub urgency: Option<u8>,
    /// In milliseconds; 0 is for ever, -1 as the daemon likes.
    pub timeout_ms: i32,
    /// Its sender took it back, or a person answered it.
    pub closed: bool,
}

/// Every notification since the start, in order; one that replaces another takes its place.
type Book = Arc<Mutex<Vec<Shown>>>;

struct Daemon {
    book: Book,
    capabilities: Vec<String>,
}

impl Recorder {
    /// Takes the place of the notification daemon, with these capabilities.
    ///
    /// # Errors
    /// The bus does not answer, or a daemon is there already.
    pub async fn open(bus: &str, capabilities: &[&str]) -> Result<Self> {
        let book = Book::default();
        let capabilities = capabilities.iter().map(|one| (*one).to_owned()).collect();
        let daemon = Daemon { book: book.clone(), capabilities };
        let builder = connection::Builder::address(bus).context("no address of a bus")?;
        let connection = builder.serve_at(PATH, daemon)?.name(NAME)?.build().await;
        Ok(Self { connection: connection.context("the daemon's place cannot be taken")?, book })
    }

    /// All that were sent so far.
    pub fn all(&self) -> Vec<Shown> {
        lock(&self.book).clone()
    }

    /// Those that stand.
    pub fn standing(&self) -> Vec<Shown> {
        self.all().into_iter().filter(|shown| !shown.closed).collect()
    }

    /// Waits for one that stands and has these words in its body.
    ///
    /// # Errors
    /// It did not come; the error tells what was sent instead.
    pub async fn until_shown(&self, words: &str) -> Result<Shown> {
        let found = || async { self.standing().into_iter().find(|shown| shown.body.contains(words)) };
        until(&format!("a notification about {words}"), found)
            .await
            .with_context(|| format!("{:#?}", self.all()))
    }

    /// Waits until the notification is gone.
    ///
    /// # Errors
    /// It stands for ever.
    pub async fn until_closed(&self, id: u32) -> Result<()> {
        let closed = || async { self.all().iter().any(|shown| shown.id == id && shown.closed).then_some(()) };
        until("the notification is withdrawn", closed).await.with_context(|| format!("{:#?}", self.all()))
    }

    /// A person chooses an action of a notification, and again until the sender has heard it and takes it back: a sender
    /// listens only some moments after it has sent, and no person is as quick as a test. As dunst, this daemon leaves it
    /// standing by itself.
    ///
    /// # Errors
    /// The bus is gone, or the sender never hears it.
    pub async fn choose(&self, id: u32, action: &str) -> Result<()> {
        let emitter = SignalEmitter::new(&self.connection, PATH)?;
        let heard = || async {
            if self.all().iter().any(|shown| shown.id == id && shown.closed) {
                return Some(Ok(()));
            }
            Daemon::action_invoked(&emitter, id, action).await.err().map(Err)
        };
        Ok(until("the sender hears what was chosen", heard).await??)
    }
}

#[interface(name = "org.freedesktop.Notifications")]
impl Daemon {
    #[allow(clippy::too_many_arguments, reason = "the specification's own call")]
    fn notify(
        &self,
        app_name: String,
        replaces_id: u32,
        _app_icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire_timeout: i32,
    ) -> u32 {
        let mut book = lock(&self.book);
        let next = u32::try_from(book.len()).unwrap_or(u32::MAX) + 1;
        let shown = Shown {
            id: if replaces_id == 0 { next } else { replaces_id },
            app: app_name,
            summary,
            body,
            actions: actions.chunks(2).filter_map(pair).collect(),
            urgency: hints.get("urgency").and_then(|value| u8::try_from(value).ok()),
            timeout_ms: expire_timeout,
            closed: false,
        };
        let id = shown.id;
        match book.iter_mut().find(|older| older.id == id) {
            Some(older) => *older = shown,
            None => book.push(shown),
        }
        id
    }

    async fn close_notification(&self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        close(&self.book, id);
        // Whoever does not listen any more needs no signal.
        let _ = Self::notification_closed(&emitter, id, TAKEN_BACK).await;
    }

    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("recorder", "tests", "1", "1.2")
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action_key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

fn close(book: &Book, id: u32) {
    for shown in lock(book).iter_mut().filter(|shown| shown.id == id) {
        shown.closed = true;
    }
}

fn pair(of: &[String]) -> Option<(String, String)> {
    match of {
        [key, label] => Some((key.clone(), label.clone())),
        _ => None,
    }
}
