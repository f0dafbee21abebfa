//! Runbook actions: added, edited, deleted.

use crate::core::Core;
use crate::db::actions;
use crate::db::audit::Note;
use crate::db::write::Write;
use crate::fault::Fault;
use crate::ledger::{Place, rerender};
use crate::render;
use domain::{ActionId, RemediationAction};
use protocol::problem::Slug;
use serde_json::{Value, json};

/// What an edit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Edited,
    /// The entry said the same already; its version stays.
    None,
}

/// Adds a new entry; 409 if there is one of that id.
pub(crate) async fn add(
    app: &Core,
    place: Place<'_>,
    action: RemediationAction,
) -> Result<RemediationAction, Fault> {
    check(&action)?;
    let mut write = app.write().await?;
    let id = action.action_id.clone();
    if actions::one(write.conn(), &place.workflow.id, id.as_str()).await?.is_some() {
        let said = format!("There is an action \"{id}\" already. Edit it with PUT.");
        return Err(Fault::new(Slug::Invalid, said).status(409));
    }
    let (action, _) = put_in(&mut write, place, action).await?;
    write.commit().await?;
    Ok(action)
}

/// Creates or edits an entry.
pub(crate) async fn put(
    app: &Core,
    place: Place<'_>,
    action: RemediationAction,
) -> Result<(RemediationAction, Change), Fault> {
    check(&action)?;
    let mut write = app.write().await?;
    let done = put_in(&mut write, place, action).await?;
    write.commit().await?;
    Ok(done)
}

/// Deletes an entry. Approvals that wait with it keep what they were rendered with.
pub(crate) async fn delete(app: &Core, place: Place<'_>, id: &ActionId) -> Result<(), Fault> {
    let mut write = app.write().await?;
    if !actions::delete(write.conn(), &place.workflow.id, id.as_str()).await? {
        return Err(Fault::not_found("action", id.as_str()));
    }
    write.audit(note(place, "action_deleted", id.as_str(), json!({}))).await?;
    write.commit().await?;
    Ok(())
}

/// Writes an entry that was checked; versions are the gateway's to give.
pub(super) async fn put_in(
    write: &mut Write,
    place: Place<'_>,
    mut action: RemediationAction,
) -> Result<(RemediationAction, Change), Fault> {
    let known = actions::one(write.conn(), &place.workflow.id, action.action_id.as_str()).await?;
    action.version = known.as_ref().map_or(0, |known| known.version);
    if known.as_ref() == Some(&action) {
        return Ok((action, Change::None));
    }
    action.version += 1;
    actions::put(write.conn(), &place.workflow.id, &action).await?;
    rerender::after_edit(write, place.workflow, &place.caller.email, &action).await?;
    let (word, change) =
        if known.is_some() { ("action_edited", Change::Edited) } else { ("action_added", Change::Added) };
    write.audit(note(place, word, action.action_id.as_str(), json!({"entry": action}))).await?;
    Ok((action, change))
}

/// A note about something of this pipeline.
pub(super) fn note<'a>(place: Place<'a>, action: &'a str, subject: &'a str, mut detail: Value) -> Note<'a> {
    if let Some(map) = detail.as_object_mut() {
        map.insert("pipeline_id".to_owned(), Value::from(place.workflow.id.as_str()));
    }
    Note { actor: &place.caller.email, action, subject, detail }
}

fn check(action: &RemediationAction) -> Result<(), Fault> {
    let violations = render::validate(action);
    if violations.is_empty() {
        return Ok(());
    }
    let listed: Vec<Value> =
        violations.iter().map(|v| json!({"field": v.field, "message": v.message})).collect();
    Err(Fault::invalid(format!("Action \"{}\" is not valid; nothing was changed.", action.action_id))
        .with("violations", listed))
}
