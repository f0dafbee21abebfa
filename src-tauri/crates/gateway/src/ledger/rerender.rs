//! Rendering: how actions become what an approval shows, and how an edit reaches the approvals that still wait
//! (CONTRACT 1b).

use super::record::{self, Happening, members};
use crate::db::approvals;
use crate::db::workflows::WorkflowRow;
use crate::db::write::Write;
use crate::fault::Fault;
use crate::render::{self, Violation};
use domain::{Approval, Effect, Mode, RemediationAction, RenderedAction, Status};
use protocol::frame::ApprovalKind;
use serde_json::{Map, Value, json};

/// Renders one action; violations name the action.
pub(crate) fn render(
    action: &RemediationAction,
    context: &Map<String, Value>,
) -> Result<RenderedAction, Fault> {
    let rendered = render::render(action, context).map_err(|violations| {
        let said =
            format!("Action {} cannot be rendered from these values; nobody was asked.", action.action_id);
        Fault::invalid(said).with("violations", listed(action, &violations))
    })?;
    match rendered.effect {
        Effect::Known(domain::effect::Known::Http { .. }) => Ok(rendered),
        _ => Err(Fault::invalid(format!(
            "Action {} is of method {}, which this gateway does not execute yet; nobody was asked.",
            action.action_id, action.method
        ))),
    }
}

/// What the actions ask for together.
pub(crate) fn mode(actions: &[RenderedAction]) -> Mode {
    if actions.iter().any(|a| a.action.gated()) { Mode::PerAction } else { Mode::Request }
}

/// Renders every pending approval that uses this action anew. One that cannot be rendered refuses the edit: an approval
/// must never wait with an effect that its entry no longer has.
pub(crate) async fn after_edit(
    write: &mut Write,
    workflow: &WorkflowRow,
    actor: &str,
    action: &RemediationAction,
) -> Result<(), Fault> {
    for mut entry in approvals::waiting(write.conn(), &workflow.id).await? {
        let uses = entry.approval.action_ids.contains(&action.action_id);
        if entry.approval.status != Status::Pending || !uses {
            continue;
        }
        let again = render(action, &entry.context).map_err(|fault| {
            let id = &entry.approval.request_id;
            Fault::invalid(format!(
                "Request {id} waits with this action and cannot be rendered with the edit; decide or withdraw it first."
            ))
            .with("violations", fault.problem.extra.get("violations").cloned().unwrap_or_default())
        })?;
        replace(&mut entry.approval, &again);
        let (id, revision) = (entry.approval.request_id.clone(), entry.approval.revision);
        let digest = entry.approval.computed_digest();
        approvals::add_digest(write.conn(), &id, revision, &digest).await?;
        entry.approval.digest = Some(digest);
        let happening = Happening {
            kind: ApprovalKind::ApprovalChanged,
            actor,
            action: "rerender",
            more: members([("why", json!("edited")), ("action_id", json!(action.action_id))]),
        };
        record::record(write, &entry, workflow, happening).await?;
    }
    Ok(())
}

fn replace(approval: &mut Approval, again: &RenderedAction) {
    for slot in approval.actions.iter_mut().filter(|a| a.action.action_id == again.action.action_id) {
        *slot = again.clone();
    }
    let state = approval.execution_state.entry(again.action.action_id.clone()).or_default();
    state.requires_approval = again.action.gated();
    approval.mode = mode(&approval.actions);
    approval.revision += 1;
}

fn listed(action: &RemediationAction, violations: &[Violation]) -> Vec<Value> {
    let entry =
        |v: &Violation| json!({"action_id": action.action_id, "field": v.field, "message": v.message});
    violations.iter().map(entry).collect()
}
