//! `POST .../remediate/approve`: approve, reject, and everything that is wrong with both (CONTRACT 3, Approvals).

use super::document::Taken;
use super::execute;
use super::refuse::{self, Refused};
use super::request::{Approved, Status};
use super::session::SignedIn;
use super::world::{ApproveFault, State as Known, World, now};
use crate::serve::Peer;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// The handler.
pub(super) async fn approve(
    State(world): State<Arc<World>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(id) = body["request_id"].as_str() else {
        return refuse::missing(&["request_id"]).into_response();
    };
    let fault =
        world.with(|state| state.pipeline(&user, &pipeline).map(|_| ()).map(|()| state.approve_fault));
    let fault = match fault {
        Ok(ApproveFault::NotTaken) => return refuse::gave_up().into_response(),
        Ok(ApproveFault::ResetBeforeTaken) => return reset(&peer).await,
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    // The platform believes whatever name it is given.
    let by = body["approved_by"].as_str().unwrap_or(&user.email).to_owned();
    let approved = body["approved"].as_bool().unwrap_or(true);
    let decided = match approved {
        false => {
            let reason = body["rejection_reason"].as_str().map(str::to_owned);
            world.with(|state| reject(state, id, &by, reason)).map(Decided::Rejected)
        }
        true => world
            .with(|state| take(state, id, body["action_id"].as_str(), &by))
            .map(|()| Decided::Running(tokio::spawn(execute::run(world.clone(), id.to_owned(), by)))),
    };
    match decided {
        Ok(decided) => answer(fault, &peer, decided).await,
        Err(refused) => refused.into_response(),
    }
}

enum Decided {
    Rejected(Value),
    /// Goes on whatever becomes of the call.
    Running(tokio::task::JoinHandle<Result<Value, Refused>>),
}

async fn answer(fault: ApproveFault, peer: &Peer, decided: Decided) -> Response {
    let limit = match fault {
        ApproveFault::ResetOnceTaken | ApproveFault::ResetBeforeTaken => return reset(peer).await,
        ApproveFault::Silent => return std::future::pending().await,
        ApproveFault::NotTaken => return refuse::gave_up().into_response(),
        ApproveFault::GivesUpAfter(limit) => limit,
    };
    match decided {
        Decided::Rejected(body) => Json(body).into_response(),
        Decided::Running(run) => match tokio::time::timeout(limit, run).await {
            Ok(Ok(Ok(body))) => Json(body).into_response(),
            Ok(Ok(Err(refused))) => refused.into_response(),
            Ok(Err(_)) | Err(_) => refuse::gave_up().into_response(),
        },
    }
}

async fn reset(peer: &Peer) -> Response {
    peer.reset();
    std::future::pending().await
}

/// Writes a yes down. Completed ones take it too, and forget who said yes before.
pub(super) fn take(state: &mut Known, id: &str, action: Option<&str>, by: &str) -> Result<(), Refused> {
    let yes = Approved { by: by.to_owned(), at: now() };
    let request = state.request(id).ok_or_else(|| refuse::invalid_state("no such approval request"))?;
    if request.status == Status::Rejected {
        return Err(refuse::invalid_state("request is rejected already"));
    }
    if let Some(action) = action {
        let step = request.steps.iter_mut().find(|step| step.action_id == action);
        step.ok_or_else(|| refuse::invalid_state("no such action in the request"))?.approved =
            Some(yes.clone());
        request.waiting = request.waiting.take().filter(|waiting| waiting != action);
    }
    if matches!(request.status, Status::Pending | Status::Executing) {
        request.status = Status::Executing;
    }
    request.approved = Some(yes);
    Ok(())
}

/// Rejects the whole request, whichever action is named; a refused reject still flips the frame.
pub(super) fn reject(
    state: &mut Known,
    id: &str,
    by: &str,
    reason: Option<String>,
) -> Result<Value, Refused> {
    let request = state.request(id).ok_or_else(|| refuse::invalid_state("no such approval request"))?;
    let what = format!("Rejected: {}", reason.as_deref().unwrap_or("no reason"));
    let taken = Taken { what, at: now(), by: by.to_owned() };
    let (was, document) = (request.status, request.document_id.clone());
    let error = request.error_message.clone();
    if was == Status::Pending {
        request.status = Status::Rejected;
        request.rejection_reason = reason;
    }
    if was != Status::Rejected {
        show(state, &document, "rejected", taken);
    }
    match was {
        Status::Pending => Ok(response("rejected", &error, id, |body| {
            body["message"] = json!("The request was rejected");
            body["rejected_by"] = json!(by);
        })),
        Status::Rejected => Err(refuse::invalid_state("request is rejected already")),
        Status::Executing | Status::Completed | Status::Failed => {
            Err(refuse::invalid_state("request is not pending any more"))
        }
    }
}

/// Sends the notification of a request again, changed.
pub(super) fn show(state: &mut Known, document: &str, status: &'static str, taken: Taken) {
    let found = state.documents.iter().find(|known| known.id == document).cloned();
    if let Some(mut document) = found {
        if let Some(alert) = &mut document.alert {
            alert.status = status;
            alert.taken = Some(taken);
        }
        state.publish(document);
    }
}

/// The answer of the route: every field stands, most of them null.
pub(super) fn response(status: &str, error: &str, id: &str, fill: impl FnOnce(&mut Value)) -> Value {
    let mut body = json!({
        "status": status,
        "error": error,
        "matched_error": null,
        "distance": null,
        "confidence": null,
        "actions_executed": null,
        "execution_results": null,
        "overall_success": null,
        "message": null,
        "request_id": id,
        "actions": null,
        "description": null,
        "suggestion": null,
        "rejection_reason": null,
        "rejected_by": null
    });
    fill(&mut body);
    body
}
