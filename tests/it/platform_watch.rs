//! `holdctl watch` on the platform's stream: no replay, everybody's frames, and frames that lie (CONTRACT 3, rules 5, 9).

use crate::platform_desk::{Desk, LINE, about, ids, is_live, lines};
use crate::support_caller::OWNER;
use domain::{Point, RequestId};
use serde_json::{Value, json};
use std::time::Duration;
use support::platform::{Close, Platform, Role, Route};
use support::{Running, Stream, eventually};

/// The line of an event of that type about that request.
async fn line(watch: &mut Running, kind: &str, request: &RequestId) -> Value {
    let is_it = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["data"]["type"] == kind && line["data"]["request_id"] == json!(request)
    };
    serde_json::from_str(&watch.wait_for(Stream::Out, LINE, is_it).await).unwrap()
}

/// A log line is printed: everything sent before it has arrived.
async fn everything_before(desk: &Desk, watch: &mut Running, mark: &str) {
    desk.platform.log(&desk.pipeline, "info", mark);
    watch.wait_for(Stream::Out, LINE, |line| line.contains(mark)).await;
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["data"]["type"].as_str()).collect()
}

#[tokio::test]
async fn an_approval_is_printed_once_whole_and_with_its_real_pipeline() {
    let desk = Desk::open().await;
    let mut watch = desk.watch().await;
    let request = desk.raise(0.41, &["look", "drain"]);
    let printed = line(&mut watch, "approval_required", &request).await;
    assert_eq!(printed["data"]["pipeline_id"], json!(desk.pipeline));
    let whole = &printed["data"]["data"];
    assert_eq!((&whole["request_id"], &whole["status"]), (&json!(request), &json!("pending")));
    assert_eq!(whole["actions"][1]["effect"]["kind"], "undisclosed");
    assert!(!printed.to_string().contains("runbook-system"), "{printed}");
    assert!(!printed.to_string().contains("\"$"), "{printed}");

    desk.approve(&request, &[]).await.done();
    line(&mut watch, "execution_completed", &request).await;
    let ended = watch.terminate().await;
    assert_eq!(ended.code, Some(0));
    let all: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mine = about(&all, &request);
    assert_eq!(kinds(&mine).iter().filter(|kind| **kind == "approval_required").count(), 1, "{mine:?}");
    assert_eq!(kinds(&mine).iter().filter(|kind| **kind == "execution_completed").count(), 1, "{mine:?}");
}

#[tokio::test]
async fn a_request_that_was_looked_at_before_its_frame_came_is_still_announced() {
    let desk = Desk::open().await;
    let first = desk.raise(0.41, &["look"]);
    desk.show(&first).await;
    let mut watch = desk.run(["watch"]).spawn().await;
    line(&mut watch, "approval_required", &first).await;
    watch.wait_for(Stream::Out, LINE, is_live).await;
    everything_before(&desk, &mut watch, "mark one").await;
    assert_eq!(about(&lines(&watch), &first).len(), 1);
}

