//! Pipelines and who may do what with them.

use super::{Conn, Result};
use sqlx::Row;
use std::collections::BTreeMap;

/// One pipeline with its members, each a user's id or e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkflowRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) always_ask: bool,
    pub(crate) owners: Vec<String>,
    pub(crate) viewers: Vec<String>,
}

const OWNER: &str = "owner";
const VIEWER: &str = "viewer";

pub(crate) async fn insert(conn: &mut Conn, workflow: &WorkflowRow, at: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflows (id, name, status, always_ask, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&workflow.id)
    .bind(&workflow.name)
    .bind(&workflow.status)
    .bind(i64::from(workflow.always_ask))
    .bind(at)
    .execute(&mut *conn)
    .await?;
    add_members(conn, workflow).await
}

/// Writes name, status, asking and members as given.
pub(crate) async fn update(conn: &mut Conn, workflow: &WorkflowRow) -> Result<()> {
    sqlx::query("UPDATE workflows SET name = $2, status = $3, always_ask = $4 WHERE id = $1")
        .bind(&workflow.id)
        .bind(&workflow.name)
        .bind(&workflow.status)
        .bind(i64::from(workflow.always_ask))
        .execute(&mut *conn)
        .await?;
    sqlx::query("DELETE FROM workflow_members WHERE workflow_id = $1")
        .bind(&workflow.id)
        .execute(&mut *conn)
        .await?;
    add_members(conn, workflow).await
}

pub(crate) async fn one(conn: &mut Conn, id: &str) -> Result<Option<WorkflowRow>> {
    let row = sqlx::query("SELECT id, name, status, always_ask FROM workflows WHERE id = $1")
        .bind(id)
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut workflow = read(&row)?;
    let members = sqlx::query(
        "SELECT standing, member FROM workflow_members WHERE workflow_id = $1 ORDER BY standing, member",
    );
    for row in members.bind(id).fetch_all(conn).await? {
        join(&mut workflow, row.try_get("standing")?, row.try_get("member")?);
    }
    Ok(Some(workflow))
}

/// All of them, by id.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<WorkflowRow>> {
    let rows =
        sqlx::query("SELECT id, name, status, always_ask FROM workflows").fetch_all(&mut *conn).await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let workflow = read(row)?;
        found.insert(workflow.id.clone(), workflow);
    }
    let members =
        sqlx::query("SELECT workflow_id, standing, member FROM workflow_members ORDER BY standing, member");
    for row in members.fetch_all(conn).await? {
        if let Some(workflow) = found.get_mut(row.try_get::<&str, _>("workflow_id")?) {
            join(workflow, row.try_get("standing")?, row.try_get("member")?);
        }
    }
    Ok(found.into_values().collect())
}

fn read(row: &sqlx::sqlite::SqliteRow) -> Result<WorkflowRow> {
    Ok(WorkflowRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        status: row.try_get("status")?,
        always_ask: row.try_get::<i64, _>("always_ask")? != 0,
        owners: Vec::new(),
        viewers: Vec::new(),
    })
}

fn join(workflow: &mut WorkflowRow, standing: &str, member: String) {
    match standing {
        OWNER => workflow.owners.push(member),
        _ => workflow.viewers.push(member),
    }
}

async fn add_members(conn: &mut Conn, workflow: &WorkflowRow) -> Result<()> {
    let owners = workflow.owners.iter().map(|member| (OWNER, member));
    let viewers = workflow.viewers.iter().map(|member| (VIEWER, member));
    for (standing, member) in owners.chain(viewers) {
        sqlx::query(
            "INSERT INTO workflow_members (workflow_id, standing, member) VALUES ($1, $2, $3)
             ON CONFLICT (workflow_id, standing, member) DO NOTHING",
        )
        .bind(&workflow.id)
        .bind(standing)
        .bind(member)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}
