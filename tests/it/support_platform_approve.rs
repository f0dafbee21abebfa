//! The platform fixture's decisions against CONTRACT 3, each trap by name.

use crate::support_caller::{Caller, OWNER, SOON, platform};
use domain::{ActionId, PipelineId, Point, RequestId};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use support::platform::{Action, ApproveFault, Platform, Route};
use support::{Target, eventually};

async fn raised(distance: f64, actions: &[&str]) -> (Platform, String, Caller, RequestId) {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let request = platform.raise(&PipelineId(pipeline.clone()), "no slot", distance, actions);
    (platform, pipeline, owner, request)
}

fn pending(pipeline: &str) -> String {
    format!("/agentic/{pipeline}/runbook/approvals/pending")
}

fn status(platform: &Platform, request: &RequestId) -> Value {
    platform.approval(request).unwrap()["status"].clone()
}

async fn until(platform: &Platform, request: &RequestId, word: &str) {
    eventually(SOON, async || (status(platform, request) == word).then_some(())).await;
}

#[tokio::test]
async fn a_request_is_listed_with_a_local_time_and_runs_when_approved() {
    let (platform, pipeline, owner, request) = raised(0.41, &["look", "drain"]).await;
    let body = owner.get(&pending(&pipeline)).await.1;
    let listed = &body["pending_approvals"][0];
    assert_eq!((&body["count"], &listed["confidence"]), (&json!(1), &json!("medium")));
    assert!(!listed["created_at"].as_str().unwrap().contains(['Z', '+']));
    let (code, answer) = owner.approve(&pipeline, &request.0).await;
    assert_eq!((code, &answer["status"], &answer["actions_executed"]), (200, &json!("executed"), &json!(2)));
    assert_eq!(answer["execution_results"][1]["result"]["status_code"], 200);
    assert_eq!(platform.all_executed(), ["look", "drain"]);
    assert_eq!(owner.get(&pending(&pipeline)).await.1["count"], 0);
}

#[tokio::test]
async fn trap_approved_is_true_where_it_is_not_sent() {
    let (platform, pipeline, owner, request) = raised(0.41, &["look"]).await;
    let (code, _) = owner.decide(&pipeline, json!({"request_id": request})).await;
    assert_eq!((code, status(&platform, &request)), (200, json!("completed")));
}

#[tokio::test]
async fn trap_a_pause_says_executing_sends_no_frame_and_is_in_no_list() {
    let (platform, pipeline, owner, request) = raised(0.1, &["look", "restart", "drain"]).await;
    let mut socket = owner.socket().await.unwrap();
    socket.until_pong().await;
    let (code, answer) = owner.approve(&pipeline, &request.0).await;
    assert_eq!((code, &answer["status"]), (200, &json!("action_approval_required")));
    assert_eq!((&answer["actions_executed"], &answer["overall_success"]), (&json!(1), &Value::Null));
    let now = platform.approval(&request).unwrap();
    assert_eq!(
        (&now["status"], &now["pending_approval_actions"]),
        (&json!("executing"), &json!(["restart"]))
    );
    assert_eq!(owner.get(&pending(&pipeline)).await.1["count"], 0);
    assert_eq!(socket.until_pong().await, Vec::<Value>::new());

    let one = json!({"request_id": request, "action_id": "restart", "approved": true});
    let (_, answer) = owner.decide(&pipeline, one).await;
    assert_eq!((&answer["status"], &answer["actions_executed"]), (&json!("executed"), &json!(2)));
    let frame = socket.json().await;
    assert_eq!(
        (&frame["alert"]["status"], &frame["message_type"]),
        (&json!("resolved"), &json!("notification"))
    );
}

