//! Rule 3 at the gateway: what was shown is what is decided.

use crate::support::{House, action, actions, runbook, yes};
use gateway::reqwest::Method;
use serde_json::{Value, json};

fn id(approval: &Value) -> &str {
    approval["request_id"].as_str().expect("an id")
}

#[tokio::test]
async fn the_digest_on_the_wire_is_that_of_what_is_shown() {
    let house = House::open().await;
    house.furnished().await;
    let raw = house.asked("PoolExhausted").await;
    let approval: domain::Approval = serde_json::from_value(raw).expect("an approval");
    assert_eq!(approval.digest, Some(approval.computed_digest()));
    assert_eq!(approval.revision, 1);
}

#[tokio::test]
async fn f26_a9_an_edit_after_the_look_voids_the_decision_and_tells_the_new_digest() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let mut live = owner.live().await;
    owner.put(&actions("tune"), &action(&house.target, "POST", "/tune-harder", "medium")).await.expect(200);
    let changed = live.event("approval_changed").await;
    assert_eq!(changed["data"]["data"]["revision"], 2);
    let problem = owner.decide(&yes(&approval)).await.problem(412, "changed");
    let now = house.approval(id(&approval)).await;
    assert_eq!(problem["digest"], now["digest"]);
    assert_ne!(now["digest"], approval["digest"]);
    assert_eq!(now["actions"][0]["version"], 2);
    assert!(house.target.calls().is_empty());
    owner.decide(&yes(&now)).await.expect(200);
    assert_eq!(house.target.calls()[0].uri, "/tune-harder");
}

#[tokio::test]
async fn an_edit_that_a_waiting_request_cannot_take_is_refused_whole() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let mut edit = action(&house.target, "POST", "/tune", "medium");
    edit["parameters"] = json!({"level": {"type": "integer", "required": true}});
    edit["execution"]["query"] = json!(["level"]);
    owner.put(&actions("tune"), &edit).await.problem(422, "invalid");
    assert_eq!(house.approval(id(&approval)).await["digest"], approval["digest"]);
    assert_eq!(owner.get(&actions("tune")).await.expect(200)["version"], 1);
}

#[tokio::test]
async fn a_foreign_digest_and_two_different_ones_are_mismatches() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let mut foreign = yes(&approval);
    foreign["shown_digest"] = json!(format!("sha-256:{}", "0".repeat(64)));
    owner.decide(&foreign).await.problem(400, "digest-mismatch");
    foreign["shown_digest"] = json!("nonsense");
    owner.decide(&foreign).await.problem(400, "digest-mismatch");
    let post = || owner.request(Method::POST, &runbook("remediate/approve"));
    let two = post().header("if-match", "\"sha-256:other\"").json(&yes(&approval));
    owner.send(two).await.problem(400, "digest-mismatch");
    let mut bare = yes(&approval);
    bare.as_object_mut().expect("a map").remove("shown_digest");
    let digest = approval["digest"].as_str().expect("a digest");
    let header = post().header("if-match", format!("\"{digest}\"")).json(&bare);
    assert_eq!(owner.send(header).await.expect(200)["status"], "executed");
}

#[tokio::test]
async fn high_risk_needs_the_digest_of_what_was_shown() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("DiskFull").await;
    assert_eq!(approval["mode"], "per_action");
    let bare = json!({"request_id": approval["request_id"], "approved": true});
    owner.decide(&bare).await.problem(428, "digest-required");
    assert_eq!(owner.decide(&yes(&approval)).await.expect(200)["status"], "action_approval_required");
    let mut action = bare.clone();
    action["action_id"] = json!("wipe");
    owner.decide(&action).await.problem(428, "digest-required");
    assert!(house.target.calls().is_empty());
    action["shown_digest"] = approval["digest"].clone();
    assert_eq!(owner.decide(&action).await.expect(200)["status"], "executed");
    assert_eq!(house.target.calls()[0].method, "DELETE");
}
