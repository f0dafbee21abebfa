//! Idempotency (CONTRACT 1c).

use crate::support::{House, runbook, yes};
use serde_json::json;

#[tokio::test]
async fn f21_the_same_key_has_one_effect_and_the_same_answer() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let first = owner.decide_once("k-1", &yes(&approval)).await;
    assert!(first.headers.get("idempotent-replayed").is_none());
    let again = owner.decide_once("k-1", &yes(&approval)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(first.expect(200), again.expect(200));
    assert_eq!(house.target.calls().len(), 1);
}

#[tokio::test]
async fn f28_a_key_with_another_body_is_refused_without_effect() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let no = json!({"request_id": approval["request_id"], "approved": false, "rejection_reason": "not now"});
    owner.decide_once("k-1", &no).await.expect(200);
    owner.decide_once("k-1", &yes(&approval)).await.problem(422, "key-reused");
    let mut digestless = yes(&approval);
    digestless.as_object_mut().expect("a map").remove("shown_digest");
    owner.decide_once("k-1", &digestless).await.problem(422, "key-reused");
    assert!(house.target.calls().is_empty());
}

#[tokio::test]
async fn a_refusal_is_replayed_too_but_never_a_403() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let second = house.caller("second").await;
    let approval = house.asked("CacheStale").await;
    owner.decide(&yes(&approval)).await.expect(200);
    let late = second.decide_once("k-2", &yes(&approval)).await.problem(409, "already-decided");
    let again = second.decide_once("k-2", &yes(&approval)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let again = again.problem(409, "already-decided");
    assert_eq!((&late["by"], &late["at"], &late["detail"]), (&again["by"], &again["at"], &again["detail"]));
    assert_ne!(late["correlation_id"], again["correlation_id"]);

    let raised = owner.post(&runbook("remediate"), &json!({"error": "CacheStale"})).await.expect(200);
    let own = house.approval(raised["request_id"].as_str().expect("an id")).await;
    owner.decide_once("k-3", &yes(&own)).await.problem(403, "not-allowed");
    let again = owner.decide_once("k-3", &yes(&own)).await;
    assert!(again.headers.get("idempotent-replayed").is_none());
    again.problem(403, "not-allowed");
}

#[tokio::test]
async fn a12_a_key_is_its_users_own() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let second = house.caller("second").await;
    let approval = house.asked("CacheStale").await;
    owner.decide_once("shared", &yes(&approval)).await.expect(200);
    let other = second.decide_once("shared", &yes(&approval)).await;
    assert!(other.headers.get("idempotent-replayed").is_none());
    other.problem(409, "already-decided");
}

#[tokio::test]
async fn while_the_first_call_runs_the_same_key_waits() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("QueueStuck").await;
    let (first, body) = (owner.clone(), yes(&approval));
    let running = tokio::spawn(async move { first.decide_once("k-4", &body).await });
    house.target.reached(1).await;
    let waiting = owner.decide_once("k-4", &yes(&approval)).await;
    assert!(waiting.headers.contains_key("retry-after"));
    waiting.problem(409, "in-progress");
    house.target.let_go();
    let first = running.await.expect("joins").expect(200);
    assert_eq!(first["status"], "executed");
    assert_eq!(owner.decide_once("k-4", &yes(&approval)).await.expect(200), first);
    assert_eq!(house.target.calls().len(), 2);
}

#[tokio::test]
async fn a_report_and_a_stop_have_keys_as_well() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let machine = house.caller("machine").await;
    let report = || {
        let request = machine.request(gateway::reqwest::Method::POST, &runbook("remediate"));
        request.header("idempotency-key", "\"r-1\"").json(&json!({"error": "PoolExhausted"}))
    };
    let first = machine.send(report()).await.expect(200);
    assert_eq!(machine.send(report()).await.expect(200)["request_id"], first["request_id"]);
    assert_eq!(owner.get(&runbook("approvals/pending")).await.expect(200)["count"], 1);
    let id = first["request_id"].as_str().expect("an id");
    let path = runbook(&format!("approvals/{id}/withdraw"));
    let withdraw = || {
        let request = machine.request(gateway::reqwest::Method::POST, &path);
        request.header("idempotency-key", "\"w-1\"").json(&json!({"reason": "solved itself"}))
    };
    let first = machine.send(withdraw()).await.expect(202);
    assert_eq!(machine.send(withdraw()).await.expect(202), first);
}