#[tokio::test]
async fn rule_9_connection_lines_begin_stale_and_end_in_live() {
    let desk = Desk::open().await;
    let watch = desk.watch().await;
    let states: Vec<String> = lines(&watch)
        .iter()
        .filter(|line| line["event"] == "connection")
        .map(|line| line["data"]["state"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(states.last().map(String::as_str), Some("live"));
    assert!(states.iter().filter(|state| *state == "live").count() == 1, "{states:?}");
    assert!(
        states.iter().all(|state| ["stale", "catching_up", "live"].contains(&state.as_str())),
        "{states:?}"
    );
}

#[tokio::test]
async fn rule_9_live_needs_the_pending_lists_and_not_only_an_open_socket() {
    let desk = Desk::open().await;
    let waiting = desk.raise(0.41, &["look"]);
    let mut watch = desk.run(["watch"]).spawn().await;
    watch.wait_for(Stream::Out, LINE, is_live).await;
    let printed = lines(&watch);
    let live = printed.iter().position(|line| line["data"]["state"] == "live").unwrap();
    let announced = printed.iter().position(|line| line["data"]["request_id"] == json!(waiting));
    assert!(announced.is_some_and(|at| at < live), "live before what waits was known: {printed:?}");
}

#[tokio::test]
async fn a_request_of_nobody_here_is_stored_and_never_shown_as_waiting() {
    let desk = Desk::open().await;
    // It is in a container of another platform; its frame reaches everybody.
    let elsewhere = Platform::start().await;
    elsewhere.add_user(OWNER, "x", Role::Owner);
    let theirs = elsewhere.add_pipeline("theirs");
    elsewhere.add_action(&theirs, support::platform::Action::low("look"));
    let foreign = elsewhere.raise(&theirs, "not yours", 0.4, &["look"]);
    let approval = elsewhere.approval(&foreign).unwrap();
    let frame = json!({
        "_id": {"$oid": "0123456789abcdef01234567"}, "pipeline_id": "runbook-system", "title": "A yes is needed",
        "desc": "not yours", "type": "alert", "timestamp": {"$date": "2026-11-20T08:00:00.000Z"},
        "alert": {"actions": ["look"], "action_taken": null, "taken_at": null, "action_executed_by": null,
            "action_executed_by_user": null, "status": "pending"},
        "remediation_metadata": {"request_id": foreign, "error_message": approval["error_message"],
            "matched_error": approval["matched_error"], "confidence": "medium", "description": "", "type": "approval_request",
            "approval_type": "request-level", "actions_requiring_individual_approval": [], "all_actions": ["look"],
            "approval_reason": ""},
        "workflow": {}, "message_type": "notification"
    });
    let mut watch = desk.watch().await;
    desk.platform.send_frame(&frame.to_string());
    // What comes meanwhile is not held up by the search for it.
    everything_before(&desk, &mut watch, "not held up").await;
    watch.wait_for(Stream::Out, LINE, |line| line.contains(foreign.as_str())).await;
    assert_eq!(desk.pending().await, Vec::<String>::new());
    let mine = about(&lines(&watch), &foreign);
    assert!(!kinds(&mine).contains(&"approval_required"), "{mine:?}");
    let found = desk.ask(["history", "search", "yours"]).await.done();
    assert!(found["count"].as_u64().is_some_and(|count| count >= 1), "stored: {found}");
    assert_eq!(desk.ask(["show", foreign.as_str()]).await.code, 3);
}

#[tokio::test]
async fn rule_5_a_frame_that_lies_is_answered_by_a_look_at_the_request() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let mut watch = desk.watch().await;
    desk.platform.lie(&request);
    everything_before(&desk, &mut watch, "after the lie").await;
    let told = eventually(LINE, async || about(&lines(&watch), &request).get(1).cloned()).await;
    assert_eq!(told["data"]["data"]["status"], "pending", "{told}");
    assert_ne!(told["data"]["type"], "approval_decided");
    assert_eq!(desk.pending().await, [request.as_str()]);
    assert_eq!(desk.show(&request).await["status"], "pending");
    desk.approve_as_shown(&request, &[]).await.done();
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn rule_5_a_lie_about_what_runs_does_not_make_it_rejected() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let watch = desk.watch().await;
    desk.show(&request).await;
    desk.platform.hold("look");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    desk.platform.lie(&request);
    eventually(LINE, async || {
        about(&lines(&watch), &request)
            .iter()
            .any(|line| line["data"]["data"]["status"] == "executing")
            .then_some(())
    })
    .await;
    desk.platform.release("look");
    let ended = approve.finish().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!about(&lines(&watch), &request).iter().any(|line| line["data"]["data"]["status"] == "rejected"));
    assert_eq!(desk.platform.decisions().len(), 1);
}

#[tokio::test]
async fn a_decision_made_elsewhere_is_told_by_who_made_it() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let mut watch = desk.watch().await;
    desk.platform.approve_elsewhere(&request, &Point::Request, "omar@ledger.test").await;
    let told = line(&mut watch, "execution_completed", &request).await;
    assert_eq!(told["data"]["data"]["decided_by"], "omar@ledger.test", "{told}");
    assert_eq!(ids(&desk.ask(["pending"]).await.done()), Vec::<String>::new());
}

#[tokio::test]
async fn f1_f18_f19_frames_that_are_broken_or_of_no_known_kind_do_not_end_the_stream() {
    let desk = Desk::open().await;
    let mut watch = desk.watch().await;
    for frame in [
        "{\"half\":",
        "[1,2]",
        "null",
        "{\"message_type\":\"weather\",\"_id\":{\"$oid\":\"w1\"},\"rain\":1}",
        "\u{202e}",
    ] {
        desk.platform.send_frame(frame);
    }
    desk.platform.notice(&desk.pipeline, "Shall it go on?", "An agent says so.");
    let request = desk.raise(0.41, &["look"]);
    line(&mut watch, "approval_required", &request).await;
    let opened = desk.platform.count(Route::Socket);
    desk.platform.close_sockets(Close::ResetInMidFrame);
    desk.until_called(Route::Socket, opened + 1).await;
    eventually(LINE, async || (desk.platform.sockets() == 1).then_some(())).await;
    everything_before(&desk, &mut watch, "still here").await;
    assert_eq!(kinds(&about(&lines(&watch), &request)), ["approval_required"]);
}

#[tokio::test]
async fn what_was_raised_while_nobody_listened_is_announced_after_the_reconnect() {
    let desk = Desk::open().await;
    let mut watch = desk.watch().await;
    desk.platform.go_down().await;
    let stale = |line: &str| line.contains("\"connection\"") && line.contains("stale");
    let first = watch.wait_for(Stream::Out, LINE, |line| stale(line) && !line.contains("never")).await;
    assert!(first.contains("sentence"), "{first}");
    let request = desk.raise(0.41, &["look"]);
    desk.platform.come_back().await;
    line(&mut watch, "approval_required", &request).await;
    desk.platform.idle_after(Duration::from_secs(300));
    assert_eq!(desk.pending().await, [request.as_str()]);
}

#[tokio::test]
async fn watch_for_some_seconds_ends_by_itself_with_0() {
    let desk = Desk::open().await;
    let ended = desk.run(["watch", "--for", "1"]).output().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    assert!(ended.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{ended:?}");
}
