//! The pipelines this person may see, and what she may do there.

use crate::api::auth::{Identity, id_text};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::wire::call::Call;
use domain::PipelineId;
use protocol::platform;
use protocol::rest::Workflow;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::PoisonError;

/// How many the platform is asked for at a time, and how often at most.
const PAGE: usize = 100;
const PAGES: usize = 50;

/// A monitored workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// For people; empty where it is not told. Hostile text.
    pub name: String,
    /// The gateway's word.
    pub status: Option<String>,
    /// What this person may do there.
    pub may: Rights,
    /// Who says that there is such a pipeline.
    pub told_by: ToldBy,
}

/// Who says that there is such a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldBy {
    /// The gateway lists it.
    Gateway,
    /// A person named it; it may not exist.
    Person,
}

/// What one person may do on one pipeline, as far as the gateway tells. It is the gateway that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rights {
    /// Read and decide.
    Decide,
    /// Read.
    Look,
    /// Nobody says.
    Untold,
}

impl Gateway {
    /// The pipelines, with those entered by hand that the gateway does not list.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>, Failure> {
        let dialect = self.dialect().await?;
        let me = self.me().await?;
        let workflows = match dialect {
            Dialect::Holdpoint => self.listed("/workflows", None).await?,
            Dialect::Platform => self.all_listed().await?,
        };
        let mut pipelines: Vec<Pipeline> =
            workflows.into_iter().map(|workflow| pipeline(dialect, workflow, &me)).collect();
        for id in self.by_hand(dialect) {
            if !pipelines.iter().any(|known| known.id == id) {
                let name = String::new();
                pipelines.push(Pipeline {
                    id,
                    name,
                    status: None,
                    may: Rights::Untold,
                    told_by: ToldBy::Person,
                });
            }
        }
        Ok(pipelines)
    }

    /// The ids alone: one call less.
    pub(crate) async fn pipeline_ids(&self) -> Result<Vec<PipelineId>, Failure> {
        let dialect = self.dialect().await?;
        let workflows = match dialect {
            Dialect::Holdpoint => self.listed("/workflows", None).await?,
            Dialect::Platform => self.all_listed().await?,
        };
        let mut ids: Vec<PipelineId> = workflows.into_iter().map(|workflow| workflow.id).collect();
        for id in self.by_hand(dialect) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// A gateway of ours lists whatever may be seen.
    fn by_hand(&self, dialect: Dialect) -> Vec<PipelineId> {
        match dialect {
            Dialect::Holdpoint => Vec::new(),
            Dialect::Platform => self.inner.by_hand.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// A person named this pipeline: for as long as this client lives it is asked too, whether the gateway lists it or
    /// not (CONTRACT 3).
    pub fn also_ask(&self, pipeline: PipelineId) {
        let mut known = self.inner.by_hand.write().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&pipeline) {
            known.push(pipeline);
        }
    }

    async fn all_listed(&self) -> Result<Vec<Workflow>, Failure> {
        let mut all: Vec<Workflow> = Vec::new();
        for page in 0..PAGES {
            let listed = self.listed("/version/retrieve_all", Some(page * PAGE)).await;
            let listed = match listed {
                // Viewers may see nothing there (CONTRACT 3); what was entered by hand stands all the same.
                Err(failure) if failure.is_not_allowed() || failure.is_not_found() => return Ok(all),
                other => other?,
            };
            let full = listed.len() >= PAGE;
            let known = all.len();
            for workflow in listed {
                if !all.iter().any(|other| other.id == workflow.id) {
                    all.push(workflow);
                }
            }
            if !full || all.len() == known {
                break;
            }
        }
        Ok(all)
    }

    async fn listed(&self, path: &str, skip: Option<usize>) -> Result<Vec<Workflow>, Failure> {
        let call = match skip {
            Some(skip) => Call::get(path).query("skip", skip).query("limit", PAGE),
            None => Call::get(path),
        };
        let answer = self.call(&call).await?;
        let (workflows, bad) =
            platform::list(&answer.body, &["data", "workflows"]).map_err(Failure::bad_answer)?;
        if bad > 0 {
            tracing::warn!(bad, "pipelines that could not be read were left out");
        }
        Ok(workflows)
    }
}

fn pipeline(dialect: Dialect, workflow: Workflow, me: &Identity) -> Pipeline {
    let may = rights(dialect, &workflow, me);
    Pipeline { id: workflow.id, name: workflow.name, status: workflow.status, may, told_by: ToldBy::Gateway }
}

fn rights(dialect: Dialect, workflow: &Workflow, me: &Identity) -> Rights {
    let among = |ids: &[Value]| ids.iter().map(id_text).any(|id| id == me.user_id || id == me.email);
    match (dialect, me.role.as_deref()) {
        (Dialect::Holdpoint, Some("viewer" | "machine")) => Rights::Look,
        (_, Some("admin")) => Rights::Decide,
        _ if among(&workflow.owner_ids) => Rights::Decide,
        _ if among(&workflow.viewer_ids) => Rights::Look,
        _ => Rights::Untold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rights_are_read_from_role_and_lists_and_never_guessed() {
        let workflow: Workflow =
            serde_json::from_value(json!({"_id":"p","name":"Orders","owner_ids":[1],"viewer_ids":["2"]}))
                .expect("workflow");
        let may = |dialect: Dialect, id: &str, role: &str| {
            let me = Identity {
                email: "a@example.com".into(),
                role: Some(role.into()),
                user_id: id.into(),
                full_name: None,
            };
            rights(dialect, &workflow, &me)
        };
        assert_eq!(may(Dialect::Platform, "1", "user"), Rights::Decide);
        assert_eq!(may(Dialect::Platform, "2", "user"), Rights::Look);
        assert_eq!(may(Dialect::Platform, "3", "user"), Rights::Untold);
        assert_eq!(may(Dialect::Holdpoint, "1", "viewer"), Rights::Look);
        assert_eq!(may(Dialect::Holdpoint, "9", "admin"), Rights::Decide);
    }
}
