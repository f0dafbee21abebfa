//! Reads: repeated when the connection breaks, joined where the platform tells half, honest about what is missing.

use crate::server::{Reply, Server, json, ok, our_health, problem};
use client::{Dialect, Failure, Gateway, Rights, SessionSecret};
use domain::{Effect, Status};
use serde_json::{Value, json};

fn signed_in(gateway: Gateway, dialect: Dialect) -> Gateway {
    let session = json!({"dialect":dialect,"access":"a","refresh":"r"}).to_string();
    assert!(gateway.restore(&SessionSecret::new(session)));
    gateway
}

fn raw_approval(id: &str) -> Value {
    json!({
        "request_id":id,"error_message":"queue stuck","action_ids":["drain"],"status":"pending",
        "execution_state":{"drain":{"requires_approval":false,"approved":false,"executed":false,"success":null}},
        "created_at":"2026-11-20T08:46:12.670039","pending_approval_actions":[]
    })
}

/// A platform with four pipelines: one runs, one is stopped, one is another's, one never was.
fn four_pipelines(line: &str) -> Reply {
    match line {
        "GET /health" => ok(json!({"status":"healthy"})),
        "GET /version/retrieve_all?skip=0&limit=100" => ok(json!({"status":"success","count":2,"data":[
            {"_id":"runs","name":"Orders","status":"Running","owner_ids":["1"]},
            {"_id":"stopped","name":"Mail","status":"Stopped","viewer_ids":["1"]}
        ]})),
        "GET /auth/me" => ok(json!({"id":"1","email":"ann@example.com","role":"user"})),
        "GET /agentic/runs/runbook/approvals/pending" => {
            ok(json!({"status":"success","pending_approvals":[raw_approval("APR-1"), {"odd":1}],"count":2}))
        }
        "GET /agentic/runs/runbook/actions" => ok(json!([
            {"action_id":"drain","service":"queue","risk_level":"medium","validated":true,"weight":1.50}
        ])),
        "GET /agentic/runs/runbook/approvals/APR-1" => {
            ok(json!({"status":"success","approval_request":raw_approval("APR-1")}))
        }
        "GET /agentic/runs/runbook/approvals/APR-2" => {
            json(404, json!({"detail":"Agentic container error: {\"detail\":\"No such request\"}"}))
        }
        line if line.contains("/stopped/") => {
            json(404, json!({"detail":"Workflow not found or agentic container not running"}))
        }
        line if line.contains("/alien/") => {
            json(403, json!({"detail":"You are not allowed to access this workflow"}))
        }
        _ => json(503, json!({"detail":"Database connection error: 'x' is not a valid ObjectId"})),
    }
}

async fn platform() -> (Server, Gateway) {
    let server = Server::start(|request, _| four_pipelines(&request.line)).await;
    let mut settings = server.settings();
    settings.pipelines_by_hand = vec!["alien".into(), "never".into(), "runs".into()];
    let gateway = signed_in(Gateway::new(settings).expect("a client"), Dialect::Platform);
    (server, gateway)
}

#[tokio::test]
async fn pending_lists_are_joined_with_the_registry_and_what_is_missing_is_named() {
    let (_server, gateway) = platform().await;
    let set = gateway.open_approvals().await.expect("a set");
    assert_eq!((set.approvals.len(), set.unreadable, set.cursor.is_none()), (1, 1, true));
    let approval = &set.approvals[0];
    assert_eq!((approval.pipeline_id.as_str(), &approval.status), ("runs", &Status::Pending));
    assert_eq!(approval.created_at, None);
    let Effect::Known(effect) = &approval.actions[0].effect else { panic!("{approval:?}") };
    let effect = serde_json::to_value(effect).expect("json");
    assert_eq!(effect["entry"]["weight"], json!({"n":"1.5"}));
    let left_out: Vec<&str> = set.left_out.iter().map(|one| one.pipeline.as_str()).collect();
    assert_eq!(left_out, ["alien", "never"]);
}

#[tokio::test]
async fn a_request_is_found_in_whichever_pipeline_has_it_and_nowhere_is_none() {
    let (_server, gateway) = platform().await;
    let found = gateway.approval(None, &"APR-1".into()).await.expect("asked").expect("found");
    assert_eq!(found.pipeline_id.as_str(), "runs");
    assert_eq!(gateway.approval(None, &"APR-2".into()).await, Ok(None));
    assert_eq!(gateway.approval(Some(&"stopped".into()), &"APR-1".into()).await, Ok(None));
    let denied = gateway.approval(Some(&"alien".into()), &"APR-1".into()).await.expect_err("denied");
    assert!(denied.is_not_allowed());
}

