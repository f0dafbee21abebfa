//! Runbook actions, error mappings and results, to be read.

use crate::api::routes;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::wire::call::{Answer, Call};
use domain::registry::ErrorMapping;
use domain::{ActionId, ActionResult, PipelineId, RemediationAction, RequestId};
use protocol::platform;
use serde::Deserialize;

impl Gateway {
    /// The actions of a pipeline. Entries that cannot be read are left out and logged.
    pub async fn actions(&self, pipeline: &PipelineId) -> Result<Vec<RemediationAction>, Failure> {
        match self.dialect().await? {
            Dialect::Holdpoint => {
                listed(&self.call(&Call::get(routes::actions(pipeline))).await?, &["actions"])
            }
            Dialect::Platform => {
                let (entries, bad) = self.registry(pipeline).await?;
                warn_of(bad);
                Ok(entries.into_iter().map(|entry| entry.action).collect())
            }
        }
    }

    /// The error mappings of a pipeline.
    pub async fn mappings(&self, pipeline: &PipelineId) -> Result<Vec<ErrorMapping>, Failure> {
        listed(&self.call(&Call::get(routes::mappings(pipeline))).await?, &["mappings", "data"])
    }

    /// The whole result of one action of a request.
    ///
    /// # Errors
    /// [`Failure::NotOffered`] on the platform, which tells results only in its answer to the decision.
    pub async fn result(
        &self,
        pipeline: &PipelineId,
        request: &RequestId,
        action: &ActionId,
    ) -> Result<ActionResult, Failure> {
        if self.dialect().await? == Dialect::Platform {
            return Err(Failure::NotOffered { what: "reading a result again" });
        }
        self.call(&Call::get(routes::result(pipeline, request, action))).await?.read()
    }
}

fn listed<T: for<'de> Deserialize<'de>>(answer: &Answer, names: &[&str]) -> Result<Vec<T>, Failure> {
    let (items, bad) = platform::list(&answer.body, names).map_err(Failure::bad_answer)?;
    warn_of(bad);
    Ok(items)
}

fn warn_of(bad: usize) {
    if bad > 0 {
        tracing::warn!(bad, "entries that could not be read were left out");
    }
}
