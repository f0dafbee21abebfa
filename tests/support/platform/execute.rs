//! The run of an approved request, inside the approve call and past its end. Two at once run beside each other, and
//! each starts whatever it does not find executed (CONTRACT 3, Approvals).

use super::action::Answer;
use super::approve::{response, show};
use super::document::Taken;
use super::refuse::{self, Refused};
use super::request::Status;
use super::world::{Registered, State, World, now};
use serde_json::{Value, json};
use std::sync::Arc;

/// What comes next in a run.
enum Next {
    Run(String, Option<Registered>),
    Pause(String),
    End,
}

/// Runs until the end or the next gated action, and gives the body of the answer.
pub(super) async fn run(world: Arc<World>, id: String, by: String) -> Result<Value, Refused> {
    let lost = || refuse::invalid_state("no such approval request");
    let mut results: Vec<Value> = Vec::new();
    let mut at = world
        .with(|state| state.request(&id).map(|request| request.current_action_index))
        .ok_or_else(lost)?;
    loop {
        match world.with(|state| next(state, &id, &mut at)).ok_or_else(lost)? {
            Next::End => break,
            Next::Pause(action) => {
                return world.with(|state| pause(state, &id, &action, &results)).ok_or_else(lost);
            }
            Next::Run(action, registered) => {
                let result = perform(&world, &action, registered).await;
                let went_well = result["success"] == true;
                world.with(|state| done(state, &id, &action, went_well));
                results.push(result);
                if !went_well {
                    break;
                }
            }
        }
    }
    world.with(|state| end(state, &id, &by, &results)).ok_or_else(lost)
}

/// The first action from `at` on that is not executed yet; gated ones only with a yes of their own.
fn next(state: &mut State, id: &str, at: &mut usize) -> Option<Next> {
    let request = state.request(id)?;
    let found = request.steps.iter().enumerate().skip(*at).find(|(_, step)| !step.executed);
    let Some((index, step)) = found else { return Some(Next::End) };
    let action = step.action_id.clone();
    if step.gated && step.approved.is_none() {
        return Some(Next::Pause(action));
    }
    *at = index + 1;
    state.started.push(action.clone());
    let holder =
        state.pipelines.values().find(|pipeline| pipeline.requests.iter().any(|known| known.id == id))?;
    let registered = holder.registry.get(&action).cloned();
    Some(Next::Run(action, registered))
}

async fn perform(world: &World, action: &str, registered: Option<Registered>) -> Value {
    // Fails only when the sender is gone, and the world holds it.
    let _ = world.held.subscribe().wait_for(|held| !held.contains(action)).await;
    let answered = match &registered {
        None => Err("No such action in the registry".to_owned()),
        Some(Registered { answer: Answer::Unreachable, .. }) => Err("Connection refused".to_owned()),
        Some(Registered { answer: Answer::Status(status), .. }) => {
            Ok((*status, json!({"status": "success", "action": action, "details": "Done."}).to_string()))
        }
        Some(Registered { answer: Answer::Called, entry }) => call(world, entry).await,
    };
    if answered.is_ok() {
        world.with(|state| state.executed.push(action.to_owned()));
    }
    match answered {
        // An HTTP failure is told inside only: outside it says success.
        Ok((status, text)) => json!({
            "action_id": action,
            "status": "success",
            "success": true,
            "result": {
                "status": if status < 400 { "success" } else { "failed" },
                "status_code": status,
                "response": text
            },
            "error": null
        }),
        Err(error) => json!({
            "action_id": action, "status": "failed", "success": false, "result": null, "error": error
        }),
    }
}

async fn call(world: &World, entry: &Value) -> Result<(u16, String), String> {
    let text = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let url = format!("{}{}", text("/execution/base_url"), text("/execution/endpoint"));
    let method = text("/execution/http_method").parse().unwrap_or(reqwest::Method::POST);
    let body = json!({"service_name": text("/service")});
    let answer =
        world.http.request(method, url).json(&body).send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.unwrap_or_default()))
}

fn done(state: &mut State, id: &str, action: &str, went_well: bool) {
    let Some(request) = state.request(id) else { return };
    let Some(index) = request.steps.iter().position(|step| step.action_id == action) else { return };
    request.steps[index].executed = true;
    request.steps[index].success = Some(went_well);
    request.current_action_index = request.current_action_index.max(index + 1);
}

/// A pause: still `executing`, in no list, and no frame tells of it.
fn pause(state: &mut State, id: &str, action: &str, results: &[Value]) -> Option<Value> {
    let request = state.request(id)?;
    request.waiting = Some(action.to_owned());
    let error = request.error_message.clone();
    Some(response("action_approval_required", &error, id, |body| {
        body["actions_executed"] = json!(results.len());
        body["execution_results"] = json!(results);
        body["message"] = json!(format!("Action \"{action}\" needs an approval of its own before it runs"));
    }))
}

fn end(state: &mut State, id: &str, by: &str, results: &[Value]) -> Option<Value> {
    let request = state.request(id)?;
    let went_well = request.steps.iter().all(|step| step.success == Some(true));
    request.status = if went_well { Status::Completed } else { Status::Failed };
    request.waiting = None;
    let document = request.document_id.clone();
    let request = request.clone();
    let word = if went_well { "Success" } else { "Failure" };
    let what = format!("Executed {} action(s) - {word}", results.len());
    show(
        state,
        &document,
        if went_well { "resolved" } else { "failed" },
        Taken { what, at: now(), by: by.to_owned() },
    );
    Some(response("executed", &request.error_message, id, |body| {
        body["matched_error"] = json!(request.matched_error);
        body["distance"] = json!(request.distance);
        body["confidence"] = json!(request.confidence());
        body["actions_executed"] = json!(results.len());
        body["execution_results"] = json!(results);
        body["overall_success"] = json!(went_well);
    }))
}
