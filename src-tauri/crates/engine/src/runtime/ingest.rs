//! The worker of one gateway: completes what came by reading what it leaves out, commits it with the cursor, and only
//! then tells the engine. In order; the platform's documents, which have none, go side by side.

use super::fetch;
use super::reach::Reach;
use crate::effect::Batch;
use crate::ingest;
use crate::input::{Applied, Done};
use client::{Cursor, Dialect, Document, Event};
use domain::{Approval, RequestId, RequestKey, Status};
use std::sync::Arc;
use std::time::Duration;
use store::EventRow;
use tokio::sync::{Semaphore, mpsc};

/// Looks for the pipeline of a platform request before it counts as not this person's (CONTRACT 3).
const LOOKS: u32 = 3;
/// Between two tries to store what came.
const STORE_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks: three within ten seconds.
const LOOK_EVERY: Duration = Duration::from_secs(4);

/// What the worker does, in order.
pub(crate) enum Job {
    /// Commit what came.
    Batch(Batch),
    /// Read all open requests, after everything that came before. Which asking.
    Reconcile(u64),
}

/// Works until the engine ends.
pub(crate) async fn work(reach: Reach, mut queue: mpsc::UnboundedReceiver<Job>, room: Arc<Semaphore>) {
    while let Some(job) = queue.recv().await {
        match job {
            Job::Reconcile(round) => {
                let result = fetch::open_set(&reach).await;
                // The platform replays nothing: what was raised meanwhile shows only in its lists.
                if let (Ok(set), Some(Dialect::Platform)) = (&result, reach.client.known_dialect()) {
                    let rows = unheard_of(&reach, &set.approvals, "").await;
                    commit(&reach, rows, None, Vec::new()).await;
                }
                reach.done(Done::Reconciled { gateway: reach.id, round, result }).await;
            }
            Job::Batch(Batch::Events { events, cursor }) => {
                self::events(&reach, events, cursor).await;
                room.add_permits(1);
            }
            Job::Batch(Batch::Snapshot { approvals, cursor }) => {
                snapshot(&reach, approvals, cursor).await;
                room.add_permits(1);
            }
            Job::Batch(Batch::Documents(documents)) => {
                let (reach, room) = (reach.clone(), Arc::clone(&room));
                tokio::spawn(async move {
                    for document in documents {
                        self::document(&reach, document).await;
                    }
                    room.add_permits(1);
                });
            }
        }
    }
}

async fn events(reach: &Reach, mut events: Vec<Event>, cursor: Option<Cursor>) {
    for event in &mut events {
        if let Some(request) = ingest::must_read(event) {
            let pipeline = event.pipeline_id().map(domain::PipelineId::from);
            match reach.client.approval(pipeline.as_ref(), &request).await {
                Ok(Some(approval)) => ingest::complete(event, &approval),
                Ok(None) => tracing::info!(%request, "an event is about a request the gateway does not show"),
                Err(failure) => {
                    tracing::warn!(%request, %failure, "a request could not be read whole");
                    reach.done(Done::Incomplete { gateway: reach.id }).await;
                }
            }
        }
    }
    let applied: Vec<Applied> = events.iter().filter_map(ingest::applied).collect();
    let epoch = cursor.as_ref().map(|cursor| cursor.epoch.clone()).unwrap_or_default();
    let now = reach.ports.clock.now();
    let rows = events.iter().map(|event| ingest::row(event, &epoch, now)).collect();
    commit(reach, rows, cursor, applied).await;
}

async fn snapshot(reach: &Reach, approvals: Vec<Approval>, cursor: Option<Cursor>) {
    let epoch = cursor.as_ref().map(|cursor| cursor.epoch.clone()).unwrap_or_default();
    let rows = unheard_of(reach, &approvals, &epoch).await;
    let applied = approvals
        .into_iter()
        .map(|approval| Applied {
            request: approval.request_id.clone(),
            status: None,
            results: Vec::new(),
            seq: cursor.as_ref().map(|cursor| cursor.seq),
            approval: Some(approval),
        })
        .collect();
    if let Err(error) = reach.ports.store.reset_cursor(reach.id).await {
        tracing::warn!(%error, "the old place in the stream could not be forgotten");
    }
    reach.done(Done::Anew { gateway: reach.id }).await;
    commit(reach, rows, cursor, applied).await;
}

