//! The law of CONTRACT 1a over HTTP.

use crate::support::{House, runbook, yes};
use serde_json::{Value, json};

fn no(approval: &Value, reason: &str) -> Value {
    json!({"request_id": approval["request_id"], "approved": false, "rejection_reason": reason})
}

fn act(approval: &Value, action: &str) -> Value {
    let mut body = yes(approval);
    body["action_id"] = json!(action);
    body
}

fn id(approval: &Value) -> &str {
    approval["request_id"].as_str().expect("an id")
}

#[tokio::test]
async fn certain_and_harmless_runs_by_itself_and_far_things_never_do() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let ran = house.raise("HeartbeatMissed").await;
    assert_eq!((ran["status"].as_str(), ran["overall_success"].as_bool()), (Some("executed"), Some(true)));
    assert_eq!(house.target.calls().len(), 1);
    assert_eq!(house.raise("zebra quagga okapi").await["status"], "no_match");
    let mapping = json!({"error": "Gone", "actions": ["no-such-action"], "description": ""});
    owner.post(&crate::support::mappings(""), &mapping).await.expect(201);
    let missing = house.raise("Gone").await;
    assert_eq!(missing["status"], "actions_not_found");
    assert_eq!(missing["suggestion"]["missing_actions"], json!(["no-such-action"]));
    owner.post(&runbook("remediate"), &json!({"error": "  "})).await.problem(422, "invalid");
    assert_eq!(house.target.calls().len(), 1);
}

#[tokio::test]
async fn a_pipeline_that_always_asks_asks_even_for_the_harmless() {
    let house = House::open().await;
    house.furnished().await;
    let admin = house.caller("admin").await;
    admin.put("/workflows/payments", &json!({"always_ask": true})).await.expect(200);
    let approval = house.asked("HeartbeatMissed").await;
    assert_eq!(approval["mode"], "request");
    assert!(house.target.calls().is_empty());
}

#[tokio::test]
async fn a_request_runs_up_to_the_gated_action_then_pauses_then_runs_on() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("PoolExhausted").await;
    assert_eq!(approval["mode"], "per_action");
    owner.decide(&act(&approval, "restart")).await.problem(409, "not-awaiting-action");
    owner.halt(&approval["request_id"], "stop", "too early").await.problem(409, "not-running");

    let paused = owner.decide(&yes(&approval)).await.expect(200);
    assert_eq!(paused["status"], "action_approval_required");
    assert_eq!(paused["pending_approval_actions"], json!(["restart"]));
    let now = house.approval(id(&approval)).await;
    assert_eq!((now["status"].as_str(), now["current_action_index"].as_u64()), (Some("paused"), Some(1)));
    let pending = owner.get(&runbook("approvals/pending")).await.expect(200);
    assert_eq!(pending["pending_approvals"][0]["status"], "paused");

    owner.decide(&yes(&approval)).await.problem(409, "action-decision-needed");
    owner.decide(&act(&approval, "tune")).await.problem(409, "not-awaiting-action");
    owner.decide(&act(&approval, "nothing")).await.problem(404, "not-found");
    let done = owner.decide(&act(&approval, "restart")).await.expect(200);
    assert_eq!((done["status"].as_str(), done["actions_executed"].as_u64()), (Some("executed"), Some(3)));
    let paths: Vec<_> = house.target.calls().into_iter().map(|call| call.uri).collect();
    assert_eq!(paths, ["/check", "/restart", "/tune"]);
    let after = house.approval(id(&approval)).await;
    assert_eq!(after["execution_state"]["restart"]["approved_by"], "owner@example.com");
    assert_eq!(after["execution_state"]["check"]["success"], true);
}

#[tokio::test]
async fn rule_6_f24_what_is_decided_stays_decided_and_the_decider_is_named() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let second = house.caller("second").await;
    let approval = house.asked("CacheStale").await;
    owner.decide(&no(&approval, "not now")).await.expect(200);
    for body in [yes(&approval), no(&approval, "me too"), act(&approval, "tune")] {
        let problem = second.decide(&body).await.problem(409, "already-decided");
        assert_eq!(
            (problem["by"].as_str(), problem["verdict"].as_str()),
            (Some("owner@example.com"), Some("reject"))
        );
        assert!(problem["at"].is_string());
        assert!(problem["detail"].as_str().expect("a sentence").contains("owner@example.com"));
    }
    second.halt(&approval["request_id"], "stop", "anyway").await.problem(409, "not-running");
    let machine = house.caller("machine").await;
    machine.halt(&approval["request_id"], "withdraw", "solved").await.problem(409, "already-decided");
    let after = house.approval(id(&approval)).await;
    assert_eq!(
        (after["status"].as_str(), after["rejection_reason"].as_str()),
        (Some("rejected"), Some("not now"))
    );
    assert!(house.target.calls().is_empty());
}

