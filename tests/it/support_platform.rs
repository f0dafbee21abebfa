//! The platform fixture against CONTRACT 3: session, errors, lists, mappings, and the faults a test can ask for.

use crate::support_caller::{Caller, OWNER, PASSWORD, platform, set_cookies};
use protocol::{platform as decode, problem};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, COOKIE};
use serde_json::{Value, json};
use support::platform::{Instead, Route};

fn actions(pipeline: &str) -> String {
    format!("/agentic/{pipeline}/runbook/actions")
}

fn mappings(pipeline: &str) -> String {
    format!("/action/{pipeline}/error-registry/mappings")
}

#[tokio::test]
async fn trap_a_json_login_is_told_as_a_database_error() {
    let (platform, _) = platform().await;
    let nobody = Caller::nobody(&platform.origin());
    let body = json!({"username": OWNER, "password": PASSWORD});
    let (status, answer) = nobody.call(Method::POST, "/auth/login", Some(&body)).await;
    assert_eq!(status, 503);
    assert!(answer["detail"].as_str().unwrap().starts_with("Database connection error: "));
}

#[tokio::test]
async fn a_wrong_password_is_told_as_it_is() {
    let (platform, _) = platform().await;
    let form = [("username", OWNER), ("password", "wrong")];
    let url = format!("{}/auth/login", platform.origin());
    let answer = reqwest::Client::new().post(url).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"detail": "Invalid credentials"}));
}

#[tokio::test]
async fn trap_a_bearer_token_is_ignored() {
    let (platform, _) = platform().await;
    let caller = Caller::sign_in(&platform.origin(), OWNER).await;
    let token = platform.issued_tokens().remove(0);
    let url = format!("{}/auth/me", platform.origin());
    let bare = reqwest::Client::new().get(&url).header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(bare.send().await.unwrap().status(), 401);
    let (status, me) = caller.get("/auth/me").await;
    assert_eq!((status, &me["email"]), (200, &json!(OWNER)));
}

#[tokio::test]
async fn trap_refresh_renews_only_the_access_token() {
    let (platform, _) = platform().await;
    let caller = Caller::sign_in(&platform.origin(), OWNER).await;
    platform.expire_access_tokens();
    assert_eq!(caller.get("/auth/me").await.0, 401);
    let answer = caller.try_call(Method::POST, "/auth/refresh", None).await.unwrap();
    let cookies = set_cookies(&answer);
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].starts_with("access_token="));
    let url = format!("{}/auth/me", platform.origin());
    let again = reqwest::Client::new().get(url).header(COOKIE, &cookies[0]).send().await.unwrap();
    assert_eq!(again.status(), 200);
    platform.revoke_refresh_tokens();
    assert_eq!(caller.call(Method::POST, "/auth/refresh", None).await.0, 401);
}

#[tokio::test]
async fn trap_a_viewer_sees_no_pipeline_and_yet_may_read_one() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let viewer = Caller::sign_in(&platform.origin(), "vera@ledger.test").await;
    let path = "/version/retrieve_all?skip=0&limit=50";
    assert_eq!(owner.get(path).await.1["data"][0]["_id"], json!(pipeline));
    assert_eq!(viewer.get(path).await.1, json!({"status": "success", "count": 0, "data": []}));
    assert_eq!(viewer.get(&actions(&pipeline)).await.0, 200);
}

#[tokio::test]
async fn trap_a_bad_id_is_no_outage_and_a_stopped_pipeline_no_error_of_its_own() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let (status, body) = owner.get(&actions("xyz")).await;
    assert_eq!(status, 503);
    assert!(body["detail"].as_str().unwrap().starts_with("Database connection error: 'xyz'"));

    let stranger = Caller::sign_in(&platform.origin(), "sven@ledger.test").await;
    let (status, body) = stranger.get(&actions(&pipeline)).await;
    assert_eq!((status, body), (403, json!({"detail": "You are not allowed to access this workflow"})));

    let id = domain::PipelineId(pipeline.clone());
    platform.stop_pipeline(&id);
    let (status, body) = owner.get(&actions(&pipeline)).await;
    let gone = json!({"detail": "Workflow not found or agentic container not running"});
    assert_eq!((status, body), (404, gone));
    platform.start_pipeline(&id);
    assert_eq!(owner.get(&actions(&pipeline)).await.0, 200);
}

#[tokio::test]
async fn trap_errors_are_json_inside_a_string_and_the_decoder_reads_them() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let path = format!("/agentic/{pipeline}/runbook/approvals/APR-000000000000");
    let (status, body) = owner.get(&path).await;
    let detail = json!({"detail": r#"Agentic container error: {"detail":"Approval request not found"}"#});
    assert_eq!((status, &body), (404, &detail));
    let told = problem::read(status, body.to_string().as_bytes());
    assert_eq!(told.detail, "Agentic container error: Approval request not found");

    let half = json!({"action_id": "x"});
    let (status, body) = owner.call(Method::POST, &format!("{}/add", actions(&pipeline)), Some(&half)).await;
    let told = problem::read(status, body.to_string().as_bytes());
    assert_eq!(status, 422);
    assert!(told.detail.contains("risk_level: Field is needed"), "{}", told.detail);
}

#[tokio::test]
async fn the_registry_is_read_by_the_decoder_and_shows_an_edit() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let before = owner.get(&actions(&pipeline)).await.1;
    let (entries, bad) = decode::entries(&before.to_string()).unwrap();
    assert_eq!((before["total"].as_u64(), entries.len(), bad), (Some(4), 4, 0));
    platform.edit_action(&domain::PipelineId(pipeline.clone()), &"drain".into(), |entry| {
        entry["execution"]["endpoint"] = json!("/ops/wipe");
    });
    let after = owner.get(&actions(&pipeline)).await.1;
    assert_eq!(after["actions"][0]["execution"]["endpoint"], "/ops/wipe");
    assert_ne!(before, after);
}

