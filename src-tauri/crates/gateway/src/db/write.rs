//! One write: a transaction with the events it causes. The events are stored in it and handed to the sockets only after
//! it is committed, in the order of their seq.

use super::audit::{self, Note};
use super::meta::{RIGHTS, bump};
use super::{Conn, Db, Result, Tx, events, sqlite};
use crate::stream::frame::{self, Draft};
use crate::stream::hub::{Frame, Hub};
use chrono::{DateTime, SubsecRound, Utc};
use domain::{Clock, Entropy};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// A write transaction. Dropped without [`Write::commit`] it leaves nothing behind.
pub(crate) struct Write {
    tx: Tx,
    now: DateTime<Utc>,
    frames: Vec<Arc<Frame>>,
    rights: Rights,
    retained_events: u64,
    hub: Arc<Hub>,
    entropy: Arc<dyn Entropy>,
    /// Released last: nobody else commits between this commit and the hand-out of its events.
    _turn: OwnedMutexGuard<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rights {
    AsBefore,
    Changed(u64),
}

impl Write {
    /// Waits for its turn and takes the write lock.
    pub(crate) async fn begin(
        db: &Db,
        hub: &Arc<Hub>,
        clock: &dyn Clock,
        entropy: &Arc<dyn Entropy>,
    ) -> Result<Self> {
        let turn = db.turn.clone().lock_owned().await;
        let tx = db.write.begin_with(sqlite::BEGIN_WRITE).await?;
        // Milliseconds are what is stored; a finer time would differ from itself once read back.
        let now = clock.now().trunc_subsecs(3);
        let (hub, entropy) = (Arc::clone(hub), Arc::clone(entropy));
        Ok(Self {
            tx,
            now,
            frames: Vec::new(),
            rights: Rights::AsBefore,
            retained_events: db.retained_events,
            hub,
            entropy,
            _turn: turn,
        })
    }

    /// The one instant of everything in this write, in whole milliseconds.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// [`Write::now`] as stored.
    pub(crate) fn now_ms(&self) -> i64 {
        super::millis(self.now)
    }

    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }

    /// A new id with this prefix: 64 random bits.
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        format!("{prefix}{}", hex::encode(bytes))
    }

    /// Stores an event and keeps it for the sockets.
    pub(crate) async fn emit(&mut self, draft: Draft<'_>) -> Result<()> {
        let place = events::place(&mut self.tx, draft.topic).await?;
        let id = self.entropy.uuid().to_string();
        let topic = draft.topic.to_owned();
        let text = frame::encode(draft, place, &id, self.now);
        events::insert(&mut self.tx, place.seq, &topic, &id, &text).await?;
        // Not at every event: forgetting a few at a time costs less, and a little more than promised is kept.
        if place.seq % (1 + self.retained_events / 100) == 0 {
            events::forget(&mut self.tx, place.seq.saturating_sub(self.retained_events)).await?;
        }
        self.frames.push(Arc::new(Frame { seq: place.seq, topic, text: text.into() }));
        Ok(())
    }

    /// Appends to the audit chain.
    pub(crate) async fn audit(&mut self, note: Note<'_>) -> Result<()> {
        audit::append(&mut self.tx, note, self.now).await
    }

    /// Says that users, sessions or rights change here, so that open sockets look again.
    pub(crate) async fn rights_change(&mut self) -> Result<()> {
        let version = bump(&mut self.tx, RIGHTS).await?;
        self.rights = Rights::Changed(u64::try_from(version).unwrap_or(0));
        Ok(())
    }

    /// Commits, then hands the events out: rights first, so that nobody gets an event he has just lost the right to.
    pub(crate) async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        if let Rights::Changed(version) = self.rights {
            self.hub.rights_changed(version);
        }
        for frame in self.frames {
            self.hub.publish(frame);
        }
        Ok(())
    }
}
