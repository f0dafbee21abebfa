//! What was approved runs, exactly, and is told as it went.

use crate::support::{House, action, actions, mappings, runbook, soon, yes};
use gateway::reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection;

fn id(approval: &Value) -> &str {
    approval["request_id"].as_str().expect("an id")
}

fn result_of(approval: &Value, action: &str) -> String {
    runbook(&format!("approvals/{}/results/{action}", id(approval)))
}

#[tokio::test]
async fn the_call_that_arrives_is_the_effect_that_was_shown() {
    let house = House::open_with(|config| {
        let secrets = [("ops-key".to_owned(), "s3cr3t".to_owned())].into();
        config.secrets = [("payments".to_owned(), secrets)].into();
    })
    .await;
    let owner = house.furnished().await;
    let mut entry = action(&house.target, "POST", "/pools/{pool}/resize", "medium");
    entry["parameters"] = json!({
        "pool": {"type": "string", "required": true},
        "size": {"type": "integer", "required": false, "default": 8},
    });
    entry["secrets"] = json!(["ops-key"]);
    entry["execution"]["body"] = json!(["size"]);
    entry["execution"]["headers"] = json!({"X-Key": "{secret:ops-key}"});
    owner.put(&actions("resize"), &entry).await.expect(201);
    let mapping = json!({"error": "PoolTooSmall", "actions": ["resize"], "description": "x"});
    owner.post(&mappings(""), &mapping).await.expect(201);
    let approval = house.asked("PoolTooSmall").await;
    let effect = &approval["actions"][0]["effect"];
    assert!(!approval.to_string().contains("s3cr3t"));
    assert_eq!(effect["url"], format!("{}/pools/main/resize", house.target.origin));
    assert_eq!(effect["body"], r#"{"size":8}"#);
    owner.decide(&yes(&approval)).await.expect(200);
    let call = house.target.calls().remove(0);
    assert_eq!((call.method.as_str(), call.uri.as_str()), ("POST", "/pools/main/resize"));
    assert_eq!(call.body, effect["body"].as_str().expect("a text"));
    assert_eq!(call.headers["x-key"], "s3cr3t");
    let audit = house.caller("admin").await.get("/audit?limit=1000").await.expect(200);
    assert!(!audit.to_string().contains("s3cr3t"));
}

#[tokio::test]
async fn a_secret_without_a_value_sends_nothing_and_says_which() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut entry = action(&house.target, "POST", "/tune", "medium");
    entry["secrets"] = json!(["ops-key"]);
    entry["execution"]["headers"] = json!({"X-Key": "{secret:ops-key}"});
    owner.put(&actions("tune"), &entry).await.expect(200);
    let approval = house.asked("CacheStale").await;
    let failed = owner.decide(&yes(&approval)).await.expect(200);
    assert_eq!(failed["status"], "failed");
    let error = failed["execution_results"][0]["error"].as_str().expect("a sentence");
    assert!(error.contains("Nothing was sent") && error.contains("ops-key"), "{error}");
    assert!(house.target.calls().is_empty());
}

#[tokio::test]
async fn rule_12_a_failed_action_ends_the_chain_and_is_told_with_its_code() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CertificateInvalid").await;
    let failed = owner.decide(&yes(&approval)).await.expect(200);
    assert_eq!(
        (failed["status"].as_str(), failed["overall_success"].as_bool()),
        (Some("failed"), Some(false))
    );
    let result = &failed["execution_results"][0];
    assert_eq!(
        (result["success"].as_bool(), result["result"]["status_code"].as_u64()),
        (Some(false), Some(500))
    );
    assert_eq!(result["output"], "it broke");
    assert_eq!(failed["actions_executed"], 1);
    assert_eq!(house.target.calls().len(), 1);
}

#[tokio::test]
async fn a_failure_that_may_be_passed_over_lets_the_chain_complete_without_success() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut entry = action(&house.target, "POST", "/fail", "medium");
    entry["on_failure"] = json!("continue");
    owner.put(&actions("fail"), &entry).await.expect(200);
    let approval = house.asked("CertificateInvalid").await;
    let done = owner.decide(&yes(&approval)).await.expect(200);
    assert_eq!((done["status"].as_str(), done["overall_success"].as_bool()), (Some("executed"), Some(false)));
    assert_eq!(house.approval(id(&approval)).await["status"], "completed");
    assert_eq!(house.target.calls().len(), 2);
}

#[tokio::test]
async fn nothing_that_does_not_answer_is_a_success() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    for (base, path, timeout, said) in [
        (nobody.as_str(), "/", 20, "could not be reached"),
        (&house.target.origin, "/slow", 1, "in time"),
        (&house.target.origin, "/moved", 20, "redirected"),
        ("http://169.254.169.254", "/latest/meta-data", 20, "Nothing was sent"),
    ] {
        let mut entry = action(&house.target, "POST", path, "medium");
        entry["execution"]["base_url"] = json!(base);
        entry["action_metadata"]["timeout"] = json!(timeout);
        owner.put(&actions("tune"), &entry).await.expect(200);
        let approval = house.asked("CacheStale").await;
        let failed = owner.decide(&yes(&approval)).await.expect(200);
        assert_eq!(failed["status"], "failed", "{path}");
        let error = failed["execution_results"][0]["error"].as_str().expect("a sentence");
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_long_output_is_cut_in_events_and_whole_by_action() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let approval = house.asked("ReportHuge").await;
    owner.decide(&yes(&approval)).await.expect(200);
    let progress = live.event("execution_progress").await;
    assert_eq!(progress["data"]["result"]["truncated"], true);
    assert!(progress.to_string().len() <= 64 * 1024);
    let whole = owner.get(&result_of(&approval, "big")).await.expect(200);
    assert_eq!(whole["output"].as_str().expect("a text").len(), 300_000);
}

