//! Calls that end without an answer to be believed: the truth is read, nothing is sent twice (CONTRACT 3, rules 4, 5).

use crate::platform_desk::{Answer, Desk, LINE};
use domain::{Point, RequestId};
use serde_json::{Value, json};
use std::time::Duration;
use support::eventually;
use support::platform::{Action, ApproveFault, Route};

/// What the platform does after 60 s, sooner.
const GIVES_UP: ApproveFault = ApproveFault::GivesUpAfter(Duration::from_millis(50));

async fn shown(actions: &[&str]) -> (Desk, RequestId) {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, actions);
    desk.show(&request).await;
    (desk, request)
}

/// One call went out, whatever came back.
#[track_caller]
fn sent_once(desk: &Desk) {
    assert_eq!(desk.platform.count(Route::Approve), 1, "{:?}", desk.platform.decisions());
}

#[tokio::test]
async fn a_500_without_a_reason_while_it_runs_on_is_followed_to_its_good_end() {
    let (desk, request) = shown(&["look", "drain"]).await;
    desk.platform.fault_approvals(GIVES_UP);
    desk.platform.hold("drain");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    // It is looked at again after the call has failed.
    let looks = desk.platform.count(Route::Single);
    desk.until_called(Route::Single, looks + 2).await;
    desk.platform.release("drain");
    let answer = Answer::read(&approve.finish().await);
    let done = answer.done();
    assert_eq!((&done["status"], &done["overall_success"]), (&json!("executed"), &json!(true)));
    sent_once(&desk);
    assert_eq!((desk.platform.executed("look"), desk.platform.executed("drain")), (1, 1));
}

#[tokio::test]
async fn a_500_without_a_reason_while_it_runs_on_is_followed_to_its_bad_end() {
    let (desk, request) = shown(&["look", "drain"]).await;
    desk.platform.add_action(&desk.pipeline, Action::medium("reach").unreachable());
    let request = {
        desk.platform.reject_elsewhere(&request, "omar@ledger.test", "not this one");
        let request = desk.raise(0.41, &["look", "reach", "drain"]);
        desk.show(&request).await;
        request
    };
    desk.platform.fault_approvals(GIVES_UP);
    desk.platform.hold("reach");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    let looks = desk.platform.count(Route::Single);
    desk.until_called(Route::Single, looks + 2).await;
    desk.platform.release("reach");
    let answer = Answer::read(&approve.finish().await);
    assert_eq!(answer.code, 9, "{answer:?}");
    let outcomes: Vec<&Value> =
        answer.value["execution_results"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["succeeded", "failed", "skipped"]);
    sent_once(&desk);
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn a_500_without_a_reason_and_then_a_pause_names_the_action_that_waits() {
    let (desk, _) = shown(&["look"]).await;
    let request = desk.raise(0.1, &["drain", "restart"]);
    desk.show(&request).await;
    desk.platform.fault_approvals(GIVES_UP);
    desk.platform.hold("drain");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    let looks = desk.platform.count(Route::Single);
    desk.until_called(Route::Single, looks + 1).await;
    desk.platform.release("drain");
    let done = Answer::read(&approve.finish().await).done();
    assert_eq!(done["status"], "action_approval_required");
    assert_eq!(done["pending_approval_actions"], json!(["restart"]));
    sent_once(&desk);
}

#[tokio::test]
async fn an_unclear_decision_is_unknown_and_not_failed_while_nobody_knows() {
    let (desk, request) = shown(&["drain"]).await;
    desk.platform.fault_approvals(ApproveFault::Silent);
    desk.platform.hold("drain");
    let answer = desk.approve_as_shown(&request, &["--wait", "15"]).await;
    assert!(answer.refused(7).contains("unknown"), "{answer:?}");
    sent_once(&desk);
    desk.platform.release("drain");
    desk.until(&request, "completed").await;
    // The next one that acts reads how it ended, and sends nothing.
    let again = desk.approve_as_shown(&request, &[]).await;
    assert!(matches!(again.code, 0 | 4), "{again:?}");
    sent_once(&desk);
    assert_eq!(desk.platform.executed("drain"), 1);
    let settled = eventually(LINE, async || {
        let found = desk.ask(["history", "search", "slot"]).await.done();
        let decision = found["entries"].as_array()?.iter().find(|entry| entry["kind"] == "decision")?.clone();
        (decision["state"] == "observed").then_some(decision)
    });
    assert_eq!(settled.await["status"], "completed");
}

#[tokio::test]
async fn rule_4_a_call_that_failed_on_a_request_that_stays_open_was_not_taken() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.fault_approvals(ApproveFault::NotTaken);
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert_eq!((answer.code, &answer.error["code"]), (7, &json!("not_taken")), "{answer:?}");
    sent_once(&desk);
    assert_eq!(desk.platform.all_executed(), Vec::<String>::new());
    assert_eq!(desk.pending().await, [request.as_str()]);

    desk.platform.fault_approvals(GIVES_UP);
    desk.approve_as_shown(&request, &[]).await.done();
    assert_eq!(desk.platform.decisions().len(), 2, "a person may decide again");
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn a_connection_reset_before_it_was_taken_is_not_sent_again() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.fault_approvals(ApproveFault::ResetBeforeTaken);
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert_eq!((answer.code, &answer.error["code"]), (7, &json!("not_taken")), "{answer:?}");
    sent_once(&desk);
    assert_eq!(desk.platform.all_executed(), Vec::<String>::new());
}

