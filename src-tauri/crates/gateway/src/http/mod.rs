//! The REST routes and the upgrade of CONTRACT 1 and 2: one endpoint, or one resource, per file.
//!
//! Owns HTTP only: who is calling, what was sent, how a refusal is written. What happens is decided in the ledger, the
//! registry and the session.

mod actions;
mod approvals;
mod approve;
mod audit;
mod authenticate;
mod cookies;
mod correlation;
mod deadline;
mod discover;
mod events;
mod extract;
mod halt;
mod health;
mod key;
pub(crate) mod limits;
mod login;
mod logout;
mod mappings;
mod me;
mod origin;
mod refresh;
mod remediate;
mod reply;
mod snapshot;
mod workflows;
mod ws;

use crate::core::App;
use crate::fault::Fault;
use crate::registry::discover::DOCUMENT_BYTES;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use protocol::problem::Slug;
use std::time::Duration;
use tower_http::compression::CompressionLayer;

/// Longest body of an ordinary call, in bytes.
const BODY_BYTES: usize = 1024 * 1024;
const QUICK: Duration = Duration::from_secs(30);
const SLOW: Duration = Duration::from_secs(60);

/// All routes.
pub(crate) fn router(app: App) -> Router {
    let known = Router::new()
        .merge(quick().layer(from_fn(|request, next| deadline::within(QUICK, request, next))))
        .merge(slow().layer(from_fn(|request, next| deadline::within(SLOW, request, next))))
        .route("/ws", get(ws::upgrade))
        .route("/ws/", get(ws::upgrade))
        .route_layer(from_fn_with_state(App::clone(&app), authenticate::authenticate));
    let open = Router::new()
        .route("/health", get(health::health))
        .route("/healthz", get(health::health))
        .route("/auth/login", post(login::login))
        .route("/auth/refresh", post(refresh::refresh))
        .layer(from_fn(|request, next| deadline::within(QUICK, request, next)));
    known
        .merge(open)
        .fallback(async || Fault::new(Slug::NotFound, "There is no such route."))
        .method_not_allowed_fallback(async || Fault::invalid("This route has no such method.").status(405))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(App::clone(&app), correlation::correlate))
        .with_state(app)
}

fn quick() -> Router<App> {
    let compressed = Router::new()
        .route("/snapshot", get(snapshot::snapshot))
        .route("/events", get(events::events))
        .layer(CompressionLayer::new());
    Router::new()
        .merge(compressed)
        .route("/auth/logout", post(logout::logout))
        .route("/auth/me", get(me::me))
        .route("/workflows", get(workflows::list).post(workflows::create))
        .route("/workflows/{p}", get(workflows::one).put(workflows::edit))
        .route("/audit", get(audit::audit))
        .route("/agentic/{p}/runbook/actions", get(actions::list))
        .route("/agentic/{p}/runbook/actions/add", post(actions::add))
        .route(
            "/agentic/{p}/runbook/actions/{action_id}",
            get(actions::one).put(actions::put).delete(actions::delete),
        )
        .route("/agentic/{p}/runbook/approvals/pending", get(approvals::pending))
        .route("/agentic/{p}/runbook/approvals/{request_id}", get(approvals::one))
        .route("/agentic/{p}/runbook/approvals/{request_id}/stop", post(halt::stop))
        .route("/agentic/{p}/runbook/approvals/{request_id}/withdraw", post(halt::withdraw))
        .route("/agentic/{p}/runbook/approvals/{request_id}/results/{action_id}", get(approvals::result))
        .route("/action/{p}/error-registry/mappings", get(mappings::list).post(mappings::add))
        .route(
            "/action/{p}/error-registry/mappings/{*error}",
            get(mappings::get_below).post(mappings::post_below).delete(mappings::delete),
        )
}

fn slow() -> Router<App> {
    let discover = Router::new()
        .route("/agentic/{p}/runbook/discover/swagger", post(discover::swagger))
        // A document that is sent rather than fetched may be as long as one that is fetched.
        .layer(DefaultBodyLimit::max(DOCUMENT_BYTES + BODY_BYTES));
    Router::new()
        .merge(discover)
        .route("/agentic/{p}/runbook/remediate", post(remediate::remediate))
        .route("/agentic/{p}/runbook/remediate/approve", post(approve::approve))
}