#[tokio::test]
async fn a_rejection_and_a_stop_need_a_reason() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    for reason in ["", "  ", "a.", "\u{200b}\u{200b}\u{200b}"] {
        owner.decide(&no(&approval, reason)).await.problem(422, "reason-required");
        owner.halt(&approval["request_id"], "stop", reason).await.problem(422, "reason-required");
    }
    let endless = "because ".repeat(10_000);
    owner.decide(&no(&approval, &endless)).await.problem(422, "invalid");
    owner.halt(&approval["request_id"], "stop", &endless).await.problem(422, "invalid");
    let bare = json!({"request_id": approval["request_id"], "approved": false});
    owner.decide(&bare).await.problem(422, "reason-required");
    owner.decide(&json!({"request_id": approval["request_id"]})).await.problem(422, "invalid");
    assert_eq!(house.approval(id(&approval)).await["status"], "pending");
}

#[tokio::test]
async fn a_paused_request_can_be_rejected_or_stopped_and_its_results_stand() {
    let house = House::open().await;
    let owner = house.furnished().await;
    for (verdict, status) in [("reject", "rejected"), ("stop", "stopped")] {
        let approval = house.asked("PoolExhausted").await;
        owner.decide(&yes(&approval)).await.expect(200);
        if verdict == "reject" {
            let mut body = no(&approval, "not the pool");
            body["action_id"] = json!("restart");
            assert_eq!(owner.decide(&body).await.expect(200)["status"], "rejected");
        } else {
            owner.halt(&approval["request_id"], "stop", "not the pool").await.expect(202);
        }
        let after = house.approval(id(&approval)).await;
        assert_eq!(
            (after["status"].as_str(), after["decided_by"].as_str()),
            (Some(status), Some("owner@example.com"))
        );
        let result =
            owner.get(&runbook(&format!("approvals/{}/results/check", id(&approval)))).await.expect(200);
        assert_eq!(result["success"], true);
        owner
            .get(&runbook(&format!("approvals/{}/results/restart", id(&approval))))
            .await
            .problem(404, "not-found");
    }
}

#[tokio::test]
async fn while_it_runs_nothing_but_a_stop_is_taken_and_it_stops_after_the_running_action() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("QueueStuck").await;
    let mut live = owner.live().await;
    let request = owner.request(gateway::reqwest::Method::POST, &runbook("remediate/approve"));
    let taken = owner.send(request.header("prefer", "respond-async").json(&yes(&approval))).await;
    assert_eq!(taken.headers["preference-applied"], "respond-async");
    assert_eq!(taken.expect(202)["status"], "executing");
    house.target.reached(1).await;
    let second = house.caller("second").await;
    let problem = second.decide(&yes(&approval)).await.problem(409, "executing");
    assert_eq!(problem["by"], "owner@example.com");
    second.decide(&no(&approval, "too late")).await.problem(409, "executing");
    second.halt(&approval["request_id"], "stop", "enough now").await.expect(202);
    house.target.let_go();
    let completed = live.event("execution_completed").await;
    assert_eq!(completed["data"]["status"], "stopped");
    assert_eq!(completed["data"]["results"].as_array().expect("a list").len(), 1);
    let after = house.approval(id(&approval)).await;
    assert_eq!(
        (after["status"].as_str(), after["decided_by"].as_str()),
        (Some("stopped"), Some("second@example.com"))
    );
    assert_eq!(house.target.calls().len(), 1);
}

#[tokio::test]
async fn f27_an_expired_request_cannot_be_decided_any_more() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let mut live = owner.live().await;
    house.clock.advance_s(1_801);
    let owner = house.caller("owner").await;
    let problem = owner.decide(&yes(&approval)).await.problem(410, "expired");
    assert_eq!(problem["expired_at"], approval["expires_at"]);
    owner.decide(&no(&approval, "too late")).await.problem(410, "expired");
    owner.halt(&approval["request_id"], "stop", "too late").await.problem(410, "expired");
    assert_eq!(live.event("approval_expired").await["data"]["request_id"], approval["request_id"]);
    assert_eq!(house.approval(id(&approval)).await["status"], "expired");
    assert_eq!(owner.get(&runbook("approvals/pending")).await.expect(200)["count"], 0);
    assert_eq!(owner.get("/snapshot").await.expect(200)["approvals"], json!([]));
}

#[tokio::test]
async fn an_expiry_comes_by_itself_on_time() {
    let house = House::open_with(|config| config.approval_ttl_s = 1).await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let raised = house.raise("CacheStale").await;
    assert_eq!(live.event("approval_expired").await["data"]["request_id"], raised["request_id"]);
}

#[tokio::test]
async fn f25_of_two_opposite_decisions_at_once_exactly_one_wins() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let second = house.caller("second").await;
    for _ in 0..10 {
        let approval = house.asked("CacheStale").await;
        let (yes, no) = (yes(&approval), no(&approval, "do not"));
        let (a, b) = tokio::join!(owner.decide(&yes), second.decide(&no));
        let won = [a.status, b.status].iter().filter(|status| **status == 200).count();
        assert_eq!(won, 1, "{} {}", a.body, b.body);
    }
}
