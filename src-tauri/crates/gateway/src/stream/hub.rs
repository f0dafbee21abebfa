//! Hands each committed event, encoded once, to every socket. Keeps nothing: what a reader missed comes from the
//! database.

use axum::extract::ws::Utf8Bytes;
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// One event as every socket sends it.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) seq: u64,
    /// Pipeline id, or `user:<id>`.
    pub(crate) topic: String,
    pub(crate) text: Utf8Bytes,
}

/// The hand-out.
pub(crate) struct Hub {
    frames: broadcast::Sender<Arc<Frame>>,
    head: watch::Sender<u64>,
    rights: watch::Sender<u64>,
}

impl Hub {
    /// `backlog`: events a reader may lag behind before it is reset.
    pub(crate) fn new(backlog: usize, head: u64, rights: u64) -> Self {
        Self {
            frames: broadcast::Sender::new(backlog.max(1)),
            head: watch::Sender::new(head),
            rights: watch::Sender::new(rights),
        }
    }

    pub(crate) fn publish(&self, frame: Arc<Frame>) {
        let seq = frame.seq;
        // No reader is no error.
        let _ = self.frames.send(frame);
        self.head.send_replace(seq);
    }

    pub(crate) fn frames(&self) -> broadcast::Receiver<Arc<Frame>> {
        self.frames.subscribe()
    }

    /// The newest seq, as it grows.
    pub(crate) fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Tells sockets to look at their rights again, if `version` is news.
    pub(crate) fn rights_changed(&self, version: u64) {
        self.rights.send_if_modified(|known| {
            let news = *known < version;
            *known = version.max(*known);
            news
        });
    }

    pub(crate) fn rights(&self) -> watch::Receiver<u64> {
        self.rights.subscribe()
    }
}
