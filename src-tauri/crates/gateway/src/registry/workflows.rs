//! Pipelines and their members.

use crate::auth::caller::Caller;
use crate::auth::rights::{self, Standing};
use crate::auth::role::Role;
use crate::core::Core;
use crate::db::audit::Note;
use crate::db::workflows::{self, WorkflowRow};
use crate::db::write::Write;
use crate::db::{Conn, Result};
use crate::fault::Fault;
use protocol::problem::Slug;
use protocol::rest::Workflow;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Longest name: it travels in every event of the pipeline.
const NAME_CHARS: usize = 200;

/// Creates one; 409 if there is one of that id.
pub(crate) async fn create(
    app: &Core,
    actor: &str,
    workflow: &WorkflowRow,
) -> std::result::Result<(), Fault> {
    check(workflow)?;
    let mut write = app.write().await?;
    if workflows::one(write.conn(), &workflow.id).await?.is_some() {
        let said = format!("There is a workflow \"{}\" already.", workflow.id);
        return Err(Fault::new(Slug::Invalid, said).status(409));
    }
    create_in(&mut write, actor, workflow).await?;
    write.commit().await?;
    Ok(())
}

/// Writes a new one and tells the sockets that rights changed.
pub(crate) async fn create_in(write: &mut Write, actor: &str, workflow: &WorkflowRow) -> Result<()> {
    let at = write.now_ms();
    workflows::insert(write.conn(), workflow, at).await?;
    write.rights_change().await?;
    write.audit(note(actor, "workflow_added", workflow)).await
}

/// Writes name, status, asking and members as given.
pub(crate) async fn edit(app: &Core, actor: &str, workflow: &WorkflowRow) -> std::result::Result<(), Fault> {
    check(workflow)?;
    let mut write = app.write().await?;
    if workflows::one(write.conn(), &workflow.id).await?.is_none() {
        return Err(Fault::not_found("workflow", &workflow.id));
    }
    workflows::update(write.conn(), workflow).await?;
    write.rights_change().await?;
    write.audit(note(actor, "workflow_edited", workflow)).await?;
    write.commit().await?;
    Ok(())
}

/// Adds a member to the workflows named, or to every one.
pub(crate) async fn join(
    write: &mut Write,
    actor: &str,
    (email, role): (&str, Role),
    named: Option<&[String]>,
) -> std::result::Result<(), Fault> {
    for mut workflow in workflows::all(write.conn()).await? {
        if role == Role::Admin || named.is_some_and(|named| !named.contains(&workflow.id)) {
            continue;
        }
        let members = if role == Role::Owner { &mut workflow.owners } else { &mut workflow.viewers };
        members.push(email.to_owned());
        workflows::update(write.conn(), &workflow).await?;
        write.audit(note(actor, "workflow_edited", &workflow)).await?;
    }
    write.rights_change().await?;
    Ok(())
}

/// Those the caller may see, by id.
pub(crate) async fn visible(conn: &mut Conn, caller: &Caller) -> Result<Vec<WorkflowRow>> {
    let mut all = workflows::all(conn).await?;
    all.retain(|workflow| standing(caller, workflow).is_some());
    Ok(all)
}

/// Their ids.
pub(crate) async fn visible_ids(conn: &mut Conn, caller: &Caller) -> Result<BTreeSet<String>> {
    Ok(visible(conn, caller).await?.into_iter().map(|workflow| workflow.id).collect())
}

/// How the caller stands to it.
pub(crate) fn standing(caller: &Caller, workflow: &WorkflowRow) -> Option<Standing> {
    rights::standing(caller.role, &caller.user_id, &caller.email, workflow)
}

/// As the wire shows it.
pub(crate) fn shown(workflow: &WorkflowRow) -> Workflow {
    let values = |members: &[String]| members.iter().cloned().map(Value::String).collect();
    let mut extra = Map::new();
    extra.insert("always_ask".to_owned(), Value::Bool(workflow.always_ask));
    Workflow {
        id: workflow.id.as_str().into(),
        name: workflow.name.clone(),
        status: Some(workflow.status.clone()),
        owner_ids: values(&workflow.owners),
        viewer_ids: values(&workflow.viewers),
        extra,
    }
}

fn check(workflow: &WorkflowRow) -> std::result::Result<(), Fault> {
    let id = workflow.id.as_str();
    // `user:` is the prefix of the topics that are no pipelines.
    if id.is_empty() || id.len() > 200 || id.starts_with("user:") || id.chars().any(char::is_control) {
        return Err(Fault::invalid(
            "A workflow's id is 1 to 200 characters and does not start with \"user:\".",
        ));
    }
    if workflow.name.trim().is_empty() || workflow.name.chars().count() > NAME_CHARS {
        return Err(Fault::invalid(format!("A workflow needs a name of 1 to {NAME_CHARS} characters.")));
    }
    Ok(())
}

fn note<'a>(actor: &'a str, action: &'a str, workflow: &'a WorkflowRow) -> Note<'a> {
    let detail = json!({"name": workflow.name, "status": workflow.status, "always_ask": workflow.always_ask,
        "owner_ids": workflow.owners, "viewer_ids": workflow.viewers});
    Note { actor, action, subject: &workflow.id, detail }
}
