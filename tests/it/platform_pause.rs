//! A pause for one action: no frame, no list, and nothing but a yes that can end it (CONTRACT 3, rules 4, 7).

use crate::platform_desk::{Answer, Desk};
use crate::support_caller::OWNER;
use domain::RequestId;
use serde_json::{Value, json};

/// A request that ran up to its gated action.
async fn paused() -> (Desk, RequestId) {
    let desk = Desk::open().await;
    let request = desk.raise(0.1, &["look", "restart", "drain"]);
    let answer = desk.approve(&request, &[]).await;
    assert_eq!(answer.code, 0, "{answer:?}");
    (desk, request)
}

async fn approve_action(desk: &Desk, request: &RequestId, more: &[&str]) -> Answer {
    let args = ["approve", request.as_str(), "--action", "restart", "--yes"];
    desk.ask(args.into_iter().chain(more.iter().copied())).await
}

#[tokio::test]
async fn an_approve_that_runs_into_a_pause_ends_with_0_and_names_the_action() {
    let desk = Desk::open().await;
    let request = desk.raise(0.1, &["look", "restart", "drain"]);
    let done = desk.approve(&request, &[]).await.done();
    assert_eq!(done["status"], "action_approval_required");
    assert_eq!(done["pending_approval_actions"], json!(["restart"]));
    assert_eq!((&done["actions_executed"], &done["overall_success"]), (&json!(1), &Value::Null));
    assert_eq!(done["execution_results"][0]["outcome"], "succeeded");
    assert_eq!(desk.platform.all_executed(), ["look"]);
}

#[tokio::test]
async fn a_paused_request_still_waits_in_the_list_of_a_holdctl_started_anew() {
    let (desk, request) = paused().await;
    let list = desk.ask(["pending"]).await.done();
    let one = &list["pending_approvals"][0];
    assert_eq!((&list["count"], &one["request_id"]), (&json!(1), &json!(request)));
    assert_eq!((&one["status"], &one["pending_approval_actions"]), (&json!("paused"), &json!(["restart"])));
    let shown = desk.show(&request).await;
    assert_eq!(shown["status"], "paused");
    let card = desk.read(["show", request.as_str()]).await;
    assert!(card.stdout.contains("--action restart"), "{}", card.stdout);
}

#[tokio::test]
async fn a_paused_request_outlives_a_stop_of_its_container_that_kept_its_memory() {
    let (desk, request) = paused().await;
    desk.platform.stop_pipeline(&desk.pipeline);
    desk.ask(["pending"]).await.done();
    desk.platform.start_pipeline(&desk.pipeline);
    assert_eq!(desk.pending().await, [request.as_str()]);
}

#[tokio::test]
async fn the_waiting_action_is_approved_by_name_and_the_rest_runs() {
    let (desk, request) = paused().await;
    desk.show(&request).await;
    let bare = approve_action(&desk, &request, &[]).await;
    assert!(bare.refused(2).contains("ledger-db"), "high risk asks for its target: {bare:?}");
    let done = approve_action(&desk, &request, &["--target", "ledger-db"]).await.done();
    assert_eq!((&done["status"], &done["action_id"]), (&json!("executed"), &json!("restart")));
    let outcomes: Vec<&Value> =
        done["execution_results"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["succeeded", "succeeded", "succeeded"]);
    assert_eq!(desk.platform.all_executed(), ["look", "restart", "drain"]);

    let sent = desk.platform.decisions();
    assert_eq!(sent.len(), 2);
    assert_eq!((&sent[1]["action_id"], &sent[1]["approved"]), (&json!("restart"), &json!(true)));
    assert_eq!(sent[1]["approved_by"], OWNER);
    assert_eq!(desk.pending().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_whole_request_or_another_action_is_not_what_waits() {
    let (desk, request) = paused().await;
    desk.show(&request).await;
    let whole = desk.approve_as_shown(&request, &[]).await;
    assert!(whole.refused(4).contains("restart"), "{whole:?}");
    let other = desk.approve_as_shown(&request, &["--action", "drain"]).await;
    assert!(other.refused(4).contains("restart"), "{other:?}");
    assert_eq!(desk.platform.decisions().len(), 1);
    assert_eq!(desk.platform.all_executed(), ["look"]);
}

#[tokio::test]
async fn a_reject_or_a_stop_of_what_is_paused_is_refused_before_it_is_sent() {
    let (desk, request) = paused().await;
    for verb in ["reject", "stop"] {
        let answer = desk.ask([verb, request.as_str(), "--reason", "changed my mind"]).await;
        assert!(answer.refused(1).contains("Nothing was sent"), "{verb}: {answer:?}");
    }
    assert_eq!(desk.platform.decisions().len(), 1);
    assert_eq!(desk.platform.approval(&request).unwrap()["status"], "executing");
    assert_eq!(desk.pending().await, [request.as_str()], "and no frame has lied about it");
}

#[tokio::test]
async fn a_stop_of_what_runs_is_refused_before_it_is_sent() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.hold("look");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    let stop = desk.ask(["stop", request.as_str(), "--reason", "too slow"]).await;
    assert!(stop.refused(1).contains("Nothing was sent"), "{stop:?}");
    desk.platform.release("look");
    assert_eq!(approve.finish().await.code, Some(0));
    assert_eq!(desk.platform.decisions().len(), 1);
}

#[tokio::test]
async fn a_request_whose_first_action_is_gated_pauses_before_anything_runs() {
    let desk = Desk::open().await;
    let request = desk.raise(0.1, &["restart", "look"]);
    let done = desk.approve(&request, &[]).await.done();
    assert_eq!((&done["status"], &done["actions_executed"]), (&json!("action_approval_required"), &json!(0)));
    assert_eq!(desk.platform.all_executed(), Vec::<String>::new());
}

#[tokio::test]
async fn rule_3_the_waiting_actions_entry_edited_during_the_pause_stops_its_approve() {
    let (desk, request) = paused().await;
    desk.show(&request).await;
    desk.platform.edit_action(&desk.pipeline, &"restart".into(), |entry| {
        entry["parameters"]["service_name"]["required"] = json!(false);
    });
    let answer = approve_action(&desk, &request, &["--target", "ledger-db"]).await;
    assert_eq!((answer.code, &answer.error["code"]), (4, &json!("changed")), "{answer:?}");
    assert_eq!(desk.platform.decisions().len(), 1);
}
