//! One WebSocket of CONTRACT 2, from hello to close. Owns the order in which a reader is told things; the events are the
//! hub's and the database's.

use super::hub::Frame;
use super::resume::{self, Answer, Cursor, Kept, Reason};
use super::vision::Vision;
use crate::auth::caller::Caller;
use crate::core::{App, Core};
use crate::db::{events, users};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use protocol::frame::{self, ClientFrame, Hello};
use protocol::rest::PROTOCOL;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, sleep_until, timeout};

/// What this gateway can do, in the words of the hello.
pub(crate) const CAPABILITIES: [&str; 8] =
    ["resume", "bearer", "digest", "idempotency", "expiry", "async", "snapshot", "long-poll"];
const HEARTBEAT_S: u64 = 25;
/// Without a frame from the client for so long the connection is dropped.
const SILENCE: Duration = Duration::from_secs(60);
/// Events read from the database at a time.
const BATCH: u32 = 500;
/// The longest look away from the token's end: a wall clock may jump.
const LONGEST_LOOK: Duration = Duration::from_secs(30);

const TOKEN_ENDED: u16 = 4401;
const RIGHTS_LOST: u16 = 4403;
const GOING_AWAY: u16 = 1001;
const SILENT: u16 = 1000;
const UNAVAILABLE: u16 = 1013;
const NO_TEXT: u16 = 1007;
const TOO_LONG: u16 = 1009;

/// Serves one reader until he or his rights go.
pub(crate) async fn serve(app: App, caller: Caller, socket: WebSocket) {
    let reader = match Reader::open(&app, caller, socket).await {
        Ok(reader) => reader,
        Err(error) => {
            tracing::error!(%error, "a socket could not be opened");
            return;
        }
    };
    reader.run().await;
}

struct Reader {
    app: App,
    caller: Caller,
    socket: WebSocket,
    vision: Vision,
    frames: broadcast::Receiver<Arc<Frame>>,
    /// Everything up to here was sent or was not this reader's; `None` before his first `resume`.
    position: Option<u64>,
    heard_at: Instant,
}

/// Why a reader's connection ends.
enum End {
    /// The connection is gone.
    Gone,
    Close(u16, &'static str),
}

type Going = Result<(), End>;

impl End {
    /// Says what was wrong with what came, where the connection can still be told (RFC 6455, 7.4.1). The layer below
    /// tells its kinds of error apart by their first words alone.
    fn of_reading(error: &axum::Error) -> Self {
        let text = error.to_string();
        let begins = |words: &str| text.starts_with(words);
        if begins("Space limit exceeded") {
            End::Close(TOO_LONG, "a message is longer than allowed")
        } else if begins("UTF-8 encoding error") {
            End::Close(NO_TEXT, "a text is no UTF-8")
        } else {
            End::Gone
        }
    }
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        End::Gone
    }
}

impl From<sqlx::Error> for End {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the database failed under a socket");
        End::Close(UNAVAILABLE, "the database did not answer")
    }
}

impl Reader {
    async fn open(app: &App, caller: Caller, socket: WebSocket) -> Result<Self, sqlx::Error> {
        let vision = Vision::load(&mut *app.db.read.acquire().await?, &caller).await?;
        let (frames, heard_at) = (app.hub.frames(), Instant::now());
        Ok(Self { app: Arc::clone(app), caller, socket, vision, frames, position: None, heard_at })
    }

    async fn run(mut self) {
        let mut rights = self.app.hub.rights();
        let mut going = self.hello().await;
        // What changed between the upgrade and this subscription is looked at once.
        rights.mark_changed();
        while going.is_ok() {
            let app = Arc::clone(&self.app);
            going = tokio::select! {
                biased;
                () = app.closing.cancelled() => self.go_away().await,
                _ = rights.changed() => self.look_at_rights().await,
                () = sleep_until(self.token_look()) => self.check_token(),
                () = sleep_until(self.heard_at + SILENCE) => Err(End::Close(SILENT, "no frame for 60 s")),
                message = self.socket.recv() => self.hear(message).await,
                frame = self.frames.recv(), if self.position.is_some() => self.pass_on(frame).await,
            };
        }
        if let Err(End::Close(code, reason)) = going {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // The other side may be gone already, which is what we want.
            let _ = timeout(Duration::from_secs(5), self.socket.send(close)).await;
        }
    }