#[tokio::test]
async fn a_synchronous_call_turns_into_a_202_and_the_run_goes_on() {
    let house = House::open_with(|config| config.sync_limit_s = 1).await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let approval = house.asked("QueueStuck").await;
    let taken = owner.decide(&yes(&approval)).await.expect(202);
    assert_eq!(taken["status"], "executing");
    house.target.let_go();
    let completed = live.event("execution_completed").await;
    assert_eq!(
        (completed["data"]["status"].as_str(), completed["data"]["overall_success"].as_bool()),
        (Some("completed"), Some(true))
    );
}

#[tokio::test]
async fn f9_a_caller_who_hangs_up_changes_nothing_about_the_run() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let approval = house.asked("QueueStuck").await;
    let (caller, body) = (owner.clone(), yes(&approval));
    let call = tokio::spawn(async move { caller.decide(&body).await });
    house.target.reached(1).await;
    call.abort();
    house.target.let_go();
    let completed = live.event("execution_completed").await;
    assert_eq!(completed["data"]["status"], "completed");
    assert_eq!(house.target.calls().len(), 2);
}

#[tokio::test]
async fn a_gateway_that_ends_in_mid_action_leaves_it_unknown_and_the_request_interrupted() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("QueueStuck").await;
    let request = owner.request(Method::POST, &runbook("remediate/approve"));
    owner.send(request.header("prefer", "respond-async").json(&yes(&approval))).await.expect(202);
    house.target.reached(1).await;
    let house = house.reopen().await;
    let after = house.approval(id(&approval)).await;
    assert_eq!(after["status"], "interrupted");
    let owner = house.caller("owner").await;
    let result = owner.get(&result_of(&approval, "slow")).await.expect(200);
    assert_eq!(result["status"], "unknown");
    assert!(result["success"].is_null());
    owner.decide(&yes(&approval)).await.problem(409, "already-decided");
    assert_eq!(house.target.calls().len(), 1, "nothing is re-run by itself");
}

#[tokio::test]
async fn a_database_that_fails_for_a_while_leaves_no_run_behind() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let approval = house.asked("QueueStuck").await;
    let request = owner.request(Method::POST, &runbook("remediate/approve"));
    owner.send(request.header("prefer", "respond-async").json(&yes(&approval))).await.expect(202);
    house.target.reached(1).await;
    let database = house.config.database.as_str();
    let mut other = sqlx::SqliteConnection::connect(database).await.expect("connects");
    let mut rename = async |line: &'static str| {
        sqlx::query(line).execute(&mut other).await.expect("renamed");
    };
    rename("ALTER TABLE action_runs RENAME TO away").await;
    house.target.let_go();
    // Writes come one after the other: with so many done, the result's was tried.
    for round in 0..20 {
        let entry = action(&house.target, "POST", &format!("/{round}"), "low");
        owner.put(&actions("other"), &entry).await;
    }
    rename("ALTER TABLE away RENAME TO action_runs").await;
    let completed = live.event("execution_completed").await;
    assert_eq!(completed["data"]["status"], "completed");
    assert_eq!(house.target.calls().len(), 2, "nothing ran twice");
}

#[tokio::test]
async fn a_missing_value_asks_nobody() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut entry = action(&house.target, "POST", "/tune", "medium");
    entry["parameters"] = json!({"level": {"type": "integer", "required": true}});
    entry["execution"]["query"] = json!(["level"]);
    owner.put(&actions("tune"), &entry).await.expect(200);
    let machine = house.caller("machine").await;
    let problem =
        machine.post(&runbook("remediate"), &json!({"error": "CacheStale"})).await.problem(422, "invalid");
    assert_eq!(problem["violations"][0]["action_id"], "tune");
    assert_eq!(owner.get(&runbook("approvals/pending")).await.expect(200)["count"], 0);
}

#[tokio::test]
async fn a_kind_that_cannot_be_executed_yet_asks_nobody() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let entry = json!({"method": "command", "service": "db", "risk_level": "medium", "validated": true,
        "execution": {"argv": ["uptime"]}});
    owner.put(&actions("uptime"), &entry).await.expect(201);
    owner
        .post(&mappings(""), &json!({"error": "LoadHigh", "actions": ["uptime"], "description": "x"}))
        .await
        .expect(201);
    let machine = house.caller("machine").await;
    let problem =
        machine.post(&runbook("remediate"), &json!({"error": "LoadHigh"})).await.problem(422, "invalid");
    assert!(problem["detail"].as_str().expect("a sentence").contains("does not execute yet"));
}

#[tokio::test]
async fn two_gateways_never_serve_one_database() {
    let house = House::open().await;
    let other = gateway::Gateway::open(house.config.clone()).await.expect("opens");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let refused = soon(other.serve(listener, tokio_util::sync::CancellationToken::new())).await;
    assert!(matches!(refused, Err(gateway::ServeError::AlreadyServed(_))));
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let refused = soon(other.serve(everywhere, tokio_util::sync::CancellationToken::new())).await;
    assert!(matches!(refused, Err(gateway::ServeError::NotLoopback(_))));
}