#[tokio::test]
async fn a_connection_reset_after_it_was_taken_is_followed_and_not_sent_again() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.fault_approvals(ApproveFault::ResetOnceTaken);
    let done = desk.approve_as_shown(&request, &[]).await.done();
    assert_eq!(done["status"], "executed");
    sent_once(&desk);
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn a_reject_without_an_answer_is_read_back_and_not_sent_again() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.fault_approvals(ApproveFault::ResetOnceTaken);
    let done = desk.ask(["reject", request.as_str(), "--reason", "wrong pool"]).await.done();
    assert_eq!(done["status"], "rejected");
    sent_once(&desk);
}

#[tokio::test]
async fn rule_6_if_the_call_failed_and_someone_else_approved_they_are_named() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.fault_approvals(ApproveFault::NotTaken);
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until_called(Route::Approve, 1).await;
    desk.platform.approve_elsewhere(&request, &Point::Request, "omar@ledger.test").await;
    let answer = Answer::read(&approve.finish().await);
    assert!(answer.refused(4).contains("omar@ledger.test"), "{answer:?}");
    sent_once(&desk);
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn a_request_lost_before_the_decision_is_no_such_thing() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.lose_memory(&desk.pipeline);
    assert_eq!(desk.approve_as_shown(&request, &[]).await.code, 3);
    desk.nothing_was_sent();
    assert_eq!(desk.pending().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_lost_during_the_decision_is_said_to_be_lost() {
    let (desk, request) = shown(&["look", "drain"]).await;
    desk.platform.fault_approvals(GIVES_UP);
    desk.platform.hold("drain");
    let approve = desk.run(["approve", request.as_str(), "--yes", "--wait", "15"]).spawn().await;
    desk.until(&request, "executing").await;
    desk.platform.lose_memory(&desk.pipeline);
    let answer = Answer::read(&approve.finish().await);
    assert!(answer.refused(7).contains("no longer knows"), "{answer:?}");
    sent_once(&desk);
    desk.platform.release("drain");
}

#[tokio::test]
async fn rule_4_two_holdctl_at_once_send_one_decision() {
    let (desk, request) = shown(&["look"]).await;
    let _watch = desk.watch().await;
    desk.platform.hold("look");
    let first = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    let second = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    desk.platform.release("look");
    let codes = [first.finish().await.code, second.finish().await.code];
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 4))), "{codes:?}");
    sent_once(&desk);
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn f22_a_holdctl_killed_while_its_call_is_out_leaves_a_decision_that_is_read_and_not_sent_again() {
    let (desk, request) = shown(&["look"]).await;
    desk.platform.hold("look");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    approve.kill_9().await;
    desk.platform.release("look");
    desk.until(&request, "completed").await;
    let watch = desk.watch().await;
    let settled = eventually(LINE, async || {
        let found = desk.ask(["history", "search", "slot"]).await.done();
        let decision = found["entries"].as_array()?.iter().find(|entry| entry["kind"] == "decision")?.clone();
        (decision["state"] == "observed").then_some(decision)
    });
    assert_eq!(settled.await["status"], "completed");
    drop(watch);
    sent_once(&desk);
    assert_eq!(desk.platform.executed("look"), 1);
}
