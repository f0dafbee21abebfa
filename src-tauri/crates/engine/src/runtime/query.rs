//! Answers that need the gateway, or the cache where it cannot be reached. What the gateway answers is told, also when
//! it is an error.

use super::fetch::{self, from_cache};
use super::reach::Reach;
use crate::command::{Answer, Code, Dated, Pipeline, Query, Refused, Source};
use crate::failure::{cache_may_answer, refused, store_refused};
use chrono::{DateTime, Utc};
use client::{Dialect, Failure, ToldBy};
use domain::{PipelineId, RequestKey};
use store::{Listing, PipelineEntry};

/// Answers a query about one gateway.
pub(crate) async fn answer(reach: &Reach, query: Query) -> Result<Answer, Refused> {
    match query {
        Query::Pending { .. } => pending(reach).await,
        Query::Show { key, pipeline } => show(reach, &key, pipeline.as_ref()).await,
        Query::SincePrinted { key, pipeline } => since_printed(reach, &key, pipeline.as_ref()).await,
        Query::Pipelines { .. } => pipelines(reach).await.map(Answer::Pipelines),
        Query::Actions { pipeline, .. } => actions(reach, pipeline).await,
        Query::Mappings { pipeline, .. } => mappings(reach, pipeline).await,
        Query::View
        | Query::Decision { .. }
        | Query::History { .. }
        | Query::Shown { .. }
        | Query::Receipts
        | Query::Exported { .. } => Err(Refused::new(Code::Usage, "This question is not one for a gateway.")),
    }
}

async fn pending(reach: &Reach) -> Result<Answer, Refused> {
    match fetch::open_set(reach).await {
        Ok(set) => {
            Ok(Answer::Approvals(Dated { value: set.approvals, as_of: set.as_of, source: Source::Gateway }))
        }
        Err(why) if cache_may_answer(&why) => {
            let cached = reach.ports.store.reader().open_approvals(reach.id).await;
            let cached = cached.map_err(|error| store_refused(&error))?;
            let read = reach.ports.store.reader().open_read_at(reach.id).await;
            let read = read.map_err(|error| store_refused(&error))?;
            // "Nothing is open" is true only as of a time at which everything was read. Single requests that were read
            // are told all the same, as old as the oldest of them.
            let oldest = cached.iter().map(|cached| cached.as_of).min();
            let as_of = read.or(oldest).ok_or_else(|| why.clone())?;
            let value = cached.into_iter().map(|cached| cached.approval).collect();
            Ok(Answer::Approvals(Dated { value, as_of, source: from_cache(&why) }))
        }
        Err(why) => Err(why),
    }
}

async fn show(reach: &Reach, key: &RequestKey, pipeline: Option<&PipelineId>) -> Result<Answer, Refused> {
    match reach.client.approval(pipeline, &key.request).await.map_err(|failure| refused(&failure)) {
        Ok(Some(mut approval)) => {
            fetch::keep(reach, std::slice::from_mut(&mut approval)).await;
            let as_of = reach.ports.clock.now();
            Ok(Answer::Approval(Some(Box::new(Dated { value: approval, as_of, source: Source::Gateway }))))
        }
        Ok(None) => Ok(Answer::Approval(None)),
        Err(why) if cache_may_answer(&why) => {
            let cached =
                reach.ports.store.reader().approval(key).await.map_err(|error| store_refused(&error))?;
            let cached = cached.ok_or_else(|| why.clone())?;
            let (as_of, source) = (cached.as_of, from_cache(&why));
            // The cached text is redacted: its own digest would be another. The one of what was read is put in.
            let mut value = cached.approval;
            value.digest = Some(cached.digest);
            Ok(Answer::Approval(Some(Box::new(Dated { value, as_of, source }))))
        }
        Err(why) => Err(why),
    }
}

async fn since_printed(
    reach: &Reach,
    key: &RequestKey,
    pipeline: Option<&PipelineId>,
) -> Result<Answer, Refused> {
    let now = reach.client.approval(pipeline, &key.request).await.map_err(|failure| refused(&failure))?;
    let Some(now) = now else { return Ok(Answer::Differences(None)) };
    let differences = reach.ports.store.since_printed(key, &now).await;
    differences.map(Answer::Differences).map_err(|error| store_refused(&error))
}

