//! A wrong address, and servers that are no gateway: a clear sentence, the right exit code, nothing given away.

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::sync::{Arc, Mutex};
use support::account::PASSWORD;
use support::serve::Serving;
use support::stage::{OWNER, STUCK, Stage};
use support::{Finished, Home, Proxy, Run, Seat};

/// A server that answers everything alike and keeps what it was sent.
struct Alien {
    serving: Serving,
    heard: Arc<Mutex<String>>,
}

impl Alien {
    async fn start(status: StatusCode, kind: &'static str, body: &'static str) -> Self {
        let heard = Arc::new(Mutex::new(String::new()));
        let keep = heard.clone();
        let answer = move |request: Request| {
            let keep = keep.clone();
            async move {
                let (head, body_sent) = request.into_parts();
                let bytes = axum::body::to_bytes(body_sent, 1 << 20).await.unwrap_or_default();
                let sent = format!(
                    "{} {} {:?} {}\n",
                    head.method,
                    head.uri,
                    head.headers,
                    String::from_utf8_lossy(&bytes)
                );
                keep.lock().unwrap().push_str(&sent);
                (status, [(header::CONTENT_TYPE, kind)], body).into_response()
            }
        };
        Self { serving: Serving::start(Router::new().fallback(answer)).await, heard }
    }

    fn seat(&self) -> Seat {
        Seat::new(&self.serving.origin(), OWNER)
    }

    fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

/// Refused with a sentence, and without a trace of the program's insides.
fn is_clear(ended: &Finished, codes: &[i32]) -> String {
    assert!(ended.code.is_some_and(|code| codes.contains(&code)), "{ended:?}");
    let (_, message) = ended.error();
    for inside in ["panicked", "unwrap", "Error(", "Err(", "None", "serde", "hyper", "reqwest", "sqlx"] {
        assert!(!message.contains(inside), "\"{inside}\" tells a person nothing: {message}");
    }
    assert!(message.ends_with(['.', ')', '?']) || message.contains(' '), "{message}");
    message
}

#[tokio::test]
async fn an_address_where_nobody_listens_ends_with_5() {
    let seat = Seat::new("http://127.0.0.1:1", OWNER);
    for args in [
        ["--json", "login"].as_slice(),
        &["--json", "show", "APR-1"],
        &["--json", "approve", "APR-1", "--yes"],
        &["--json", "reject", "APR-1", "--reason", "not now"],
    ] {
        let message = is_clear(&seat.run(args.iter().copied()).await, &[5]);
        assert!(message.contains("reach"), "{message}");
    }
    seat.ends(5, ["pending"]).await;
    let status = seat.ends(5, ["--json", "status"]).await.json();
    assert_eq!(status["connection"]["state"], "stale", "{status}");
    seat.ends(5, ["doctor"]).await;
}

#[tokio::test]
async fn what_is_no_address_is_a_usage_error() {
    let home = Home::new();
    for wrong in [
        "",
        "not an address",
        "http://",
        "ftp://127.0.0.1/",
        "http://user:pass@127.0.0.1:8081",
        "http:///x",
        "://",
    ] {
        let run = Run::holdctl(&home).env("HOLDPOINT_EMAIL", OWNER).env("HOLDPOINT_PASSWORD", PASSWORD);
        let ended = run.args(["--json", "--gateway", wrong, "pending"]).output().await;
        is_clear(&ended, &[2]);
    }
}

#[tokio::test]
async fn plain_http_is_for_loopback_only() {
    for far in [
        "http://gateway.example.test",
        "http://192.0.2.7:8081",
        "http://127.0.0.1.example.test",
        "http://[2001:db8::1]:80",
    ] {
        let seat = Seat::new(far, OWNER);
        let message = is_clear(&seat.run(["--json", "pending"]).await, &[1, 2]);
        assert!(message.contains("https"), "what to do next: {message}");
    }
}

#[tokio::test]
async fn f4_a_page_where_the_gateway_should_be_gets_no_password() {
    let page = "<!doctype html><title>Wi-Fi</title><h1>Please accept the terms</h1>";
    for status in [StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::BAD_GATEWAY] {
        let alien = Alien::start(status, "text/html; charset=utf-8", page).await;
        let seat = alien.seat();
        for args in [
            ["--json", "login"].as_slice(),
            &["--json", "show", "APR-1"],
            &["--json", "approve", "APR-1", "--yes"],
        ] {
            is_clear(&seat.run(args.iter().copied()).await, &[1, 5]);
        }
        let heard = alien.heard();
        assert!(!heard.is_empty());
        for word in ["correct", "horse", OWNER, "authorization", "cookie"] {
            assert!(!heard.contains(word), "{status}: the page was given \"{word}\": {heard}");
        }
    }
}

#[tokio::test]
async fn f4_a_redirect_where_the_gateway_should_be_is_not_followed_with_a_password() {
    let elsewhere = Alien::start(StatusCode::OK, "application/json", "{}").await;
    let target = elsewhere.serving.origin();
    let answer = move || {
        let to = format!("{target}/portal");
        async move { (StatusCode::FOUND, [(header::LOCATION, to)], "").into_response() }
    };
    let portal = Serving::start(Router::new().fallback(answer)).await;
    let seat = Seat::new(&portal.origin(), OWNER);
    is_clear(&seat.run(["--json", "login"]).await, &[1, 5]);
    let heard = elsewhere.heard();
    assert!(!heard.contains("correct") && !heard.contains(OWNER), "{heard}");
}

#[tokio::test]
async fn a_json_server_that_is_no_gateway_is_told_as_such() {
    for body in [
        "{}",
        "[]",
        "null",
        "7",
        "{\"status\":\"ok\"}",
        "{\"service\":\"holdpoint-gateway\",\"protocol\":99}",
    ] {
        let alien = Alien::start(StatusCode::OK, "application/json", body).await;
        let seat = alien.seat();
        for args in [
            ["--json", "login"].as_slice(),
            &["--json", "pending"],
            &["--json", "watch", "--for", "5"],
            &["--json", "approve", "APR-1", "--yes"],
        ] {
            let ended = seat.run(args.iter().copied()).await;
            is_clear(&ended, &[1, 5, 6]);
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_or_hangs_up_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let hanging_up = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            drop(socket);
        }
    });
    let seat = Seat::new(&origin, OWNER);
    is_clear(&seat.run(["--json", "login"]).await, &[5]);
    is_clear(&seat.run(["--json", "approve", "APR-1", "--yes"]).await, &[5]);
    hanging_up.abort();
}

#[tokio::test]
async fn a_gateway_that_changes_its_protocol_is_refused_and_never_downgraded() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let seat = Seat::new(&proxy.origin(), OWNER);
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    proxy.replace("\"holdpoint-gateway\"", "\"holdpoint-gatewaY\"");
    let before = proxy.sent().len();
    let message = is_clear(&seat.run(["--json", "approve", &id, "--yes"]).await, &[1]);
    assert!(message.contains("protocol"), "{message}");
    assert!(!proxy.sent()[before..].contains("password"), "it was given the password first");
    assert!(stage.target.calls().is_empty());
}
