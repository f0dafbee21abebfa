//! Every fixture decodes into the values the rest of the program works with.

use crate::fixture;
use domain::approval::Mode;
use domain::registry::{ErrorMapping, RemediationResponse, RemediationStatus};
use domain::{Effect, Outcome, Risk, Status};
use protocol::frame::{self, ServerFrame};
use protocol::platform::{self, Document, Entry, RawApproval};
use protocol::problem::{self, Form};
use protocol::rest::{DiscoveryResponse, User};
use serde::Deserialize;
use serde_json::Value;

fn body(name: &str) -> Value {
    fixture::content(&fixture::named(name)).clone()
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    serde_json::from_value(body(name)).expect(name)
}

fn registry() -> Vec<Entry> {
    let (entries, bad) = platform::entries(&body("rest_actions").to_string()).expect("a registry");
    assert_eq!(bad, 0);
    entries
}

fn documents(name: &str) -> Vec<Document> {
    let frames = body(name);
    let decode = |frame: &Value| match frame::decode(&frame.to_string()) {
        Ok(ServerFrame::Document(document)) => Some(*document),
        _ => None,
    };
    let read: Option<Vec<Document>> = frames.as_array().expect(name).iter().map(decode).collect();
    read.expect(name)
}

#[test]
fn every_error_of_the_platform_becomes_a_sentence() {
    let mut seen = 0;
    for (name, fixture) in fixture::all() {
        let status = fixture["status"].as_u64().unwrap_or(200) as u16;
        if status < 400 {
            continue;
        }
        let told = problem::read(status, fixture["body"].to_string().as_bytes());
        assert_eq!((told.status, told.form), (status, Form::Gateway), "{name}");
        // What is JSON was unwrapped; what only looks like it was quoted.
        assert!(!told.detail.contains('"'), "{name}: {}", told.detail);
        seen += 1;
    }
    assert_eq!(seen, 8);
}

#[test]
fn every_frame_is_a_document_and_only_alerts_with_metadata_are_about_a_request() {
    let mut about = Vec::new();
    for (name, _) in fixture::all().iter().filter(|(name, _)| name.starts_with("ws_")) {
        for document in documents(name) {
            assert!(document.id.is_some() && document.at.is_some(), "{name}");
            assert!(["notification", "log", "rca"].contains(&document.message_type.as_str()), "{name}");
            about.extend(document.request.map(|request| (request, document.pipeline)));
        }
    }
    let requests: Vec<&str> = about.iter().map(|(request, _)| request.as_str()).collect();
    assert_eq!(requests, ["APR-0a1b2c3d4e5f", "APR-77d0c0ffee77", "APR-9badcafe0042", "APR-0a1b2c3d4e5f"]);
    assert!(about.iter().all(|(_, pipeline)| pipeline.is_none()));
}

#[test]
fn the_same_document_is_the_same_over_rest_and_socket() {
    let frames = documents("ws_alert_log_rca_notification");
    let log = frames.iter().find(|document| document.message_type == "log").expect("a log");
    let rest = Document::read(body("rest_logs")["data"][0].clone());
    assert_eq!((&rest.id, rest.at, &rest.pipeline), (&log.id, log.at, &log.pipeline));
}

#[test]
fn a_pending_request_is_joined_with_its_registry() {
    let bytes = body("rest_pending").to_string();
    let (raw, bad) = platform::list::<RawApproval>(bytes.as_bytes(), &["pending_approvals"]).expect("a list");
    assert_eq!((raw.len(), bad), (1, 0));
    let approval = raw[0].clone().join(&"p".into(), &registry());
    assert_eq!((&approval.status, approval.mode), (&Status::Pending, Mode::Request));
    assert_eq!(approval.created_at, None, "a local time nobody told the zone of");
    assert_eq!(approval.actions.len(), 2);
    assert_eq!(approval.actions[1].action.risk_level, Risk::Medium);
    let effect = approval.actions[0].effect.to_value();
    assert!(matches!(approval.actions[0].effect, Effect::Known(_)));
    assert_eq!(effect["entry"]["action_metadata"]["timeout"]["n"], "5");
    let single: RawApproval =
        serde_json::from_value(body("rest_approval_single")["approval_request"].clone())
            .expect("the same by its own route");
    let single = single.join(&"p".into(), &registry());
    assert_eq!(single.computed_digest(), approval.computed_digest());
}

#[test]
fn rule_3_a_changed_registry_entry_changes_the_digest() {
    let raw: RawApproval = serde_json::from_value(body("rest_approval_single")["approval_request"].clone())
        .expect("an approval");
    let before = raw.clone().join(&"p".into(), &registry()).computed_digest();
    let text = body("rest_actions").to_string().replace("/consumers/restart", "/consumers/restarT");
    let (edited, _) = platform::entries(&text).expect("a registry");
    assert_ne!(raw.join(&"p".into(), &edited).computed_digest(), before);
}

#[test]
fn answers_to_a_decision_are_read_whatever_they_leave_out() {
    let executed: RemediationResponse = read("rest_approve_executed");
    assert_eq!(executed.status, RemediationStatus::Executed);
    let results = executed.execution_results.expect("results");
    assert!(results.iter().all(|result| result.outcome() == Outcome::Succeeded));
    let paused: RemediationResponse = read("rest_approve_paused");
    assert_eq!(paused.status, RemediationStatus::ActionApprovalRequired);
    let rejected: RemediationResponse = read("rest_reject");
    assert_eq!(rejected.status, RemediationStatus::Rejected);
    assert_eq!(rejected.extra["rejected_by"], "ann@example.com");
}

#[test]
fn the_rest_of_the_platform_is_read_too() {
    assert_eq!(read::<User>("rest_me").email, "ann@example.com");
    assert_eq!(read::<Vec<ErrorMapping>>("rest_mapping_list").len(), 1);
    assert_eq!(read::<ErrorMapping>("rest_mapping_add").actions.len(), 2);
    assert_eq!(read::<DiscoveryResponse>("rest_discovery_empty").actions_discovered, 0);
    for (name, count) in [("rest_logs", 1), ("rest_notifications", 2), ("rest_rca", 1)] {
        let bytes = body(name).to_string();
        let (items, bad) = platform::list::<Value>(bytes.as_bytes(), &["data"]).expect(name);
        assert_eq!((items.len(), bad), (count, 0), "{name}");
        assert!(items.into_iter().all(|item| Document::read(item).at.is_some()), "{name}");
    }
}

#[test]
fn an_unreadable_member_of_a_snapshot_or_page_hides_no_other() {
    let event = serde_json::json!({"event":"log","seq":2,"topic":"p","data":{}});
    let page = serde_json::json!({"epoch":"e","head_seq":2,"events":[event, {"seq":"three"}]}).to_string();
    let (page, bad) = protocol::rest::read_events(page.as_bytes()).expect("a page");
    assert_eq!((page.events.len(), bad), (1, 1));
    let snapshot = r#"{"epoch":"e","as_of_seq":1,"approvals":[{"request_id":1}]}"#;
    let (snapshot, bad) = protocol::rest::read_snapshot(snapshot.as_bytes()).expect("a snapshot");
    assert_eq!((snapshot.approvals.len(), bad), (0, 1));
    assert!(protocol::rest::read_events(b"[]").is_err());
}
