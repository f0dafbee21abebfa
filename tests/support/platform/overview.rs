//! Lists for everybody: workflows, notifications, logs, root causes (CONTRACT 3).

use super::document::Kind;
use super::session::SignedIn;
use super::world::{Role, State as Known, World};
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `?skip=&limit=`.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    skip: usize,
    #[serde(default)]
    limit: Option<usize>,
}

/// `GET /version/retrieve_all`: a viewer sees nothing.
pub(super) async fn workflows(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Query(page): Query<Page>,
) -> Json<Value> {
    world.with(|state| {
        let ids = state.pipelines.keys().filter(|_| user.role == Role::Owner);
        let all = ids.filter_map(|id| state.workflow(id)).map(|workflow| workflow.plain()).collect();
        Json(counted(page.cut(all)))
    })
}

/// `GET /overview/notifications`: the same list under two names.
pub(super) async fn notifications(
    State(world): State<Arc<World>>,
    SignedIn(_): SignedIn,
    Query(page): Query<Page>,
) -> Json<Value> {
    world.with(|state| {
        let listed = page.cut(documents(state, Kind::Notification));
        let mut body = counted(listed.clone());
        body["notifications"] = json!(listed);
        Json(body)
    })
}

/// `GET /overview/logs`.
pub(super) async fn logs(
    State(world): State<Arc<World>>,
    SignedIn(_): SignedIn,
    Query(page): Query<Page>,
) -> Json<Value> {
    world.with(|state| Json(counted(page.cut(documents(state, Kind::Log)))))
}

/// `GET /rca/rca_events`.
pub(super) async fn root_causes(
    State(world): State<Arc<World>>,
    SignedIn(_): SignedIn,
    Query(page): Query<Page>,
) -> Json<Value> {
    world.with(|state| Json(counted(page.cut(documents(state, Kind::Rca)))))
}

impl Page {
    fn cut(&self, all: Vec<Value>) -> Vec<Value> {
        all.into_iter().skip(self.skip).take(self.limit.unwrap_or(usize::MAX)).collect()
    }
}

fn documents(state: &Known, kind: Kind) -> Vec<Value> {
    state.documents.iter().filter(|document| document.kind == kind).map(|document| document.plain()).collect()
}

fn counted(data: Vec<Value>) -> Value {
    json!({"status": "success", "count": data.len(), "data": data})
}
