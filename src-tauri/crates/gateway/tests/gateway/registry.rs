//! Actions, discovery, mappings.

use crate::support::{House, action, actions, mappings, runbook};
use serde_json::{Value, json};

#[tokio::test]
async fn an_action_is_added_once_edited_with_a_version_and_deleted() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let mut entry = action(&house.target, "GET", "/check", "low");
    entry["action_id"] = json!("check");
    assert_eq!(owner.post(&runbook("actions/add"), &entry).await.expect(201)["version"], 1);
    owner.post(&runbook("actions/add"), &entry).await.problem(409, "invalid");
    assert_eq!(owner.put(&actions("check"), &entry).await.expect(200)["version"], 1, "nothing changed");
    entry["definition"] = json!("looks closer");
    assert_eq!(owner.put(&actions("check"), &entry).await.expect(200)["version"], 2);
    entry["action_id"] = json!("other");
    owner.put(&actions("check"), &entry).await.problem(422, "invalid");
    assert_eq!(owner.get(&actions("check")).await.expect(200)["definition"], "looks closer");
    let list =
        owner.get(&runbook("actions?service=payments-api&method=api&validated_only=true")).await.expect(200);
    assert_eq!(list["total"], 1);
    assert_eq!(owner.get(&runbook("actions?service=other")).await.expect(200)["total"], 0);
    owner.delete(&actions("check")).await.expect(200);
    owner.get(&actions("check")).await.problem(404, "not-found");
    owner.delete(&actions("check")).await.problem(404, "not-found");
}

#[tokio::test]
async fn an_action_that_is_not_valid_is_refused_with_what_is_wrong() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let mut entry = action(&house.target, "GET", "/check", "low");
    entry["action_metadata"] = json!({"timeout": -1});
    let problem = owner.put(&actions("check"), &entry).await.problem(422, "invalid");
    assert!(problem["violations"][0]["field"].is_string(), "{problem}");
    let problem =
        owner.put(&actions("check"), &json!({"risk_level": "enormous"})).await.problem(422, "invalid");
    assert!(problem["violations"][0]["message"].is_string(), "{problem}");
    assert_eq!(owner.get(&runbook("actions")).await.expect(200)["total"], 0);
}

fn document(origin: &str) -> Value {
    json!({
        "openapi": "3.0.3", "info": {"title": "payments", "version": "1"},
        "servers": [{"url": origin}],
        "paths": {
            "/check": {"get": {"operationId": "checkPool", "responses": {"200": {"description": "ok"}}}},
            "/restart": {"post": {"operationId": "restartPool", "responses": {"200": {"description": "ok"}}}},
        },
    })
}

#[tokio::test]
async fn discovery_registers_what_the_document_says_and_a_preview_nothing() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let ask = json!({"swagger_doc": document(&house.target.origin), "service_name": "payments-api"});
    let path = runbook("discover/swagger");
    let preview = owner.post(&format!("{path}?preview=true"), &ask).await.expect(200);
    assert_eq!(
        (preview["actions_discovered"].as_u64(), preview["registered"].as_bool()),
        (Some(2), Some(false))
    );
    assert_eq!(owner.get(&runbook("actions")).await.expect(200)["total"], 0);
    let found = owner.post(&path, &ask).await.expect(200);
    assert_eq!((found["status"].as_str(), found["summary"]["added"].as_u64()), (Some("completed"), Some(2)));
    let mut entry = found["actions"][0].clone();
    assert_eq!(entry["validated"], false);
    entry["validated"] = json!(true);
    let id = entry["action_id"].as_str().expect("an id").to_owned();
    owner.put(&actions(&id), &entry).await.expect(200);
    let again = owner.post(&path, &ask).await.expect(200);
    assert_eq!(again["summary"], json!({"added": 0, "edited": 0, "unchanged": 2}));
    assert_eq!(
        owner.get(&actions(&id)).await.expect(200)["validated"],
        true,
        "a check holds while nothing changes"
    );
    owner.post(&path, &json!({"swagger_doc": {"x": 1}, "service_name": "s"})).await.problem(422, "invalid");
    owner.post(&path, &json!({"service_name": "s"})).await.problem(422, "invalid");
    let metadata = json!({"swagger_url": "http://169.254.169.254/openapi.json", "service_name": "s"});
    owner.post(&path, &metadata).await.problem(422, "invalid");
    let missing = json!({"swagger_url": format!("{}/fail", house.target.origin), "service_name": "s"});
    owner.post(&path, &missing).await.problem(502, "upstream-unreachable");
}

#[tokio::test]
async fn a_mapping_may_be_called_anything() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    for error in
        ["Plain", "a/b?c%d", "100 %", "../..", "local", "bulk", "match", "ä 不 \u{202e}", "/lead", "a//b"]
    {
        let mapping = json!({"error": error, "actions": ["x"], "description": "why"});
        owner.post(&mappings(""), &mapping).await.expect(201);
        let encoded: String = error.bytes().map(|b| format!("%{b:02X}")).collect();
        let path = mappings(&format!("/{encoded}"));
        assert_eq!(owner.get(&path).await.expect(200)["error"], error);
        owner.delete(&path).await.expect(200);
        let told = owner.get(&path).await.problem(404, "not-found");
        assert_eq!(told["detail"], format!("No mapping found for error: {error}"));
    }
}

#[tokio::test]
async fn mappings_come_in_bulk_are_replaced_whole_and_explain_themselves() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let one = |error: &str| json!({"error": error, "actions": ["x", "y"], "description": format!("{error} happened")});
    owner.post(&mappings("/bulk"), &json!([one("PoolExhausted"), one("DiskFull")])).await.expect(201);
    let list = owner.get(&mappings("")).await.expect(200);
    assert_eq!(list.as_array().expect("a bare list").len(), 2);
    let twice = json!([one("Fine"), {"error": "Twice", "actions": ["x", "x"]}]);
    let problem = owner.post(&mappings("/bulk"), &twice).await.problem(422, "invalid");
    assert_eq!(problem["violations"][0]["field"], "1.actions");
    assert_eq!(owner.get(&mappings("")).await.expect(200), list, "all or nothing");
    let found = owner.get(&mappings("/match?text=PoolExhausted%3A+no+slot+left")).await.expect(200);
    assert_eq!(
        (found["mapping"]["error"].as_str(), found["confidence"].as_str()),
        (Some("PoolExhausted"), Some("high"))
    );
    assert!(!found["matched_words"].as_array().expect("a list").is_empty());
    assert!(owner.get(&mappings("/match?text=zebra")).await.expect(200)["mapping"].is_null());
    let synced = owner.post(&mappings("/sync"), &json!({"mappings": [one("QueueStuck")]})).await.expect(200);
    assert_eq!((synced["count"].as_u64(), synced["replaced"].as_u64()), (Some(1), Some(2)));
    let local = owner.get(&mappings("/local")).await.expect(200);
    assert_eq!(local["mappings"][0]["error"], "QueueStuck");
    assert!(local["as_of"].is_string());
}
