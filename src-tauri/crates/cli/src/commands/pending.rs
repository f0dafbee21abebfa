//! `holdctl pending`: what waits, from the gateway, or from the cache with its age.

use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::{Gate, unexpected};
use crate::out::Out;
use crate::shapes;
use domain::{Approval, escape};
use engine::command::Source;
use engine::{Answer, Purpose, Query};

/// Lists the open requests, oldest first.
pub(crate) async fn run(args: &Args, out: &Out) -> Result<Exit, Stop> {
    let gate = Gate::open(args, Purpose::Read).await?;
    super::lists::sign_in_or_cache(&gate).await?;
    let Answer::Approvals(mut list) = gate.ask(Query::Pending { gateway: gate.gateway }).await? else {
        return Err(unexpected().into());
    };
    if let Some(pipeline) = &args.pipeline {
        list.value.retain(|approval| &approval.pipeline_id == pipeline);
    }
    list.value.sort_by(|a, b| (a.created_at, &a.request_id).cmp(&(b.created_at, &b.request_id)));
    out.print(&shapes::pending(&list), || text(&list.value));
    if let Source::Cache { why } = &list.source {
        out.note(&shapes::cached_note(why, list.as_of));
    }
    gate.console.close().await;
    Ok(match list.source {
        Source::Gateway => Exit::Done,
        Source::Cache { .. } => Exit::Unreachable,
    })
}

fn text(list: &[Approval]) -> String {
    if list.is_empty() {
        return "Nothing waits for a decision.".to_owned();
    }
    let line = |approval: &Approval| {
        let risk = approval.actions.iter().map(|rendered| rendered.action.risk_level).max();
        let waits =
            approval.pending_approval_actions.first().map(|id| format!(" at {id}")).unwrap_or_default();
        let expires = approval
            .expires_at
            .map(|at| format!(", until {}", at.format("%H:%M:%S UTC")))
            .unwrap_or_default();
        format!(
            "{}  {}{}  {}  {}{}\n    {}",
            escape::one_line(approval.request_id.as_str()),
            approval.status,
            escape::one_line(&waits),
            escape::one_line(approval.pipeline_id.as_str()),
            risk.map_or_else(|| "risk unknown".to_owned(), |risk| format!("{risk} risk")),
            expires,
            escape::one_line(&approval.error_message),
        )
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}