async fn pipelines(reach: &Reach) -> Result<Dated<Vec<Pipeline>>, Refused> {
    let store = &reach.ports.store;
    match reach.client.pipelines().await.map_err(|failure| refused(&failure)) {
        Ok(list) => {
            let as_of = reach.ports.clock.now();
            let entries: Vec<PipelineEntry> = list
                .iter()
                .map(|pipeline| PipelineEntry {
                    id: pipeline.id.clone(),
                    name: pipeline.name.clone(),
                    raw: serde_json::json!({"id": pipeline.id, "name": pipeline.name, "status": pipeline.status}),
                })
                .collect();
            warn(store.put_pipelines(reach.id, &entries, as_of).await);
            let value = list
                .into_iter()
                .map(|known| Pipeline { id: known.id, name: known.name, status: known.status })
                .collect();
            Ok(Dated { value, as_of, source: Source::Gateway })
        }
        Err(why) if cache_may_answer(&why) => {
            let listing = store.reader().pipelines(reach.id).await.map_err(|error| store_refused(&error))?;
            let listing = listing.ok_or_else(|| why.clone())?;
            let as_of = listing.as_of;
            let status = |entry: &PipelineEntry| entry.raw.get("status")?.as_str().map(str::to_owned);
            let value = listing
                .items
                .into_iter()
                .map(|entry| Pipeline { status: status(&entry), id: entry.id, name: entry.name })
                .collect();
            Ok(Dated { value, as_of, source: from_cache(&why) })
        }
        Err(why) => Err(why),
    }
}

/// The pipelines a list is asked of: the named one, or all.
async fn wanted(reach: &Reach, named: Option<PipelineId>) -> Result<Vec<PipelineId>, Refused> {
    match named {
        Some(pipeline) => Ok(vec![pipeline]),
        None => {
            let all = reach.client.pipelines().await.map_err(|failure| refused(&failure))?;
            Ok(all.into_iter().map(|pipeline| pipeline.id).collect())
        }
    }
}

/// A pipeline that the platform lists and yet does not find is stopped: its lists are empty, which is no error
/// (CONTRACT 3).
async fn is_stopped(reach: &Reach, pipeline: &PipelineId, failure: &Failure) -> bool {
    let platform = reach.client.known_dialect() == Some(Dialect::Platform);
    if !platform || !failure.is_not_found() {
        return false;
    }
    let listed = reach.client.pipelines().await.unwrap_or_default();
    listed.iter().any(|known| &known.id == pipeline && known.told_by == ToldBy::Gateway)
}

async fn actions(reach: &Reach, named: Option<PipelineId>) -> Result<Answer, Refused> {
    let store = &reach.ports.store;
    let read = async {
        let as_of = reach.ports.clock.now();
        let mut value = Vec::new();
        for pipeline in wanted(reach, named.clone()).await? {
            let list = match reach.client.actions(&pipeline).await {
                Err(failure) if is_stopped(reach, &pipeline, &failure).await => continue,
                list => list.map_err(|failure| refused(&failure))?,
            };
            warn(store.put_actions(reach.id, &pipeline, &list, as_of).await);
            value.extend(list.into_iter().map(|action| (pipeline.clone(), action)));
        }
        Ok(Dated { value, as_of, source: Source::Gateway })
    };
    match read.await {
        Err(why) if cache_may_answer(&why) => {
            let cached = store.reader().actions(reach.id).await.map_err(|error| store_refused(&error))?;
            of_cache(cached, named.as_ref(), why).map(Answer::Actions)
        }
        read => read.map(Answer::Actions),
    }
}

async fn mappings(reach: &Reach, named: Option<PipelineId>) -> Result<Answer, Refused> {
    let store = &reach.ports.store;
    let read = async {
        let as_of = reach.ports.clock.now();
        let mut value = Vec::new();
        for pipeline in wanted(reach, named.clone()).await? {
            let list = match reach.client.mappings(&pipeline).await {
                Err(failure) if is_stopped(reach, &pipeline, &failure).await => continue,
                list => list.map_err(|failure| refused(&failure))?,
            };
            warn(store.put_mappings(reach.id, &pipeline, &list, as_of).await);
            value.extend(list.into_iter().map(|mapping| (pipeline.clone(), mapping)));
        }
        Ok(Dated { value, as_of, source: Source::Gateway })
    };
    match read.await {
        Err(why) if cache_may_answer(&why) => {
            let cached = store.reader().mappings(reach.id).await.map_err(|error| store_refused(&error))?;
            of_cache(cached, named.as_ref(), why).map(Answer::Mappings)
        }
        read => read.map(Answer::Mappings),
    }
}

/// The cached lists, as fresh as the oldest of them; the refusal itself if nothing was ever read.
fn of_cache<T>(
    cached: Vec<Listing<T>>,
    named: Option<&PipelineId>,
    why: Refused,
) -> Result<Dated<Vec<(PipelineId, T)>>, Refused> {
    let mut value = Vec::new();
    let mut as_of: Option<DateTime<Utc>> = None;
    for listing in cached.into_iter().filter(|listing| named.is_none_or(|named| *named == listing.pipeline)) {
        as_of = Some(as_of.map_or(listing.as_of, |oldest| oldest.min(listing.as_of)));
        let pipeline = listing.pipeline;
        value.extend(listing.items.into_iter().map(|item| (pipeline.clone(), item)));
    }
    match as_of {
        Some(as_of) => Ok(Dated { value, as_of, source: from_cache(&why) }),
        None => Err(why),
    }
}

/// A list that could not be cached is still true.
fn warn(kept: Result<(), store::StoreError>) {
    if let Err(error) = kept {
        tracing::warn!(%error, "a list could not be cached");
    }
}
