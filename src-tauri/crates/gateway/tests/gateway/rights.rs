//! Who may see and do what.

use crate::support::{House, PIPELINE, runbook, yes};
use serde_json::json;

#[tokio::test]
async fn a_viewer_reads_and_never_decides_nor_does_a_machine() {
    let house = House::open().await;
    house.furnished().await;
    let approval = house.asked("PoolExhausted").await;
    for name in ["viewer", "machine"] {
        let caller = house.caller(name).await;
        assert_eq!(caller.get(&runbook("approvals/pending")).await.expect(200)["count"], 1);
        caller.decide(&yes(&approval)).await.problem(403, "not-allowed");
        caller.halt(&approval["request_id"], "stop", "because").await.problem(403, "not-allowed");
        caller.put(&runbook("actions/x"), &json!({})).await.problem(403, "not-allowed");
    }
    let viewer = house.caller("viewer").await;
    viewer.post(&runbook("remediate"), &json!({"error": "x"})).await.problem(403, "not-allowed");
    viewer.halt(&approval["request_id"], "withdraw", "because").await.problem(403, "not-allowed");
    viewer.get("/audit").await.problem(403, "not-allowed");
}

#[tokio::test]
async fn a20_a_pipeline_one_may_not_see_does_not_exist() {
    let house = House::open().await;
    house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let id = approval["request_id"].as_str().expect("an id");
    let stranger = house.caller("stranger").await;
    assert_eq!(stranger.get("/workflows").await.expect(200), json!([]));
    let seen = [
        runbook("approvals/pending"),
        runbook(&format!("approvals/{id}")),
        runbook("actions"),
        runbook(&format!("approvals/{id}/results/tune")),
        format!("/workflows/{PIPELINE}"),
        format!("/action/{PIPELINE}/error-registry/mappings"),
    ];
    for path in seen {
        let unseen = stranger.get(&path).await.problem(404, "not-found");
        let absent = stranger.get(&path.replace(PIPELINE, "nowhere")).await.problem(404, "not-found");
        assert_eq!(unseen["title"], absent["title"]);
        assert_eq!(
            unseen["detail"].as_str().expect("text").replace(PIPELINE, "nowhere"),
            absent["detail"].as_str().expect("text")
        );
    }
    stranger.decide(&yes(&approval)).await.problem(404, "not-found");
    stranger.post(&runbook("remediate"), &json!({"error": "x"})).await.problem(404, "not-found");
    let snapshot = stranger.get("/snapshot").await.expect(200);
    assert_eq!((&snapshot["approvals"], &snapshot["topics"]), (&json!([]), &json!({})));
    assert_eq!(stranger.get("/events").await.expect(200)["events"], json!([]));
}

#[tokio::test]
async fn a_request_of_another_pipeline_is_not_found_through_this_one() {
    let house = House::open().await;
    house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let admin = house.caller("admin").await;
    let path = runbook("remediate/approve").replace(PIPELINE, "default");
    admin.post(&path, &yes(&approval)).await.problem(404, "not-found");
}

#[tokio::test]
async fn a14_whoever_raised_a_request_cannot_approve_it_but_may_take_it_back() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let raised = owner.post(&runbook("remediate"), &json!({"error": "CacheStale"})).await.expect(200);
    let approval = house.approval(raised["request_id"].as_str().expect("an id")).await;
    owner.decide(&yes(&approval)).await.problem(403, "not-allowed");
    let second = house.caller("second").await;
    second.halt(&approval["request_id"], "withdraw", "not mine").await.problem(403, "not-allowed");
    owner.halt(&approval["request_id"], "withdraw", "false alarm").await.expect(202);
    let after = house.approval(approval["request_id"].as_str().expect("an id")).await;
    assert_eq!(
        (after["status"].as_str(), after["decided_by"].as_str()),
        (Some("withdrawn"), Some("owner@example.com"))
    );
}

#[tokio::test]
async fn rule_8_a13_the_decider_is_who_is_signed_in_whatever_the_body_says() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let mut body = yes(&approval);
    body["approved_by"] = json!("ceo@example.com");
    owner.decide(&body).await.expect(200);
    let after = house.approval(approval["request_id"].as_str().expect("an id")).await;
    assert_eq!(after["decided_by"], "owner@example.com");
    let audit = house.caller("admin").await.get("/audit?limit=1000").await.expect(200);
    let entries = audit["entries"].as_array().expect("a list");
    let decided = entries.iter().find(|entry| entry["action"] == "approve").expect("an entry");
    assert_eq!(decided["actor"], "owner@example.com");
    assert!(!audit.to_string().contains("ceo@example.com"));
}

#[tokio::test]
async fn only_an_admin_creates_workflows_and_members_see_them_at_once() {
    let house = House::open().await;
    let (admin, stranger) = (house.caller("admin").await, house.caller("stranger").await);
    let draft = json!({"id": "billing", "name": "Billing", "owner_ids": ["stranger@example.com"]});
    stranger.post("/workflows", &draft).await.problem(403, "not-allowed");
    admin.post("/workflows", &draft).await.expect(201);
    admin.post("/workflows", &draft).await.problem(409, "invalid");
    admin.post("/workflows", &json!({"id": "x"})).await.problem(422, "invalid");
    admin.post("/workflows", &json!({"name": "x".repeat(70_000)})).await.problem(422, "invalid");
    let seen = stranger.get("/workflows").await.expect(200);
    assert_eq!(seen[0]["id"], "billing");
    assert_eq!(seen[0]["owner_ids"], json!(["stranger@example.com"]));
}
