//! What is told of a change: one event for the sockets and one entry of the audit chain, both in the change's own
//! transaction.

use crate::db::audit::Note;
use crate::db::workflows::WorkflowRow;
use crate::db::write::Write;
use crate::db::{Result, approvals, approvals::Entry};
use crate::stream::frame::Draft;
use domain::Approval;
use protocol::frame::ApprovalKind;
use serde_json::{Map, Value, json};

/// The name under which the gateway itself stands in the audit chain.
pub(crate) const GATEWAY: &str = "gateway";

/// What happened to a request.
pub(crate) struct Happening<'a> {
    pub(crate) kind: ApprovalKind,
    /// Who did it.
    pub(crate) actor: &'a str,
    /// The audit chain's word.
    pub(crate) action: &'a str,
    /// Members beside the Approval: `by`, `verdict`, `result`, ...
    pub(crate) more: Map<String, Value>,
}

/// Saves the entry and tells of it.
pub(crate) async fn record(
    write: &mut Write,
    entry: &Entry,
    workflow: &WorkflowRow,
    happening: Happening<'_>,
) -> Result<()> {
    approvals::save(write.conn(), entry).await?;
    tell(write, &entry.approval, workflow, happening).await
}

/// Tells of a change whose row is written already.
pub(crate) async fn tell(
    write: &mut Write,
    approval: &Approval,
    workflow: &WorkflowRow,
    happening: Happening<'_>,
) -> Result<()> {
    let mut detail = happening.more.clone();
    // Outputs are the ledger's; the chain tells that and how an action ended.
    detail.remove("result");
    detail.remove("results");
    detail.insert("status".to_owned(), json!(approval.status));
    detail.insert("digest".to_owned(), json!(approval.digest));
    write
        .audit(Note {
            actor: happening.actor,
            action: happening.action,
            subject: approval.request_id.as_str(),
            detail: Value::Object(detail),
        })
        .await?;
    let mut data = happening.more;
    data.insert("type".to_owned(), json!(happening.kind));
    data.insert("pipeline_id".to_owned(), json!(approval.pipeline_id));
    data.insert("request_id".to_owned(), json!(approval.request_id));
    data.insert("workflow".to_owned(), json!({"id": workflow.id, "name": workflow.name}));
    data.insert("data".to_owned(), json!(approval));
    write.emit(Draft { topic: approval.pipeline_id.as_str(), data: Value::Object(data) }).await
}

/// Members as a map.
pub(crate) fn members<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