#[tokio::test]
async fn trap_mappings_want_a_description_and_some_keys_cannot_be_read_back() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let path = mappings(&pipeline);
    let bare = json!({"error": "SlotLeak", "actions": ["look"]});
    assert_eq!(owner.call(Method::POST, &path, Some(&bare)).await.0, 422);
    for error in ["SlotLeak", "a/b?c%"] {
        let whole = json!({"error": error, "actions": ["look"], "description": "Slots are not given back"});
        let (status, body) = owner.call(Method::POST, &path, Some(&whole)).await;
        assert_eq!((status, body), (200, whole));
    }
    assert_eq!(owner.get(&path).await.1.as_array().map(Vec::len), Some(2));

    let odd = format!("{path}/{}", protocol::path::segment("a/b?c%"));
    assert_eq!(owner.get(&odd).await.0, 404);
    assert_eq!(owner.call(Method::DELETE, &odd, None).await.0, 404);
    let plain = format!("{path}/SlotLeak");
    assert_eq!(owner.get(&plain).await.1["actions"], json!(["look"]));
    assert_eq!(owner.call(Method::DELETE, &plain, None).await.0, 200);
    let (status, body) = owner.get(&plain).await;
    let none =
        json!({"detail": r#"Pipeline container error: {"detail":"No mapping found for error: SlotLeak"}"#});
    assert_eq!((status, body), (404, none));
}

#[tokio::test]
async fn lists_give_the_documents_of_the_frames_with_plain_ids_and_zoneless_times() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let id = domain::PipelineId(pipeline.clone());
    let request = platform.raise(&id, "no slot", 0.4, &["look", "drain"]);
    platform.notice(&id, "Shall it go on?", "Says an agent.");
    platform.log(&id, "info", "watching");
    platform.root_cause(&id, "Slots leak", "Nobody gives them back.");

    let body = owner.get("/overview/notifications?skip=0&limit=10").await.1;
    assert_eq!((&body["count"], &body["data"]), (&json!(2), &body["notifications"]));
    assert_eq!(body["data"][0]["remediation_metadata"]["request_id"], json!(request));
    assert_eq!(body["data"][0]["pipeline_id"], "runbook-system");
    assert_eq!(body["data"][1]["remediation_metadata"], Value::Null);
    assert_eq!(owner.get("/overview/notifications?skip=1&limit=1").await.1["count"], 1);

    let log = owner.get("/overview/logs?skip=0&limit=2").await.1["data"][0].clone();
    assert_eq!(log["pipeline_id"], json!(pipeline));
    assert_eq!(log["_id"].as_str().map(str::len), Some(24));
    assert!(!log["timestamp"].as_str().unwrap().contains(['Z', '+']));
    let cause = owner.get("/rca/rca_events?limit=1").await.1["data"][0].clone();
    assert!(cause["triggered_at"].is_string() && cause["timestamp"].is_null());
}

#[tokio::test]
async fn a_discovery_registers_what_a_document_describes() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let path = format!("/agentic/{pipeline}/runbook/discover/swagger");
    let empty = json!({"swagger_doc": {"openapi": "3.0.0", "paths": {}}, "service_name": "ledger"});
    let (status, body) = owner.call(Method::POST, &path, Some(&empty)).await;
    assert_eq!((status, &body["status"], &body["actions"]), (200, &json!("completed"), &json!([])));
    let some = json!({"swagger_doc": {"paths": {"/flush": {"post": {}}}}, "service_name": "ledger"});
    assert_eq!(owner.call(Method::POST, &path, Some(&some)).await.1["actions_discovered"], 1);
    assert_eq!(owner.get(&actions(&pipeline)).await.1["total"], 5);
}

#[tokio::test]
async fn every_request_is_counted_by_route_even_where_something_else_answers() {
    let (platform, pipeline) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    owner.get(&actions(&pipeline)).await;
    owner.get("/health").await;
    assert_eq!(platform.count(Route::Login), 1);
    assert_eq!((platform.count(Route::Actions), platform.count(Route::Health)), (1, 1));
    assert_eq!(platform.count(Route::Approve), 0);

    platform.answer_instead(Route::Me, Instead::redirect("http://portal.test/"));
    assert_eq!(owner.get("/auth/me").await.0, 302);
    platform.answer_itself(Route::Me);
    assert_eq!(owner.get("/auth/me").await.0, 200);
    assert_eq!(platform.count(Route::Me), 2);
}

#[tokio::test]
async fn it_goes_away_and_comes_back_at_the_same_address() {
    let (platform, _) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    platform.go_down().await;
    assert!(owner.try_call(Method::GET, "/auth/me", None).await.is_err());
    platform.come_back().await;
    assert_eq!(owner.get("/auth/me").await.0, 200);
}
