//! `holdctl trace`: the way of one decision, or of everything decided on one request, with its times. From disk.

use crate::exit::{Exit, Stop};
use crate::out::Out;
use crate::{place, shapes};
use chrono::{DateTime, Utc};
use domain::receipt::{Fact, Receipt};
use domain::{DecisionId, OutboxState, RequestId, escape};
use serde_json::{Value, json};
use store::{OutboxRow, Reader, StoreError};

/// One point on the way.
struct Point {
    at: DateTime<Utc>,
    /// For programs.
    step: &'static str,
    /// Whose clock says so: `gateway` or `here`.
    clock: &'static str,
    says: String,
}

/// Traces a decision by its own id, or every decision on a request.
pub(crate) async fn trace(id: &str, out: &Out) -> Result<Exit, Stop> {
    let reader = match Reader::open(&place::data_dir()?).await {
        Ok(reader) => reader,
        Err(StoreError::Missing(_)) => return Err(nothing(id)),
        Err(error) => return Err(error.into()),
    };
    let rows = rows(&reader, id).await?;
    let mut traces = Vec::new();
    for row in &rows {
        traces.push((row, points(&reader, row).await?));
    }
    let values: Vec<Value> = traces.iter().map(|(row, points)| value(row, points)).collect();
    out.print(&json!({"id": id, "traces": values}), || {
        traces.iter().map(|(row, points)| text(row, points)).collect::<Vec<_>>().join("\n\n")
    });
    Ok(Exit::Done)
}

fn nothing(id: &str) -> Stop {
    Stop {
        exit: Exit::NotFound,
        code: "not_found".into(),
        message: format!(
            "Nothing decided here has the id {id}, neither a decision nor a request: `holdctl history search` finds both."
        ),
    }
}

async fn rows(reader: &Reader, id: &str) -> Result<Vec<OutboxRow>, Stop> {
    let as_decision = serde_json::from_value::<DecisionId>(json!(id)).ok();
    let decision = match as_decision {
        Some(decision) => reader.decision(decision).await?,
        None => None,
    };
    let rows = match decision {
        Some(row) => vec![row],
        None => reader.decisions_on(&RequestId(id.to_owned())).await?,
    };
    if rows.is_empty() { Err(nothing(id)) } else { Ok(rows) }
}

async fn points(reader: &Reader, row: &OutboxRow) -> Result<Vec<Point>, Stop> {
    let here = |at, step, says: String| Point { at, step, clock: "here", says };
    let there = |at, step, says: String| Point { at, step, clock: "gateway", says };
    let mut points = Vec::new();
    let shown = reader.shown(row.decision).await?;
    if let Some(created) = shown.as_ref().and_then(|shown| shown.approval.created_at) {
        points.push(there(created, "created", "the request was raised".into()));
    }
    for event in reader.events_of(&row.key).await? {
        let subtype = event.subtype.as_deref().unwrap_or(&event.kind);
        points.push(there(
            event.at,
            "event",
            format!("{}: {}", escape::one_line(subtype), escape::one_line(&event.title)),
        ));
    }
    if let Some(at) = reader.printed_at(&row.key).await? {
        points.push(here(at, "printed", "the terminal showed the request last".into()));
    }
    for receipt in reader.receipts_of(row.decision).await? {
        points.extend(of_receipt(&receipt).map(|(step, says)| here(receipt.at, step, says)));
    }
    if let Some(superseded) = &row.superseded
        && let Some(at) = superseded.at
    {
        let by = escape::one_line(superseded.by.as_deref().unwrap_or("somebody else"));
        points.push(there(at, "superseded", format!("decided by {by}")));
    }
    points.sort_by_key(|point| point.at);
    Ok(points)
}

fn of_receipt(receipt: &Receipt) -> Option<(&'static str, String)> {
    let number = receipt.seq;
    match &receipt.fact {
        Fact::Decided { verdict, identity, digest, .. } => Some((
            "decided",
            format!(
                "{} decided {} on what was shown ({digest}); on disk, receipt {number}",
                escape::one_line(identity),
                verdict.word()
            ),
        )),
        Fact::Outcome { state, status, detail, .. } => {
            let about = [status.as_deref(), detail.as_deref()].into_iter().flatten().map(escape::one_line);
            let about = about.collect::<Vec<_>>().join(", ");
            let about = if about.is_empty() { about } else { format!(": {about}") };
            Some((step(*state), format!("{}{about}; receipt {number}", told(*state))))
        }
        Fact::KeyChange { .. } => None,
    }
}

fn step(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Sent => "on_the_wire",
        other => other.word(),
    }
}

fn told(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Held => "held",
        OutboxState::Queued => "ready to be sent",
        OutboxState::Sent => "put on the wire",
        OutboxState::Acknowledged => "acknowledged by the gateway",
        OutboxState::Observed => "its outcome was observed",
        OutboxState::Conflict => "somebody else had decided",
        OutboxState::Changed => "not taken: the request had changed",
        OutboxState::Expired => "not taken: the request had expired",
        OutboxState::Refused => "refused",
        OutboxState::NotTaken => "not taken",
        OutboxState::Unknown => "outcome unknown, being checked",
    }
}

fn value(row: &OutboxRow, points: &[Point]) -> Value {
    let point = |point: &Point| json!({"at": shapes::time(point.at), "step": point.step, "clock": point.clock, "says": point.says});
    json!({
        "decision": row.decision, "gateway_id": row.key.gateway, "request_id": row.key.request,
        "pipeline_id": row.pipeline, "action_id": row.point.action(), "verdict": row.verdict.word(),
        "state": row.state, "points": points.iter().map(point).collect::<Vec<_>>(),
    })
}

fn text(row: &OutboxRow, points: &[Point]) -> String {
    let head = format!(
        "{} of request {}, decision {}: {}",
        row.verdict.word(),
        escape::one_line(row.key.request.as_str()),
        row.decision,
        row.state.word().replace('_', " ")
    );
    let line = |point: &Point| {
        let clock = if point.clock == "gateway" { " (its clock)" } else { "" };
        format!("  {}{clock}  {}", point.at.format("%Y-%m-%d %H:%M:%S%.3f UTC"), point.says)
    };
    std::iter::once(head).chain(points.iter().map(line)).collect::<Vec<_>>().join("\n")
}
