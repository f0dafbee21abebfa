//! The executor's side of the ledger: what runs next, how an action ended, how the chain ends. Every step is
//! written before the next one is taken, so that a crash leaves at most one action unknown.

use super::record::{self, Happening, members};
use super::{respond, state};
use crate::core::Core;
use crate::db::approvals::{self, Entry};
use crate::db::workflows::{self, WorkflowRow};
use crate::db::write::Write;
use crate::db::{Result, damaged, runs};
use domain::law::{self, Input, Next, State};
use domain::{ActionResult, OnFailure, Outcome, RenderedAction, RequestId};
use protocol::frame::ApprovalKind;
use serde_json::{Value, json};

/// What the executor does next.
pub(crate) enum Step {
    /// Carry this out; its start is on disk.
    Run { index: usize, pipeline_id: String, action: Box<RenderedAction> },
    /// Nothing: it waits for a person, or has ended.
    Rest,
}

/// Takes the next step of a request that executes.
pub(crate) async fn advance(app: &Core, id: &RequestId) -> Result<Step> {
    let mut write = app.write().await?;
    let (mut entry, workflow) = load(&mut write, id).await?;
    let index = usize::try_from(entry.approval.current_action_index).unwrap_or(usize::MAX);
    let actions: Vec<_> = entry.approval.actions.iter().map(|a| a.action.clone()).collect();
    let input = match state::of(&entry) {
        State::Stopping => Input::StopReached,
        State::Executing => match law::next(&actions, index, &state::approved(&entry.approval)) {
            Next::Run(index) => {
                let action = entry.approval.actions[index].clone();
                let action_id = &action.action.action_id;
                let at = write.now_ms();
                runs::start(write.conn(), id, action_id, index, at).await?;
                entry.approval.execution_state.entry(action_id.clone()).or_default().executed = true;
                approvals::save(write.conn(), &entry).await?;
                write.commit().await?;
                let pipeline_id = workflow.id;
                return Ok(Step::Run { index, pipeline_id, action: Box::new(action) });
            }
            Next::Pause(action) => Input::ReachedGate(action),
            Next::Done => Input::RanAll,
        },
        _ => return Ok(Step::Rest),
    };
    turn(app, &mut write, &mut entry, &workflow, &input).await?;
    write.commit().await?;
    app.expiry_moved.notify_one();
    Ok(Step::Rest)
}

/// Writes how an action ended; a failure that stops the chain ends it here.
pub(crate) async fn ended(app: &Core, id: &RequestId, index: usize, result: &ActionResult) -> Result<()> {
    let mut write = app.write().await?;
    let (mut entry, workflow) = load(&mut write, id).await?;
    let at = write.now_ms();
    runs::end(write.conn(), id, result, at).await?;
    let succeeded = result.outcome() == Outcome::Succeeded;
    entry.approval.execution_state.entry(result.action_id.clone()).or_default().success = Some(succeeded);
    entry.approval.current_action_index = index as u64 + 1;
    let total = entry.approval.actions.len();
    let progress = Happening {
        kind: ApprovalKind::ExecutionProgress,
        actor: record::GATEWAY,
        action: "action_ended",
        more: members([
            ("action_id", json!(result.action_id)),
            ("index", json!(index)),
            ("total", json!(total)),
            ("outcome", json!(result.outcome())),
            ("result", json!(respond::short(result.clone()))),
        ]),
    };
    record::record(&mut write, &entry, &workflow, progress).await?;
    let on_failure = entry.approval.actions.get(index).map(|a| a.action.on_failure);
    if !succeeded && on_failure != Some(OnFailure::Continue) {
        turn(app, &mut write, &mut entry, &workflow, &Input::ActionFailed).await?;
    }
    write.commit().await
}

/// Marks every request that was executing when the process ended: what ran then is unknown, nothing is re-run.
pub(crate) async fn mark_interrupted(app: &Core) -> Result<()> {
    let mut write = app.write().await?;
    for mut entry in approvals::executing(write.conn()).await? {
        let id = entry.approval.request_id.clone();
        let (_, workflow) = load(&mut write, &id).await?;
        for run in runs::all(write.conn(), &id).await?.into_iter().filter(|run| run.result.is_none()) {
            let unknown = ActionResult {
                action_id: run.action_id,
                status: Some("unknown".to_owned()),
                error: Some(Value::from(
                    "The gateway ended while this action ran; whether it took effect is not known.",
                )),
                ..ActionResult::default()
            };
            let at = write.now_ms();
            runs::end(write.conn(), &id, &unknown, at).await?;
        }
        turn(app, &mut write, &mut entry, &workflow, &Input::FoundInterrupted).await?;
    }
    write.commit().await
}

/// Applies a step of the executor and tells of it.
async fn turn(
    app: &Core,
    write: &mut Write,
    entry: &mut Entry,
    workflow: &WorkflowRow,
    input: &Input,
) -> Result<()> {
    // The executor only says what the law allows while it holds the write; anything else means damage.
    let next = law::step(&state::of(entry), input).map_err(|refusal| damaged(refusal.to_string()))?;
    let now = write.now();
    if let Some(stop) = entry.stop.as_ref().filter(|_| next == State::Stopped) {
        entry.approval.decided_by = Some(stop.by.clone());
        entry.approval.decided_at = Some(stop.at);
        entry.approval.rejection_reason = Some(stop.reason.clone());
    }
    state::enter(entry, &next, now, app.config.approval_ttl_s);
    let happening = if let State::Paused(action) = &next {
        Happening {
            kind: ApprovalKind::ApprovalChanged,
            actor: record::GATEWAY,
            action: "pause",
            more: members([("why", json!("paused")), ("action_id", json!(action))]),
        }
    } else {
        let runs = runs::all(write.conn(), &entry.approval.request_id).await?;
        let results: Vec<_> = runs.into_iter().filter_map(|run| run.result).collect();
        Happening {
            kind: ApprovalKind::ExecutionCompleted,
            actor: record::GATEWAY,
            action: "execution_ended",
            more: members([
                ("status", json!(entry.approval.status)),
                ("overall_success", json!(respond::succeeded(&entry.approval, &results))),
                ("results", json!(results.into_iter().map(respond::short).collect::<Vec<_>>())),
            ]),
        }
    };
    record::record(write, entry, workflow, happening).await
}

async fn load(write: &mut Write, id: &RequestId) -> Result<(Entry, WorkflowRow)> {
    let entry = approvals::one(write.conn(), id).await?;
    let entry = entry.ok_or_else(|| damaged(format!("request {id} is gone")))?;
    let workflow = workflows::one(write.conn(), entry.approval.pipeline_id.as_str()).await?;
    let workflow = workflow.ok_or_else(|| damaged(format!("the pipeline of request {id} is gone")))?;
    Ok((entry, workflow))
}
