//! A decision on the wire: sent once, under one key, and never taken for done or undone without an answer.

use crate::server::{Reply, Request, Server, json, ok, our_health, problem};
use client::{Decide, Dialect, Failure, Gateway, SessionSecret, system};
use domain::{DecisionId, Digest, Entropy, Point, Verdict};
use serde_json::json;

const APPROVE: &str = "POST /agentic/p-1/runbook/remediate/approve";

fn decision(verdict: Verdict) -> Decide {
    Decide {
        decision: DecisionId(system::SystemEntropy.uuid()),
        request: "r-1".into(),
        point: Point::Request,
        verdict,
        digest: Digest("sha-256:ab".into()),
        identity: "ann@example.com".into(),
    }
}

fn signed_in(server: &Server, dialect: Dialect) -> Gateway {
    let gateway = server.gateway(Some(dialect));
    let session = json!({"dialect":dialect,"access":"a-old","refresh":"r-old"}).to_string();
    assert!(gateway.restore(&SessionSecret::new(session)));
    gateway
}

/// A gateway of ours that answers the decision like that.
async fn ours(approve: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request, before| match request.line.as_str() {
        "GET /health" => our_health(),
        "POST /auth/refresh" => ok(json!({"access_token":"a-new","refresh_token":"r-new"})),
        _ => approve(request, before),
    })
    .await
}

async fn platform(approve: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request, before| match request.line.as_str() {
        "GET /health" => ok(json!({"status":"healthy"})),
        _ => approve(request, before),
    })
    .await
}

#[tokio::test]
async fn rule_1_and_3_key_digest_and_preference_travel_with_the_decision() {
    let server = ours(|_, _| json(202, json!({"status":"executing","request_id":"r-1"}))).await;
    let decide = decision(Verdict::Approve);
    let taken = signed_in(&server, Dialect::Holdpoint).decide(&"p-1".into(), &decide).await.expect("taken");
    assert_eq!((taken.status, taken.response.request_id), (202, Some("r-1".into())));
    let sent = &server.seen(APPROVE)[0];
    assert_eq!(sent.header("idempotency-key"), Some(format!("\"{}\"", decide.decision).as_str()));
    assert_eq!(sent.header("prefer"), Some("respond-async"));
    assert_eq!(sent.json(), json!({"request_id":"r-1","approved":true,"shown_digest":"sha-256:ab"}));
}

#[tokio::test]
async fn f21_a_lost_answer_is_unclear_and_the_decision_is_not_repeated_by_itself() {
    let server = ours(|_, _| Reply::Drop).await;
    let gateway = signed_in(&server, Dialect::Holdpoint);
    let failure = gateway.decide(&"p-1".into(), &decision(Verdict::Approve)).await.expect_err("lost");
    assert!(matches!(failure, Failure::Unclear { .. }) && failure.leaves_unclear(), "{failure:?}");
    assert_eq!(server.seen(APPROVE).len(), 1);
}

#[tokio::test]
async fn f33_an_answer_that_does_not_come_in_time_is_unclear() {
    let server = ours(|_, _| Reply::Hang).await;
    let mut settings = server.settings();
    settings.timeouts.decide_ms = 50;
    let gateway = Gateway::new(settings).expect("a client");
    gateway.restore(&SessionSecret::new(r#"{"dialect":"holdpoint","access":"a","refresh":"r"}"#));
    let failure = gateway.decide(&"p-1".into(), &decision(Verdict::Approve)).await.expect_err("late");
    assert!(failure.leaves_unclear(), "{failure:?}");
    assert_eq!(server.seen(APPROVE).len(), 1);
}

#[tokio::test]
async fn rule_5_a_closed_port_means_that_nothing_was_sent() {
    let server = ours(|_, _| Reply::Drop).await;
    let gateway = signed_in(&server, Dialect::Holdpoint);
    let mut settings = server.settings();
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    settings.origin =
        format!("127.0.0.1:{}", free.local_addr().expect("bound").port()).parse().expect("origin");
    drop(free);
    let nobody = Gateway::new(settings).expect("a client");
    nobody.restore(&gateway.session().expect("a session"));
    let failure = nobody.decide(&"p-1".into(), &decision(Verdict::Approve)).await.expect_err("nobody");
    assert!(matches!(failure, Failure::NotSent { .. }) && !failure.leaves_unclear(), "{failure:?}");
    assert!(failure.is_unreachable());
}

#[tokio::test]
async fn f45_a_decision_whose_session_ended_keeps_its_key() {
    let server = ours(|request, _| match request.bearer() {
        "a-new" => json(202, json!({"status":"executing"})),
        _ => problem("unauthorized", 401),
    })
    .await;
    let gateway = signed_in(&server, Dialect::Holdpoint);
    gateway.decide(&"p-1".into(), &decision(Verdict::Approve)).await.expect("taken");
    let sent = server.seen(APPROVE);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].header("idempotency-key"), sent[1].header("idempotency-key"));
    assert_eq!(sent[0].body, sent[1].body);
}

#[tokio::test]
async fn f24_a_conflict_names_who_decided() {
    let server = ours(|_, _| {
        json(
            409,
            json!({
                "type":"https://holdpoint.dev/problems/already-decided","status":409,
                "detail":"Decided.","by":"bob@example.com","verdict":"reject"
            }),
        )
    })
    .await;
    let gateway = signed_in(&server, Dialect::Holdpoint);
    let reject = Verdict::Reject { reason: "not now".into() };
    let failure = gateway.decide(&"p-1".into(), &decision(reject)).await.expect_err("too late");
    let Failure::Told { told, .. } = &failure else { panic!("{failure:?}") };
    assert_eq!(told.extra["by"], "bob@example.com");
    assert_eq!((failure.code(), failure.leaves_unclear()), ("already-decided", false));
}

#[tokio::test]
async fn the_platform_that_says_500_without_a_reason_may_go_on_executing() {
    for body in ["", r#"{"detail":"Failed to reach agentic container: "}"#] {
        let server = platform(move |_, _| Reply::Answer(500, vec![], body.into())).await;
        let gateway = signed_in(&server, Dialect::Platform);
        let failure = gateway.decide(&"p-1".into(), &decision(Verdict::Approve)).await.expect_err("unclear");
        assert!(matches!(failure, Failure::Unclear { .. }), "{failure:?}");
        let sent = server.seen(APPROVE);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].header("idempotency-key"), None);
        assert_eq!(
            sent[0].json(),
            json!({"request_id":"r-1","approved":true,"approved_by":"ann@example.com"})
        );
    }
}

#[tokio::test]
async fn what_the_platform_cannot_do_is_refused_before_anything_is_sent() {
    let server = platform(|_, _| Reply::Drop).await;
    let gateway = signed_in(&server, Dialect::Platform);
    let stop = Verdict::Stop { reason: "enough".into() };
    let failure = gateway.decide(&"p-1".into(), &decision(stop)).await.expect_err("refused");
    assert!(matches!(failure, Failure::NotOffered { .. }));
    assert_eq!(server.lines(), ["GET /health"]);
}