#[tokio::test]
async fn trap_a_reject_while_paused_is_refused_and_its_frame_lies() {
    let (platform, pipeline, owner, request) = raised(0.1, &["look", "restart"]).await;
    let mut socket = owner.socket().await.unwrap();
    socket.until_pong().await;
    owner.approve(&pipeline, &request.0).await;
    let no = json!({"request_id": request, "approved": false, "rejection_reason": "not at noon"});
    let (code, body) = owner.decide(&pipeline, no).await;
    assert_eq!(code, 500);
    assert!(body["detail"].as_str().unwrap().contains("validation error"));
    assert_eq!(socket.json().await["alert"]["status"], "rejected");
    assert_eq!(status(&platform, &request), "executing");
    platform.lie(&request);
    assert_eq!(socket.json().await["alert"]["status"], "rejected");
}

#[tokio::test]
async fn trap_a_reject_of_one_action_rejects_the_whole_and_tells_no_reason() {
    let (platform, pipeline, owner, request) = raised(0.1, &["look", "restart"]).await;
    let mut socket = owner.socket().await.unwrap();
    socket.until_pong().await;
    let no = json!({
        "request_id": request, "action_id": "restart", "approved": false, "rejection_reason": "not at noon"
    });
    let (code, body) = owner.decide(&pipeline, no.clone()).await;
    assert_eq!((code, &body["status"], &body["rejection_reason"]), (200, &json!("rejected"), &Value::Null));
    assert_eq!(status(&platform, &request), "rejected");
    let frame = socket.json().await;
    assert_eq!(frame["alert"]["action_taken"], "Rejected: not at noon");
    assert_eq!(owner.decide(&pipeline, no).await.0, 500);
    assert_eq!(owner.approve(&pipeline, "APR-ffffffffffff").await.0, 500);
    assert_eq!(platform.all_executed(), Vec::<String>::new());
}

#[tokio::test]
async fn trap_approving_a_completed_one_runs_nothing_and_overwrites_who_approved() {
    let (platform, pipeline, owner, request) = raised(0.41, &["look"]).await;
    owner.approve(&pipeline, &request.0).await;
    let again = json!({"request_id": request, "approved": true, "approved_by": "mallory"});
    let (code, body) = owner.decide(&pipeline, again).await;
    assert_eq!((code, &body["actions_executed"]), (200, &json!(0)));
    assert_eq!(platform.approval(&request).unwrap()["approved_by"], "mallory");
    assert_eq!(platform.executed("look"), 1);
}

#[tokio::test]
async fn trap_two_approvals_at_once_run_an_action_twice() {
    let (platform, pipeline, owner, request) = raised(0.41, &["drain"]).await;
    platform.hold("drain");
    let (first, second, ()) =
        tokio::join!(owner.approve(&pipeline, &request.0), owner.approve(&pipeline, &request.0), async {
            eventually(SOON, async || (platform.started("drain") == 2).then_some(())).await;
            platform.release("drain");
        });
    assert_eq!((first.0, second.0, platform.executed("drain")), (200, 200, 2));
}

#[tokio::test]
async fn trap_a_failure_inside_is_a_success_outside() {
    let (platform, pipeline, owner, request) = raised(0.41, &["vanish"]).await;
    let (_, body) = owner.approve(&pipeline, &request.0).await;
    let result = &body["execution_results"][0];
    assert_eq!((&result["success"], &result["status"]), (&json!(true), &json!("success")));
    assert_eq!(
        (&result["result"]["status"], &result["result"]["status_code"]),
        (&json!("failed"), &json!(404))
    );
    assert_eq!(body["overall_success"], true);
    let read: domain::ActionResult = serde_json::from_value(result.clone()).unwrap();
    assert_eq!(read.outcome(), domain::Outcome::Failed);
    assert_eq!(status(&platform, &request), "completed");
}

#[tokio::test]
async fn trap_a_call_that_gives_up_answers_500_without_a_reason_while_execution_goes_on() {
    let (platform, pipeline, owner, request) = raised(0.41, &["drain"]).await;
    platform.fault_approvals(ApproveFault::GivesUpAfter(Duration::from_millis(50)));
    platform.hold("drain");
    let (code, body) = owner.approve(&pipeline, &request.0).await;
    assert_eq!((code, body), (500, json!({"detail": "Failed to reach agentic container: "})));
    assert_eq!(status(&platform, &request), "executing");
    platform.release("drain");
    until(&platform, &request, "completed").await;
    assert_eq!(platform.executed("drain"), 1);
}

