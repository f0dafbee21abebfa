//! Signing in to the platform: form and cookies, silent renewal, and what happens when that is refused (CONTRACT 3,
//! F45, F46, A17, rule 13).

use crate::platform_desk::{Answer, Desk, LINE, lines};
use crate::support_caller::{OWNER, PASSWORD};
use serde_json::{Value, json};
use std::path::Path;
use support::platform::{Close, Instead, Route};
use support::{Stream, eventually};

/// Every byte below a directory.
fn contents(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else if path.is_file() {
            all.extend(std::fs::read(&path).unwrap());
        }
    }
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn it_signs_in_with_a_form_and_goes_on_with_cookies() {
    let desk = Desk::open().await;
    let done = desk.ask(["login"]).await.done();
    assert_eq!((&done["email"], &done["gateway"]), (&json!(OWNER), &json!(desk.platform.origin())));
    desk.pending().await;

    let login = &desk.platform.received(Route::Login)[0];
    assert_eq!(login.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(login.body.contains("username=nadia%40ledger.test"), "{}", login.body);
    let health = desk.platform.received(Route::Health);
    assert!(!health.is_empty(), "what it is was asked before anything secret was sent");
    assert!(health.iter().all(|call| call.header("cookie").is_none()));
    for call in desk.platform.received(Route::Pending) {
        assert!(call.header("cookie").is_some_and(|cookie| cookie.contains("access_token=")));
        assert!(!call.header("cookie").is_some_and(|cookie| cookie.contains("refresh_token=")));
        assert_eq!(call.header("authorization"), None);
    }
}

#[tokio::test]
async fn a_wrong_password_ends_with_6_and_is_tried_once() {
    let desk = Desk::open().await;
    let wrong = desk.without_password(["pending"]).env("HOLDPOINT_PASSWORD", "wrong");
    let answer = Answer::read(&wrong.output().await);
    assert!(answer.refused(6).contains("password"), "{answer:?}");
    assert_eq!(desk.platform.count(Route::Login), 1);
}

#[tokio::test]
async fn nobody_signed_in_ends_with_6_and_says_how_to() {
    let desk = Desk::open().await;
    let answer = Answer::read(&desk.without_password(["pending"]).output().await);
    assert!(answer.refused(6).contains("holdctl login"), "{answer:?}");
    assert_eq!(desk.platform.count(Route::Login), 0);
}

#[tokio::test]
async fn the_password_may_come_from_standard_input_and_the_session_is_shared() {
    let desk = Desk::open().await;
    let _watch = desk.watch().await;
    let login = desk.without_password(["login", "--password-stdin"]).input(format!("{PASSWORD}\n"));
    Answer::read(&login.output().await).done();
    let logins = desk.platform.count(Route::Login);
    let request = desk.raise(0.41, &["look"]);
    let listed = Answer::read(&desk.without_password(["pending"]).output().await).done();
    assert_eq!(listed["pending_approvals"][0]["request_id"], json!(request));
    assert_eq!(desk.platform.count(Route::Login), logins, "the running console is signed in");
}

#[tokio::test]
async fn f45_an_access_token_that_expired_is_renewed_in_silence_and_once() {
    let desk = Desk::open().await;
    let _watch = desk.watch().await;
    let request = desk.raise(0.41, &["look"]);
    let logins = desk.platform.count(Route::Login);
    desk.platform.expire_access_tokens();
    let listed = Answer::read(&desk.without_password(["pending"]).output().await).done();
    assert_eq!(listed["pending_approvals"][0]["request_id"], json!(request));
    assert_eq!((desk.platform.count(Route::Refresh), desk.platform.count(Route::Login)), (1, logins));
    let renewed = &desk.platform.received(Route::Refresh)[0];
    assert!(renewed.header("cookie").is_some_and(|cookie| cookie.contains("refresh_token=")));
}

#[tokio::test]
async fn f45_a_token_that_expires_before_the_decision_goes_out_costs_one_more_call_and_no_second_effect() {
    let desk = Desk::open().await;
    let _watch = desk.watch().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.expire_access_tokens();
    let approve = desk.without_password(["approve", request.as_str(), "--yes"]);
    Answer::read(&approve.output().await).done();
    assert_eq!(desk.platform.count(Route::Refresh), 1);
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn f45_a_token_that_expires_while_the_decision_runs_does_not_hide_its_outcome() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.hold("look");
    let approve = desk.run(["approve", request.as_str(), "--yes"]).spawn().await;
    desk.until(&request, "executing").await;
    desk.platform.expire_access_tokens();
    desk.platform.release("look");
    let done = Answer::read(&approve.finish().await).done();
    assert_eq!(done["status"], "executed");
    assert_eq!((desk.platform.count(Route::Approve), desk.platform.executed("look")), (1, 1));
    assert_eq!(desk.platform.count(Route::Refresh), 1);
}

#[tokio::test]
async fn f45_a_socket_that_is_refused_for_an_old_token_comes_back_live() {
    let desk = Desk::open().await;
    let watch = desk.watch().await;
    desk.platform.expire_access_tokens();
    desk.platform.close_sockets(Close::InvalidToken);
    desk.until_called(Route::Refresh, 1).await;
    eventually(LINE, async || (desk.platform.sockets() == 1).then_some(())).await;
    let state = || {
        let told = lines(&watch);
        let last = told.iter().rfind(|line| line["event"] == "connection");
        last.map(|line| line["data"]["state"].clone())
    };
    eventually(LINE, async || (state() == Some(json!("live"))).then_some(())).await;
    assert_eq!(desk.platform.count(Route::Login), 1);
}

#[tokio::test]
async fn f46_a_renewal_that_is_refused_ends_with_6_and_sends_nothing() {
    let desk = Desk::open().await;
    let mut watch = desk.watch().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.expire_access_tokens();
    desk.platform.revoke_refresh_tokens();
    let approve = desk.without_password(["approve", request.as_str(), "--yes"]);
    let answer = Answer::read(&approve.output().await);
    assert!(answer.refused(6).contains("sign in"), "{answer:?}");
    desk.nothing_was_sent();

    desk.platform.close_sockets(Close::InvalidToken);
    let needed = |line: &str| line.contains("\"sign_in_needed\"");
    watch.wait_for(Stream::Out, LINE, needed).await;
    // Whoever signs in again goes on where it stood.
    desk.ask(["login"]).await.done();
    desk.approve_as_shown(&request, &[]).await.done();
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn another_account_on_the_same_gateway_is_turned_away() {
    let desk = Desk::open().await;
    let _watch = desk.watch().await;
    let other = desk.without_password(["pending"]).env("HOLDPOINT_EMAIL", "vera@ledger.test");
    let answer = Answer::read(&other.env("HOLDPOINT_PASSWORD", PASSWORD).output().await);
    assert!(answer.refused(6).contains(OWNER), "{answer:?}");
}

#[tokio::test]
async fn f4_a_portal_gets_no_password_and_no_cookie() {
    let desk = Desk::open().await;
    desk.pending().await;
    let cookies =
        |route| desk.platform.received(route).iter().filter(|call| call.header("cookie").is_some()).count();
    let before = (desk.platform.count(Route::Login), cookies(Route::Health));
    desk.platform.answer_instead(Route::Health, Instead::redirect("http://portal.test/"));
    let answer = desk.ask(["pending"]).await;
    assert_eq!((answer.code, &answer.value["source"]), (5, &json!("cache")), "{answer:?}");
    assert_eq!((desk.platform.count(Route::Login), cookies(Route::Health)), before);
}

#[tokio::test]
async fn a_gateway_that_changed_its_protocol_is_refused_and_not_signed_in_to() {
    let desk = Desk::open().await;
    desk.pending().await;
    let logins = desk.platform.count(Route::Login);
    let ours = json!({"status": "ok", "service": "holdpoint-gateway", "protocol": 1});
    desk.platform.answer_instead(Route::Health, Instead::json(200, &ours));
    let answer = desk.ask(["pending"]).await;
    assert!(answer.refused(1).contains("protocol"), "{answer:?}");
    assert_eq!(desk.platform.count(Route::Login), logins);
}

#[tokio::test]
async fn rule_13_a17_no_token_and_no_password_is_found_in_any_file_or_output() {
    let desk = Desk::open().await;
    let watch = desk.watch().await;
    let request = desk.raise(0.41, &["look"]);
    desk.platform.expire_access_tokens();
    let shown = desk.run(["-v", "-v", "-v", "show", request.as_str()]).output().await;
    let approved = desk.run(["-v", "-v", "-v", "approve", request.as_str(), "--yes"]).output().await;
    assert_eq!((shown.code, approved.code), (Some(0), Some(0)));
    let watched = watch.terminate().await;
    let mut told = contents(&desk.home.data_dir());
    for ended in [shown, approved, watched] {
        told.extend(ended.stdout.into_bytes());
        told.extend(ended.stderr.into_bytes());
    }
    let tokens = desk.platform.issued_tokens();
    assert!(tokens.len() >= 3);
    for secret in tokens.iter().map(String::as_str).chain([PASSWORD]) {
        assert!(!holds(&told, secret), "{secret} was written down");
    }
    assert!(holds(&told, request.as_str()), "the search would find what is there");
}

#[tokio::test]
async fn status_tells_gateway_account_and_a_live_connection() {
    let desk = Desk::open().await;
    desk.raise(0.41, &["look"]);
    let status = desk.ask(["status"]).await.done();
    assert_eq!((&status["account"], &status["open"]), (&json!(OWNER), &json!(1)));
    assert_eq!(status["connection"]["state"], "live", "{status}");
    let doctor = desk.ask(["doctor"]).await.done();
    assert_eq!(doctor["ok"], json!(true), "{doctor}");
    let down: Value = {
        desk.platform.go_down().await;
        let answer = desk.ask(["status"]).await;
        assert_eq!(answer.code, 5, "{answer:?}");
        answer.value
    };
    assert_eq!(down["connection"]["state"], "stale", "{down}");
}