/// An event for each request of which the history has none.
async fn unheard_of(reach: &Reach, approvals: &[Approval], epoch: &str) -> Vec<EventRow> {
    let mut rows = Vec::new();
    for approval in approvals {
        let key = RequestKey { gateway: reach.id, request: approval.request_id.clone() };
        match reach.ports.store.reader().has_events(&key).await {
            Ok(false) => {
                rows.push(ingest::row(&ingest::from_snapshot(approval), epoch, reach.ports.clock.now()))
            }
            Ok(true) => {}
            Err(error) => tracing::warn!(%error, "the history could not be asked for a request"),
        }
    }
    rows
}

/// One document of the platform: every one about a request leads to a re-read of that request.
async fn document(reach: &Reach, document: Document) {
    let (mut approval, before) = match &document.request {
        Some(request) => (look_up(reach, request).await, status_before(reach, request).await),
        None => (None, None),
    };
    if let Some(approval) = &mut approval {
        fetch::date(reach, approval, document.at).await;
    }
    let event = ingest::from_document(&document, approval.as_ref(), before.as_ref());
    let now = reach.ports.clock.now();
    let row = ingest::row(&event, "", now);
    let applied = ingest::applied(&event).into_iter().collect();
    commit(reach, vec![row], None, applied).await;
}

/// Three looks that find nothing are an answer. One that fails is none: nothing is live until it was made (rule 9).
async fn look_up(reach: &Reach, request: &RequestId) -> Option<Approval> {
    let mut looks = 0;
    loop {
        match reach.client.approval(None, request).await {
            Ok(Some(approval)) => return Some(approval),
            Ok(None) => looks += 1,
            Err(failure) => {
                tracing::debug!(%request, %failure, "looking for a request's pipeline");
                reach.done(Done::Incomplete { gateway: reach.id }).await;
            }
        }
        if looks == LOOKS {
            return None;
        }
        tokio::select! {
            () = reach.mail.closed() => return None,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn status_before(reach: &Reach, request: &RequestId) -> Option<Status> {
    let key = RequestKey { gateway: reach.id, request: request.clone() };
    let cached = reach.ports.store.reader().approval(&key).await.ok()??;
    Some(cached.approval.status)
}

/// Event, cursor and requests in one transaction. What is not on disk is not shown; it is tried until it is, for the
/// stream goes on from here and will not bring it again. Behind it the socket waits (F38, I8).
async fn commit(reach: &Reach, events: Vec<EventRow>, cursor: Option<Cursor>, applied: Vec<Applied>) {
    let now = reach.ports.clock.now();
    let approvals =
        applied.iter().filter_map(|one| one.approval.clone()).map(|approval| (approval, now)).collect();
    let cursor = cursor.map(|cursor| store::Cursor {
        epoch: cursor.epoch,
        seq: i64::try_from(cursor.seq).unwrap_or(i64::MAX),
        last_id: cursor.last_id,
    });
    let batch = store::Batch { gateway: reach.id, events, cursor, approvals };
    let rows = loop {
        match reach.ports.store.commit(&batch).await {
            Ok(rows) => break rows,
            Err(error) => tracing::error!(%error, "events could not be stored; it is tried again"),
        }
        reach.done(Done::Incomplete { gateway: reach.id }).await;
        tokio::select! {
            () = reach.mail.closed() => return,
            () = tokio::time::sleep(STORE_AGAIN) => {}
        }
    };
    let last_row = rows.into_iter().map(|row| row.0).max().unwrap_or(0);
    reach.done(Done::Ingested { gateway: reach.id, applied, last_row }).await;
}