#[tokio::test]
async fn a_broken_connection_says_nothing_about_what_was_taken() {
    let (platform, pipeline, owner, request) = raised(0.41, &["drain"]).await;
    let path = format!("/agentic/{pipeline}/runbook/remediate/approve");
    let body = json!({"request_id": request, "approved": true});
    platform.fault_approvals(ApproveFault::ResetBeforeTaken);
    assert!(owner.try_call(Method::POST, &path, Some(&body)).await.is_err());
    platform.fault_approvals(ApproveFault::NotTaken);
    assert_eq!(owner.approve(&pipeline, &request.0).await.0, 500);
    assert_eq!(status(&platform, &request), "pending");
    platform.fault_approvals(ApproveFault::ResetOnceTaken);
    assert!(owner.try_call(Method::POST, &path, Some(&body)).await.is_err());
    until(&platform, &request, "completed").await;
    assert_eq!(platform.executed("drain"), 1);
}

#[tokio::test]
async fn approve_calls_are_kept_with_their_bodies_and_headers() {
    let (platform, pipeline, owner, request) = raised(0.41, &["look"]).await;
    assert_eq!(platform.count(Route::Approve), 0);
    owner.approve(&pipeline, &request.0).await;
    assert_eq!(platform.decisions().len(), 1);
    assert_eq!(platform.decisions()[0]["request_id"], json!(request));
    let received = platform.received(Route::Approve);
    assert_eq!(received[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn trap_a_container_that_restarts_forgets_its_requests() {
    let (platform, pipeline, owner, request) = raised(0.41, &["look"]).await;
    platform.lose_memory(&PipelineId(pipeline.clone()));
    assert_eq!(owner.get(&pending(&pipeline)).await.1["count"], 0);
    let path = format!("/agentic/{pipeline}/runbook/approvals/{request}");
    assert_eq!(owner.get(&path).await.0, 404);
    assert_eq!(owner.approve(&pipeline, &request.0).await.0, 500);
}

#[tokio::test]
async fn other_people_decide_too() {
    let (platform, pipeline, _, first) = raised(0.1, &["look", "restart"]).await;
    platform.approve_elsewhere(&first, &Point::Request, "omar@ledger.test").await;
    assert_eq!(status(&platform, &first), "executing");
    platform.approve_elsewhere(&first, &Point::Action(ActionId::from("restart")), "omar@ledger.test").await;
    assert_eq!(status(&platform, &first), "completed");
    let second = platform.raise(&PipelineId(pipeline), "no slot", 0.41, &["look"]);
    platform.reject_elsewhere(&second, "omar@ledger.test", "not at noon");
    assert_eq!(status(&platform, &second), "rejected");
    assert_eq!(platform.count(Route::Approve), 0);
}

#[tokio::test]
async fn an_action_really_calls_its_target() {
    let (platform, pipeline, owner, _) = raised(0.41, &["look"]).await;
    let target = Target::start().await;
    let id = PipelineId(pipeline.clone());
    platform.add_action(&id, Action::medium("real").on("ledger").calling(&target.origin(), "/restart"));
    platform.add_action(&id, Action::medium("nowhere").unreachable());
    let request = platform.raise(&id, "no slot", 0.41, &["real", "nowhere", "look"]);
    let (_, body) = owner.approve(&pipeline, &request.0).await;
    assert_eq!((target.count("/restart"), target.calls()[0].method.as_str()), (1, "POST"));
    assert_eq!((&body["actions_executed"], &body["overall_success"]), (&json!(2), &json!(false)));
    assert_eq!((status(&platform, &request), platform.executed("look")), (json!("failed"), 0));
}