    async fn hello(&mut self) -> Going {
        let mut tx = self.app.db.reading().await?;
        let hello = Hello {
            protocol: PROTOCOL,
            epoch: self.app.identity.epoch.clone(),
            head_seq: events::head(&mut tx).await?,
            oldest_seq: events::oldest(&mut tx).await?,
            topics: self.vision.filter(events::topics(&mut tx).await?),
            heartbeat_s: HEARTBEAT_S,
            server_time: Some(self.app.config.clock.now()),
            capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        };
        drop(tx);
        self.say(frame::encode("hello", &hello)).await
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Going {
        let Some(message) = message else { return Err(End::Gone) };
        let message = message.map_err(|error| End::of_reading(&error))?;
        self.heard_at = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(End::Gone),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        // A frame of a kind this build does not know is no reason to end the stream.
        match serde_json::from_str::<ClientFrame>(&text) {
            Ok(ClientFrame::Ping) => self.say(json!({"type": "pong"}).to_string()).await,
            Ok(ClientFrame::Resume { epoch, last_seq, last_id }) => {
                self.resume(Cursor { epoch, last_seq, last_id }).await
            }
            Ok(ClientFrame::Looking { .. }) => Ok(()),
            Err(_) if is_resume(&text) => {
                self.frames = self.app.hub.frames();
                let head = events::head(&mut *self.app.db.read.acquire().await?).await?;
                self.reset(Reason::Mismatch, head).await
            }
            Err(_) => Ok(()),
        }
    }

    async fn resume(&mut self, cursor: Cursor) -> Going {
        // Subscribed before the database is read: nothing falls in between; what comes twice is skipped by position.
        self.frames = self.app.hub.frames();
        let mut tx = self.app.db.reading().await?;
        let id_there = match cursor.last_seq {
            Some(seq) => events::id_at(&mut tx, seq).await?,
            None => None,
        };
        let kept = Kept {
            epoch: &self.app.identity.epoch,
            oldest_seq: events::oldest(&mut tx).await?,
            head_seq: events::head(&mut tx).await?,
            id_there: id_there.as_deref(),
        };
        let (answer, head) = (resume::answer(&cursor, &kept), kept.head_seq);
        drop(tx);
        match answer {
            Answer::Reset(reason) => self.reset(reason, head).await,
            Answer::From(seq) => {
                let position = self.replay(seq).await?;
                self.position = Some(position);
                self.say(frame::encode_drained(position)).await
            }
        }
    }

    /// Sends what was missed; tells up to where.
    async fn replay(&mut self, mut position: u64) -> Result<u64, End> {
        loop {
            let rows = events::after(&mut *self.app.db.read.acquire().await?, position, BATCH).await?;
            let last = rows.len() < BATCH as usize;
            for row in rows {
                position = row.seq;
                if self.vision.sees(&row.topic) {
                    self.say(row.frame).await?;
                }
            }
            if last {
                return Ok(position);
            }
        }
    }

    /// From here on the reader gets what comes; what was before is in the snapshot.
    async fn reset(&mut self, reason: Reason, head: u64) -> Going {
        self.position = Some(head);
        self.say(frame::encode("reset", &json!({"reason": reason.word()}))).await?;
        self.say(frame::encode_drained(head)).await
    }

    async fn pass_on(&mut self, frame: Result<Arc<Frame>, RecvError>) -> Going {
        match frame {
            Ok(frame) => {
                if self.position.is_some_and(|position| frame.seq <= position) {
                    return Ok(());
                }
                self.position = Some(frame.seq);
                if self.vision.sees(&frame.topic) { self.say(frame.text.clone()).await } else { Ok(()) }
            }
            Err(RecvError::Lagged(_)) => {
                self.frames = self.app.hub.frames();
                let head = events::head(&mut *self.app.db.read.acquire().await?).await?;
                self.reset(Reason::Slow, head).await
            }
            Err(RecvError::Closed) => Err(End::Gone),
        }
    }

    async fn look_at_rights(&mut self) -> Going {
        let mut tx = self.app.db.reading().await?;
        let Some(user) = users::of_session(&mut tx, &self.caller.session_id).await? else {
            return Err(End::Close(TOKEN_ENDED, "the session was ended"));
        };
        self.caller.role = user.role;
        let next = Vision::load(&mut tx, &self.caller).await?;
        drop(tx);
        let Some(change) = self.vision.change(&next) else { return Ok(()) };
        self.vision = next;
        self.say(frame::encode("access", &change)).await?;
        if self.vision.is_blind() {
            Err(End::Close(RIGHTS_LOST, "no pipeline is left to see"))
        } else {
            Ok(())
        }
    }

    fn check_token(&self) -> Going {
        if self.caller.token_ends_at <= self.app.config.clock.now() {
            return Err(End::Close(TOKEN_ENDED, "the access token ended"));
        }
        Ok(())
    }

    /// When to look at the token's end again.
    fn token_look(&self) -> Instant {
        let left = self.caller.token_ends_at - self.app.config.clock.now();
        Instant::now() + left.to_std().unwrap_or_default().min(LONGEST_LOOK)
    }

    async fn go_away(&mut self) -> Going {
        // Spread, so that all readers do not come back at once (F11).
        let retry_after_ms = 500 + spread(&self.app);
        self.say(frame::encode("going_away", &json!({"retry_after_ms": retry_after_ms}))).await?;
        Err(End::Close(GOING_AWAY, "the gateway is closing"))
    }

    /// Sends one text; a reader that takes nothing for as long as the silence limit is gone.
    async fn say(&mut self, text: impl Into<Utf8Bytes>) -> Going {
        match timeout(SILENCE, self.socket.send(Message::Text(text.into()))).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(End::Gone),
        }
    }
}

/// A `resume` whose cursor cannot be read: whoever sent it waits for an answer.
fn is_resume(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|frame| frame["type"] == "resume")
}

fn spread(app: &Core) -> u64 {
    app.config.entropy.below(4_500)
}
