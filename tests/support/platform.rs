//! The existing platform as CONTRACT 3 records it, traps included, on a loopback port: what the console must work with
//! besides the gateway of ours.
//!
//! Owns the shapes and the misbehaviour. Its texts, names and ids are its own. What it does wrong is what was recorded;
//! faults beyond that are asked for by name (`platform/fault.rs`).

mod action;
mod approve;
mod document;
mod execute;
mod fault;
mod mappings;
mod overview;
mod raise;
mod received;
mod refuse;
mod request;
mod runbook;
mod session;
mod socket;
mod world;

pub use action::Action;
pub use received::{Instead, Received, Route};
pub use socket::Close;
pub use world::{ApproveFault, Role};

use crate::serve::Serving;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use domain::{ActionId, PipelineId, RequestId};
use serde_json::{Value, json};
use std::sync::Arc;
use world::{Container, Pipeline, Registered, User, World};

/// A running platform. Dropping it stops it.
#[derive(Debug)]
pub struct Platform {
    pub(self) serving: Serving,
    pub(self) world: Arc<World>,
}

impl Platform {
    /// Starts an empty one on a free port.
    pub async fn start() -> Self {
        // Plain HTTP to loopback only, yet the client wants a provider before it is built; a second one is no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be built");
        let world = Arc::new(World::new(http));
        let serving = Serving::start(router(world.clone())).await;
        Self { serving, world }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.serving.origin()
    }

    /// `ws://127.0.0.1:PORT/ws/`.
    pub fn socket_url(&self) -> String {
        format!("{}/ws/", self.origin().replacen("http", "ws", 1))
    }

    /// Adds someone who can sign in.
    pub fn add_user(&self, email: &str, password: &str, role: Role) {
        self.world.with(|state| {
            let id = (state.users.len() + 1).to_string();
            state.users.push(User { id, email: email.to_owned(), password: password.to_owned(), role });
        });
    }

    /// Adds a pipeline with a running container; its id is 24 hex digits.
    pub fn add_pipeline(&self, name: &str) -> PipelineId {
        self.world.with(|state| {
            let id = state.hex(24);
            let pipeline = Pipeline {
                id: id.clone(),
                name: name.to_owned(),
                container: Container::Running,
                created_at: world::now(),
                registry: Default::default(),
                mappings: Vec::new(),
                requests: Vec::new(),
            };
            state.pipelines.insert(id.clone(), pipeline);
            PipelineId(id)
        })
    }

    /// Adds a registry entry, or replaces the one of that id.
    pub fn add_action(&self, pipeline: &PipelineId, action: Action) {
        self.change(pipeline, |pipeline| {
            let registered = Registered { entry: action.entry, answer: action.answer };
            pipeline.registry.insert(action.id, registered);
        });
    }

    /// Adds an error mapping.
    pub fn add_mapping(&self, pipeline: &PipelineId, error: &str, actions: &[&str], description: &str) {
        let mapping = mappings::mapping(&json!(error), &json!(actions), &json!(description));
        self.change(pipeline, |pipeline| pipeline.mappings.push(mapping));
    }

    /// Edits a registry entry, as somebody does between show and approve. Nobody is told.
    pub fn edit_action(&self, pipeline: &PipelineId, action: &ActionId, edit: impl FnOnce(&mut Value)) {
        self.change(pipeline, |pipeline| match pipeline.registry.get_mut(action.as_str()) {
            Some(registered) => edit(&mut registered.entry),
            None => panic!("no action {action} in {}", pipeline.id),
        });
    }

    /// The request as its pipeline's container has it now.
    pub fn approval(&self, request: &RequestId) -> Option<Value> {
        self.world.with(|state| state.request(request.as_str()).map(|request| request.plain()))
    }

    /// How often an action was started.
    pub fn started(&self, action: &str) -> usize {
        self.world.with(|state| state.started.iter().filter(|id| *id == action).count())
    }

    /// How often an action took effect.
    pub fn executed(&self, action: &str) -> usize {
        self.world.with(|state| state.executed.iter().filter(|id| *id == action).count())
    }

    /// Every action that took effect, in order.
    pub fn all_executed(&self) -> Vec<String> {
        self.world.with(|state| state.executed.clone())
    }

    /// How many requests a route got.
    pub fn count(&self, route: Route) -> usize {
        self.world.with(|state| state.received.iter().filter(|one| one.route == route).count())
    }

    /// The requests a route got, in order.
    pub fn received(&self, route: Route) -> Vec<Received> {
        self.world.with(|state| state.received.iter().filter(|one| one.route == route).cloned().collect())
    }

    /// The bodies of all approve calls, rejects included, in order.
    pub fn decisions(&self) -> Vec<Value> {
        self.received(Route::Approve).iter().map(Received::json).collect()
    }

    /// How many sockets are open and signed in.
    pub fn sockets(&self) -> usize {
        self.world.with(|state| state.sockets.len())
    }

    /// Every token given out: none of them may be found anywhere afterwards (A17).
    pub fn issued_tokens(&self) -> Vec<String> {
        self.world.with(|state| state.issued.clone())
    }

    fn change<T>(&self, id: &PipelineId, change: impl FnOnce(&mut Pipeline) -> T) -> T {
        self.world.with(|state| match state.pipelines.get_mut(id.as_str()) {
            Some(pipeline) => change(pipeline),
            None => panic!("no pipeline {id}"),
        })
    }
}

fn router(world: Arc<World>) -> Router {
    let mappings = "/action/{pipeline}/error-registry/mappings";
    Router::new()
        .route("/auth/login", post(session::login))
        .route("/auth/refresh", post(session::refresh))
        .route("/auth/logout", post(session::logout))
        .route("/auth/me", get(session::me))
        .route("/ws", get(socket::without_slash))
        .route("/ws/", get(socket::open))
        .route("/version/retrieve_all", get(overview::workflows))
        .route("/overview/notifications", get(overview::notifications))
        .route("/overview/logs", get(overview::logs))
        .route("/rca/rca_events", get(overview::root_causes))
        .route("/agentic/{pipeline}/runbook/actions", get(runbook::actions))
        .route("/agentic/{pipeline}/runbook/actions/add", post(runbook::add_action))
        .route("/agentic/{pipeline}/runbook/actions/{action}", get(runbook::action))
        .route("/agentic/{pipeline}/runbook/discover/swagger", post(runbook::discover))
        .route("/agentic/{pipeline}/runbook/approvals/pending", get(runbook::pending))
        .route("/agentic/{pipeline}/runbook/approvals/{request}", get(runbook::single))
        .route("/agentic/{pipeline}/runbook/remediate/approve", post(approve::approve))
        .route(mappings, get(mappings::list).post(mappings::add))
        .route(&format!("{mappings}/{{error}}"), get(mappings::read).delete(mappings::delete))
        .fallback(async || refuse::plain(StatusCode::NOT_FOUND, "Not Found"))
        .layer(axum::middleware::from_fn_with_state(world.clone(), received::record))
        .with_state(world)
}
