//! `POST /agentic/{p}/runbook/remediate/approve`: a person's decision.

use super::extract::{Pipeline, Sent};
use super::{key, reply};
use crate::auth::rights::Act;
use crate::core::{App, Core};
use crate::db::idempotency::{self, Claim};
use crate::fault::Fault;
use crate::ledger::decide::{self, Answering, Ask};
use crate::ledger::{Reply, Taken, guard, respond};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::RequestId;
use domain::decision::{Point, Verdict};
use protocol::rest::DecideRequest;
use serde_json::Value;
use std::time::Duration;

const PREFER: &str = "prefer";
const PREFERENCE_APPLIED: &str = "preference-applied";
const RESPOND_ASYNC: &str = "respond-async";

pub(super) async fn approve(
    State(app): State<App>,
    headers: HeaderMap,
    pipeline: Pipeline,
    sent: Sent<DecideRequest>,
) -> Result<Response, Fault> {
    let place = pipeline.permit(Act::Decide)?;
    let claim = key::claim(&headers, &pipeline, "approve", &sent.raw)?;
    let ask = ask(&headers, sent.value)?;
    let answering = if prefers_async(&headers) { Answering::AtOnce } else { Answering::AtRest };
    let mut response = match decide::decide(&app, place, &ask, claim.as_ref(), answering).await? {
        Taken::Replayed(answer) => return Ok(reply::replayed(answer)),
        Taken::Answered(answer) => answer.into_response(),
        Taken::Running(id) => at_rest(&app, &id, claim.as_ref()).await?.into_response(),
    };
    if answering == Answering::AtOnce && response.status().as_u16() == 202 {
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(RESPOND_ASYNC));
    }
    Ok(response)
}

/// Waits until the request comes to rest, at most for the limit of a synchronous call, and writes the answer under
/// the call's key.
pub(super) async fn at_rest(app: &Core, id: &RequestId, claim: Option<&Claim>) -> Result<Reply, Fault> {
    let limit = tokio::time::sleep(Duration::from_secs(app.config.sync_limit_s));
    tokio::pin!(limit);
    let answer = loop {
        let rested = app.rested.notified();
        tokio::pin!(rested);
        // Before the look: a run that comes to rest in between is not missed.
        rested.as_mut().enable();
        let now = respond::now(app, id, 200).await?;
        if now.body.get("status").and_then(Value::as_str) != Some("executing") {
            break now;
        }
        tokio::select! {
            () = rested => {}
            () = &mut limit => break Reply { status: 202, ..now },
            () = app.closing.cancelled() => break Reply { status: 202, ..now },
        }
    };
    if let Some(claim) = claim {
        let mut write = app.write().await?;
        idempotency::complete(write.conn(), claim, answer.status, &answer.body).await?;
        write.commit().await?;
    }
    Ok(answer)
}

fn ask(headers: &HeaderMap, sent: DecideRequest) -> Result<Ask, Fault> {
    let if_match = headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default());
    let shown = guard::shown(sent.shown_digest.as_ref(), if_match)?;
    let verdict = if sent.approved {
        Verdict::Approve
    } else {
        Verdict::Reject { reason: sent.rejection_reason.unwrap_or_default() }
    };
    let point = sent.action_id.map_or(Point::Request, Point::Action);
    Ok(Ask { request_id: sent.request_id, point, verdict, shown })
}

fn prefers_async(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split([',', ';'])).any(|word| word.trim().eq_ignore_ascii_case(RESPOND_ASYNC))
}
