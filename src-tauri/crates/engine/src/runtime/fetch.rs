//! Reads: one request, or all open ones, from the gateway into the cache.

use super::audit;
use super::reach::Reach;
use crate::command::{Refused, Source};
use crate::effect::ReadFor;
use crate::failure::refused;
use crate::input::{Done, Fetched, OpenSet};
use chrono::{DateTime, Utc};
use client::{Dialect, Rights};
use domain::{ActionResult, Approval, PipelineId, RequestId, RequestKey, Status};

/// Reads one request for one of the engine's purposes.
pub(crate) fn read(reach: Reach, pipeline: Option<PipelineId>, request: RequestId, why: ReadFor) {
    tokio::spawn(async move {
        let result = fetch(&reach, pipeline.as_ref(), &request, why).await;
        reach.done(Done::Read { gateway: reach.id, request, why, result }).await;
    });
}

async fn fetch(
    reach: &Reach,
    pipeline: Option<&PipelineId>,
    request: &RequestId,
    why: ReadFor,
) -> Result<Option<Box<Fetched>>, Refused> {
    let read = reach.client.approval(pipeline, request).await.map_err(|failure| refused(&failure))?;
    let Some(mut approval) = read else {
        if let (ReadFor::Reconcile, Some(pipeline)) = (why, pipeline) {
            mark_gone(reach, pipeline, request).await;
        }
        return Ok(None);
    };
    keep(reach, std::slice::from_mut(&mut approval)).await;
    let rights = match why {
        ReadFor::Prepare(_) => rights(reach, &approval.pipeline_id).await?,
        _ => Rights::Untold,
    };
    let results = match why {
        ReadFor::Look(_) => results(reach, &approval).await,
        _ => Vec::new(),
    };
    Ok(Some(Box::new(Fetched { approval, rights, results })))
}

async fn rights(reach: &Reach, pipeline: &PipelineId) -> Result<Rights, Refused> {
    let pipelines = reach.client.pipelines().await.map_err(|failure| refused(&failure))?;
    Ok(pipelines.iter().find(|known| &known.id == pipeline).map_or(Rights::Untold, |known| known.may))
}

/// The whole results of what was started, once the request stands still. A result that cannot be read is left out: it
/// is unknown, not failed.
async fn results(reach: &Reach, approval: &Approval) -> Vec<ActionResult> {
    if reach.client.known_dialect() != Some(Dialect::Holdpoint) || approval.status == Status::Executing {
        return Vec::new();
    }
    let mut results = Vec::new();
    for (id, state) in &approval.execution_state {
        if state.executed
            && let Ok(result) = reach.client.result(&approval.pipeline_id, &approval.request_id, id).await
        {
            results.push(result);
        }
    }
    results
}

/// Every open request of the gateway: what it lists, and what was open here and is not in the list, read by id (a
/// paused request of the platform is in no list). Committed to the cache.
pub(crate) async fn open_set(reach: &Reach) -> Result<OpenSet, Refused> {
    let set = reach.client.open_approvals().await.map_err(|failure| refused(&failure))?;
    audit::note(reach, &set).await;
    let mut approvals = set.approvals;
    let cached = reach.ports.store.reader().open_approvals(reach.id).await.unwrap_or_default();
    for known in cached.into_iter().map(|cached| cached.approval) {
        let listed = approvals.iter().any(|listed| listed.request_id == known.request_id);
        // A pipeline that would not be read says nothing about its requests.
        let untold = set.left_out.iter().any(|left| left.pipeline == known.pipeline_id);
        if listed || untold {
            continue;
        }
        let read = reach.client.approval(Some(&known.pipeline_id), &known.request_id).await;
        match read.map_err(|failure| refused(&failure))? {
            Some(approval) if approval.status.is_open() => approvals.push(approval),
            Some(mut approval) => keep(reach, std::slice::from_mut(&mut approval)).await,
            None => mark_gone(reach, &known.pipeline_id, &known.request_id).await,
        }
    }
    keep(reach, &mut approvals).await;
    if let Err(error) = reach.ports.store.note_open_read(reach.id, set.as_of).await {
        tracing::warn!(%error, "that the open requests were read could not be noted");
    }
    let seq = set.cursor.map(|cursor| cursor.seq);
    let pipelines = reach.client.pipelines().await.ok();
    let rights = pipelines.map(|list| list.into_iter().map(|one| (one.id, one.may)).collect());
    Ok(OpenSet { approvals, as_of: set.as_of, seq, rights })
}

/// Keeps requests in the cache, each with its age. That they could not be kept is said in the log; what was read is
/// still true.
pub(crate) async fn keep(reach: &Reach, approvals: &mut [Approval]) {
    let now = reach.ports.clock.now();
    for approval in approvals.iter_mut() {
        date(reach, approval, None).await;
    }
    if let Err(error) = reach.ports.store.put_approvals(reach.id, approvals, now).await {
        tracing::warn!(%error, "requests could not be cached");
    }
}

/// Where the gateway does not tell when a request was raised, its frame does, or else its first sight here (CONTRACT 3).
pub(crate) async fn date(reach: &Reach, approval: &mut Approval, frame: Option<DateTime<Utc>>) {
    if approval.created_at.is_some() {
        return;
    }
    let key = RequestKey { gateway: reach.id, request: approval.request_id.clone() };
    let cached = reach.ports.store.reader().approval(&key).await.ok().flatten();
    let seen = cached.and_then(|cached| cached.approval.created_at);
    approval.created_at = frame.or(seen).or_else(|| Some(reach.ports.clock.now()));
}

async fn mark_gone(reach: &Reach, pipeline: &PipelineId, request: &RequestId) {
    // A stopped pipeline of the platform knows no request; that is no word about the one that was paused in it.
    let platform = reach.client.known_dialect() == Some(Dialect::Platform);
    if platform && reach.client.actions(pipeline).await.is_err() {
        return;
    }
    let now = reach.ports.clock.now();
    if let Err(error) = reach.ports.store.mark_gone(reach.id, std::slice::from_ref(request), now).await {
        tracing::warn!(%error, "a request that is gone could not be marked");
    }
}

/// The cache answers because the gateway could not.
pub(crate) fn from_cache(why: &Refused) -> Source {
    Source::Cache { why: why.message.clone() }
}
