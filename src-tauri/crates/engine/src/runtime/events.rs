//! A gateway's stream, from the cursor on disk into the loop, no faster than it is committed (I8).

use super::Mail;
use super::reach::Reach;
use crate::input::Input;
use client::StreamEvent;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Reports of the driver that may wait.
const WAITING: usize = 16;

/// Opens the stream and forwards what it tells until it ends.
pub(crate) fn follow(reach: Reach, room: Arc<Semaphore>, cancel: CancellationToken) {
    tokio::spawn(async move {
        let cursor = match reach.ports.store.reader().cursor(reach.id).await {
            Ok(cursor) => cursor.and_then(|cursor| {
                let seq = u64::try_from(cursor.seq).ok()?;
                Some(client::Cursor { epoch: cursor.epoch, seq, last_id: cursor.last_id })
            }),
            Err(error) => {
                tracing::warn!(%error, "the place in the stream could not be read; it starts anew");
                None
            }
        };
        let (told, mut heard) = mpsc::channel(WAITING);
        let client = reach.client.clone();
        tokio::spawn(async move { client.stream(cursor, told, cancel).await });
        while let Some(event) = heard.recv().await {
            if holds_a_batch(&event) {
                // The worker gives the room back when the batch is on disk.
                match room.acquire().await {
                    Ok(permit) => permit.forget(),
                    Err(_) => return,
                }
            }
            let input = Input::Stream { gateway: reach.id, event };
            if reach.mail.send(Mail::Input(input)).await.is_err() {
                return;
            }
        }
    });
}

fn holds_a_batch(event: &StreamEvent) -> bool {
    matches!(event, StreamEvent::Events { .. } | StreamEvent::Documents(_) | StreamEvent::Snapshot(_))
}