#[tokio::test]
async fn pipelines_come_with_rights_and_those_entered_by_hand() {
    let (_server, gateway) = platform().await;
    let pipelines = gateway.pipelines().await.expect("listed");
    let told: Vec<(&str, Rights)> = pipelines.iter().map(|one| (one.id.as_str(), one.may)).collect();
    assert_eq!(
        told,
        [
            ("runs", Rights::Decide),
            ("stopped", Rights::Look),
            ("alien", Rights::Untold),
            ("never", Rights::Untold)
        ]
    );
}

#[tokio::test]
async fn a_pipeline_that_cannot_be_asked_makes_no_set_and_no_nowhere() {
    let server = Server::start(|request, _| match request.line.as_str() {
        line if line.contains("/stopped/") => Reply::Answer(502, vec![], "<html>bad gateway</html>".into()),
        line => four_pipelines(line),
    })
    .await;
    let gateway = signed_in(server.gateway(Some(Dialect::Platform)), Dialect::Platform);
    assert!(gateway.open_approvals().await.is_err());
    assert!(gateway.approval(None, &"APR-2".into()).await.is_err());
}

#[tokio::test]
async fn f1_a_read_whose_connection_breaks_is_sent_up_to_twice_more() {
    let server = Server::start(|request, before| match request.line.as_str() {
        "GET /health" => our_health(),
        _ if before < 2 => Reply::Drop,
        _ => ok(json!({"actions":[{"action_id":"a"}],"total":1})),
    })
    .await;
    let gateway = signed_in(server.gateway(None), Dialect::Holdpoint);
    assert_eq!(gateway.actions(&"p".into()).await.expect("read").len(), 1);
    assert_eq!(server.seen("GET /agentic/p/runbook/actions").len(), 3);
}

#[tokio::test]
async fn f29_a_refusal_is_not_repeated_and_its_wish_is_kept() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        _ => Reply::Answer(429, vec!["Retry-After: 120".into()], "slow down".into()),
    })
    .await;
    let gateway = signed_in(server.gateway(None), Dialect::Holdpoint);
    let failure = gateway.mappings(&"p".into()).await.expect_err("refused");
    assert_eq!(failure.retry_after_ms(), Some(120_000));
    assert_eq!(server.seen("GET /action/p/error-registry/mappings").len(), 1);
}

#[tokio::test]
async fn a_snapshot_tells_its_place_and_an_unreadable_request_hides_no_other() {
    let approval = json!({
        "request_id":"r-1","pipeline_id":"p","revision":1,"mode":"request","error_message":"x",
        "action_ids":[],"actions":[],"status":"pending"
    });
    let snapshot =
        json!({"epoch":"e","as_of_seq":9,"approvals":[approval,{"request_id":5}],"audit_head":"h"});
    let server = Server::start(move |request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        "GET /snapshot" => ok(snapshot.clone()),
        _ => problem("not-found", 404),
    })
    .await;
    let gateway = signed_in(server.gateway(None), Dialect::Holdpoint);
    let set = gateway.open_approvals().await.expect("a set");
    assert_eq!((set.approvals.len(), set.unreadable), (1, 1));
    assert_eq!(set.cursor.map(|cursor| cursor.seq), Some(9));
    assert_eq!(gateway.approval(Some(&"p".into()), &"r-9".into()).await, Ok(None));
}

#[tokio::test]
async fn an_id_that_would_change_the_path_is_not_sent() {
    let server = Server::start(|_, _| our_health()).await;
    let gateway = signed_in(server.gateway(None), Dialect::Holdpoint);
    for id in ["..", ".", ""] {
        let failure = gateway.actions(&id.into()).await.expect_err("refused");
        assert!(matches!(failure, Failure::BadId { .. }), "{id}");
    }
    assert_eq!(server.lines(), ["GET /health"]);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        _ => ok(json!("x".repeat(33 * 1024 * 1024))),
    })
    .await;
    let gateway = signed_in(server.gateway(None), Dialect::Holdpoint);
    let failure = gateway.mappings(&"p".into()).await.expect_err("too large");
    assert!(matches!(failure, Failure::TooLarge { .. }), "{failure:?}");
}
