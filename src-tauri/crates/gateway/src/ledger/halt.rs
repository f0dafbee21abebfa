//! Stop and withdraw (CONTRACT 1a): the two ways to end a request besides deciding it.

use super::decide::refused;
use super::record::{self, Happening, members};
use super::{Place, Reply, Taken, load, once, respond, state};
use crate::auth::role::Role;
use crate::core::App;
use crate::db::approvals::{Entry, StopAsked};
use crate::db::idempotency::Claim;
use crate::db::write::Write;
use crate::fault::Fault;
use domain::RequestId;
use domain::law::{self, Input, State};
use protocol::frame::ApprovalKind;
use serde_json::json;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Stop,
    Withdraw,
}

/// Stops or withdraws a request. The answer is a 202: a running action still comes to its end.
pub(crate) async fn halt(
    app: &App,
    place: Place<'_>,
    halt: Halt,
    (id, reason): (&RequestId, &str),
    claim: Option<&Claim>,
) -> Result<Taken, Fault> {
    let mut write = app.write().await?;
    if let Some(taken) = once::earlier(&mut write, claim).await? {
        write.commit().await?;
        return Ok(taken);
    }
    let entry = match apply(app, &mut write, place, halt, id, reason).await {
        Ok(entry) => entry,
        Err(fault) => return Err(once::refuse(write, claim, Some(id), fault).await),
    };
    let reply: Reply = respond::accepted(&entry.approval);
    once::keep(&mut write, claim, Some(id), Some(&reply)).await?;
    write.commit().await?;
    Ok(Taken::Answered(reply))
}

async fn apply(
    app: &App,
    write: &mut Write,
    place: Place<'_>,
    halt: Halt,
    id: &RequestId,
    reason: &str,
) -> Result<Entry, Fault> {
    let mut entry = load(write, place, id).await?;
    let caller = place.caller;
    let requester = entry.approval.requested_by.as_deref() == Some(caller.email.as_str());
    if halt == Halt::Withdraw && !requester && caller.role != Role::Admin {
        return Err(Fault::not_allowed(
            "Only the requester or an admin can withdraw a request. Reject it instead.",
        ));
    }
    super::reason::check(reason)?;
    let (input, kind, word) = match halt {
        Halt::Stop => (Input::Stop, ApprovalKind::ApprovalDecided, "stop"),
        Halt::Withdraw => (Input::Withdraw, ApprovalKind::ApprovalWithdrawn, "withdraw"),
    };
    let next = law::step(&state::of(&entry), &input).map_err(|refusal| refused(refusal, &entry))?;
    let now = write.now();
    if next == State::Stopping {
        let asked = StopAsked { by: caller.email.clone(), at: now, reason: reason.to_owned() };
        entry.stop.get_or_insert(asked);
    } else {
        entry.approval.decided_by = Some(caller.email.clone());
        entry.approval.decided_at = Some(now);
        entry.approval.rejection_reason = Some(reason.to_owned());
    }
    state::enter(&mut entry, &next, now, app.config.approval_ttl_s);
    let happening = Happening {
        kind,
        actor: &caller.email,
        action: word,
        more: members([
            ("by", json!(caller.email)),
            ("verdict", json!(word)),
            ("at", json!(now)),
            ("reason", json!(reason)),
        ]),
    };
    record::record(write, &entry, place.workflow, happening).await?;
    Ok(entry)
}
