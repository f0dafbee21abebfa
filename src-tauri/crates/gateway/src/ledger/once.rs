//! Idempotency (CONTRACT 1c): the same call under the same key has one effect and one answer.

use super::{Reply, Taken, respond, state};
use crate::db::idempotency::{self, Claim};
use crate::db::write::Write;
use crate::db::{approvals, runs};
use crate::fault::Fault;
use domain::RequestId;
use domain::law::State;
use protocol::problem::Slug;
use serde_json::Value;

/// Looks for an earlier call under the claim's key: `None` means that this one is the first.
pub(crate) async fn earlier(write: &mut Write, claim: Option<&Claim>) -> Result<Option<Taken>, Fault> {
    let Some(claim) = claim else { return Ok(None) };
    let Some(earlier) = idempotency::find(write.conn(), claim).await? else { return Ok(None) };
    if earlier.fingerprint != claim.fingerprint {
        tracing::warn!(route = claim.route, "an idempotency key came back with another body");
        return Err(Fault::new(
            Slug::KeyReused,
            "This idempotency key was used for another call; nothing was done. Use a new key.",
        )
        .at("idempotency"));
    }
    if let Some((status, body)) = earlier.answer {
        return Ok(Some(Taken::Replayed(Reply { status, body })));
    }
    let entry = match &earlier.request_id {
        Some(id) => approvals::one(write.conn(), id).await?,
        None => None,
    };
    match entry {
        // The call that set it running has not written its answer: it ended with the process that took it.
        Some(entry) if !matches!(state::of(&entry), State::Executing | State::Stopping) => {
            let runs = runs::all(write.conn(), &entry.approval.request_id).await?;
            let reply = respond::reply(200, &respond::response(&entry.approval, &runs));
            idempotency::complete(write.conn(), claim, reply.status, &reply.body).await?;
            Ok(Some(Taken::Replayed(reply)))
        }
        _ => Err(Fault::new(Slug::InProgress, "The same call is still in progress. Ask again in a moment.")
            .at("idempotency")
            .retry_after(2)),
    }
}

/// Writes the first call's answer, in its own transaction; `None` while it still runs.
pub(crate) async fn keep(
    write: &mut Write,
    claim: Option<&Claim>,
    request: Option<&RequestId>,
    answer: Option<&Reply>,
) -> Result<(), Fault> {
    if let Some(claim) = claim {
        let at = write.now_ms();
        let answer = answer.map(|reply| (reply.status, &reply.body));
        idempotency::insert(write.conn(), claim, request, answer, at).await?;
    }
    Ok(())
}

/// Keeps a refusal, if it is one that is replayed, and commits what led to it (an expiry). Hands the refusal back.
pub(crate) async fn refuse(
    mut write: Write,
    claim: Option<&Claim>,
    request: Option<&RequestId>,
    fault: Fault,
) -> Fault {
    let status = fault.problem.status;
    if status >= 500 {
        return fault;
    }
    let kept = if matches!(status, 401 | 403 | 408 | 425 | 429) {
        Ok(())
    } else {
        let body = serde_json::to_value(fault.problem.as_ref()).unwrap_or(Value::Null);
        keep(&mut write, claim, request, Some(&Reply { status, body })).await
    };
    match kept {
        Ok(()) => write.commit().await.map_or_else(Fault::from, |()| fault),
        Err(broken) => broken,
    }
}
