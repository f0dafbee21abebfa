//! Requests for approval: all that are open, and single ones. On the platform they are joined with the registry, which
//! alone says what an action is (CONTRACT 3).

use crate::api::routes;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::stream::Cursor;
use crate::wire::call::{Answer, Call};
use crate::wire::traps;
use chrono::{DateTime, Utc};
use domain::{Approval, PipelineId, RequestId};
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::platform::{self, Entry, RawApproval};
use protocol::rest;
use serde::Deserialize;
use serde_json::Value;

/// How many pipelines are asked at once.
const AT_ONCE: usize = 8;

/// All open requests as the gateway saw them at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenSet {
    /// The open ones.
    pub approvals: Vec<Approval>,
    /// When it was asked for, by this machine's clock: nothing later is certainly in it.
    pub as_of: DateTime<Utc>,
    /// Where the stream goes on from it; `None` on a gateway without sequence.
    pub cursor: Option<Cursor>,
    /// How many could not be read.
    pub unreadable: usize,
    /// Head of the gateway's audit chain.
    pub audit_head: Option<Value>,
    /// Pipelines that would not be read, each with its reason: a request of theirs is not known to be gone.
    pub left_out: Vec<LeftOut>,
}

/// A pipeline that is missing from an [`OpenSet`].
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Why.
    pub why: Failure,
}

impl Gateway {
    /// Every open request this person may see. On the platform without the paused ones, which it does not list.
    ///
    /// # Errors
    /// Any failure that is not about one pipeline alone: a set that lacks requests by accident would read as theirs
    /// being gone.
    pub async fn open_approvals(&self) -> Result<OpenSet, Failure> {
        let as_of = self.inner.transport.now();
        match self.dialect().await? {
            Dialect::Holdpoint => self.snapshot(as_of).await,
            Dialect::Platform => self.all_pending(as_of).await,
        }
    }

    /// One request, whatever its state. Without a pipeline each one is asked. `None`: no pipeline knows it.
    pub async fn approval(
        &self,
        pipeline: Option<&PipelineId>,
        request: &RequestId,
    ) -> Result<Option<Approval>, Failure> {
        if let Some(pipeline) = pipeline {
            return self.approval_in(pipeline, request).await;
        }
        let found = stream::iter(self.pipeline_ids().await?)
            .map(|pipeline| async move {
                match self.approval_in(&pipeline, request).await {
                    Err(failure) if failure.is_not_allowed() => Ok(None),
                    other => other,
                }
            })
            .buffered(AT_ONCE);
        let mut found = std::pin::pin!(found);
        let mut failed = None;
        while let Some(one) = found.next().await {
            match one {
                Ok(Some(approval)) => return Ok(Some(approval)),
                Ok(None) => {}
                Err(failure) => failed = Some(failure),
            }
        }
        // A pipeline that could not be asked may have it: that is no "nowhere".
        failed.map_or(Ok(None), Err)
    }

    async fn approval_in(
        &self,
        pipeline: &PipelineId,
        request: &RequestId,
    ) -> Result<Option<Approval>, Failure> {
        let dialect = self.dialect().await?;
        let answer = match self.call(&Call::get(routes::approval(pipeline, request))).await {
            Err(failure) if failure.is_not_found() => return Ok(None),
            other => other?,
        };
        match dialect {
            Dialect::Holdpoint => single(&answer).map(Some),
            Dialect::Platform => {
                let raw: RawApproval = single(&answer)?;
                let (registry, _) = self.registry(pipeline).await?;
                Ok(Some(raw.join(pipeline, &registry)))
            }
        }
    }

    async fn snapshot(&self, as_of: DateTime<Utc>) -> Result<OpenSet, Failure> {
        let answer = self.call(&Call::get("/snapshot")).await?;
        let (snapshot, unreadable) = rest::read_snapshot(&answer.body).map_err(Failure::bad_answer)?;
        Ok(OpenSet {
            approvals: snapshot.approvals,
            as_of,
            cursor: Some(Cursor { epoch: snapshot.epoch, seq: snapshot.as_of_seq, last_id: None }),
            unreadable,
            audit_head: snapshot.audit_head,
            left_out: Vec::new(),
        })
    }

    async fn all_pending(&self, as_of: DateTime<Utc>) -> Result<OpenSet, Failure> {
        let lists: Vec<_> = stream::iter(self.pipeline_ids().await?)
            .map(|pipeline| async move {
                match self.pending_in(&pipeline).await {
                    Ok(list) => Ok(Ok(list)),
                    Err(why) if is_about_one_pipeline(&why) => Ok(Err(LeftOut { pipeline, why })),
                    Err(failure) => Err(failure),
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut set = OpenSet {
            approvals: Vec::new(),
            as_of,
            cursor: None,
            unreadable: 0,
            audit_head: None,
            left_out: Vec::new(),
        };
        for list in lists {
            match list {
                Ok((approvals, unreadable)) => {
                    set.approvals.extend(approvals);
                    set.unreadable += unreadable;
                }
                Err(left_out) => set.left_out.push(left_out),
            }
        }
        Ok(set)
    }

    /// The pending requests of one pipeline of the platform. A stopped one has none.
    async fn pending_in(&self, pipeline: &PipelineId) -> Result<(Vec<Approval>, usize), Failure> {
        let answer = match self.call(&Call::get(routes::pending(pipeline))).await {
            Err(Failure::Told { told, .. }) if traps::is_stopped_pipeline(&told) => {
                return Ok((Vec::new(), 0));
            }
            other => other?,
        };
        let (raw, unreadable): (Vec<RawApproval>, usize) =
            platform::list(&answer.body, &["pending_approvals", "data"]).map_err(Failure::bad_answer)?;
        if raw.is_empty() {
            return Ok((Vec::new(), unreadable));
        }
        let (registry, _) = self.registry(pipeline).await?;
        Ok((raw.into_iter().map(|raw| raw.join(pipeline, &registry)).collect(), unreadable))
    }

    /// The platform's registry as read, and how many entries could not be.
    pub(crate) async fn registry(&self, pipeline: &PipelineId) -> Result<(Vec<Entry>, usize), Failure> {
        let answer = self.call(&Call::get(routes::actions(pipeline))).await?;
        platform::entries(&answer.text()).map_err(Failure::bad_answer)
    }
}

/// `{status, approval_request}`, or the request alone.
fn single<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, Failure> {
    let mut value: Value = answer.read()?;
    let inner = value.get_mut("approval_request").map(Value::take);
    serde_json::from_value(inner.unwrap_or(value)).map_err(Failure::bad_answer)
}

/// No rights there, or no such pipeline: the others are not concerned.
fn is_about_one_pipeline(failure: &Failure) -> bool {
    failure.is_not_allowed() || failure.is_not_found() || matches!(failure, Failure::BadId { .. })
}
