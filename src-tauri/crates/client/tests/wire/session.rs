//! Sign-in, renewal and who gets to see which token.

use crate::server::{Reply, Request, Server, json, ok, our_health, problem};
use client::{Dialect, Failure, Password, SessionSecret};
use domain::connection::{RefusedBy, SignIn};
use serde_json::json;

/// A session of ours whose access token has ended.
fn old_session() -> SessionSecret {
    SessionSecret::new(json!({"dialect":"holdpoint","access":"a-old","refresh":"r-old"}).to_string())
}

fn tokens(access: &str, refresh: &str) -> Reply {
    ok(json!({"access_token":access,"refresh_token":refresh,"token_type":"bearer","expires_in":3600}))
}

fn me() -> Reply {
    ok(json!({"id":7,"email":"ann@example.com","role":"owner"}))
}

/// Answers like a gateway on which only `a-new` is still good.
fn renewing(request: &Request, refresh: impl Fn() -> Reply) -> Reply {
    match request.line.as_str() {
        "GET /health" => our_health(),
        "POST /auth/refresh" => refresh(),
        "GET /auth/me" if request.bearer() == "a-new" => me(),
        _ => problem("unauthorized", 401),
    }
}

#[tokio::test]
async fn signing_in_asks_what_it_is_first_and_sends_the_password_once() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        "POST /auth/login" => ok(json!({
            "access_token":"a1","refresh_token":"r1","user":{"id":"7","email":"ann@example.com","role":"owner"}
        })),
        _ => me(),
    })
    .await;
    let gateway = server.gateway(None);
    let identity = gateway.sign_in("ann@example.com", &Password::new("p&ss=1")).await.expect("signed in");
    assert_eq!((identity.email.as_str(), identity.user_id.as_str()), ("ann@example.com", "7"));
    assert_eq!(server.lines(), ["GET /health", "POST /auth/login"]);
    let login = &server.seen("POST /auth/login")[0];
    assert_eq!(login.body, "username=ann%40example.com&password=p%26ss%3D1");
    assert_eq!(login.header("accept"), Some("application/json"));
    assert!(login.header("x-holdpoint-client").is_some() && login.header("x-correlation-id").is_some());
    // What was kept works elsewhere.
    let again = server.gateway(Some(Dialect::Holdpoint));
    assert!(again.restore(&gateway.session().expect("a session")));
    again.me().await.expect("known");
    assert_eq!(server.seen("GET /auth/me")[0].bearer(), "a1");
}

#[tokio::test]
async fn a_wrong_password_is_said_so_and_not_tried_again() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        _ => problem("unauthorized", 401),
    })
    .await;
    let failure = server.gateway(None).sign_in("a", &Password::new("b")).await.expect_err("refused");
    assert_eq!(failure, Failure::SignIn(SignIn::WrongCredentials));
    assert_eq!(server.seen("POST /auth/login").len(), 1);
}

#[tokio::test]
async fn f45_calls_that_meet_a_401_together_share_one_renewal() {
    let server = Server::start(|request, _| renewing(request, || tokens("a-new", "r-new"))).await;
    let gateway = server.gateway(Some(Dialect::Holdpoint));
    gateway.restore(&old_session());
    let calls = (0..12).map(|_| {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.me().await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("no panic").expect("answered");
    }
    let renewals = server.seen("POST /auth/refresh");
    assert_eq!(renewals.len(), 1);
    assert_eq!(renewals[0].json(), json!({"refresh_token":"r-old"}));
    assert!(gateway.session().expect("a session").reveal().contains("r-new"));
}

#[tokio::test]
async fn a_lost_answer_to_a_renewal_is_asked_for_again_with_the_same_token() {
    let server = Server::start(|request, before| {
        renewing(request, || if before == 0 { Reply::Drop } else { tokens("a-new", "r-new") })
    })
    .await;
    let gateway = server.gateway(Some(Dialect::Holdpoint));
    gateway.restore(&old_session());
    gateway.me().await.expect("answered");
    let renewals = server.seen("POST /auth/refresh");
    assert_eq!(renewals.len(), 2);
    assert!(renewals.iter().all(|renewal| renewal.json() == json!({"refresh_token":"r-old"})));
}

#[tokio::test]
async fn f46_a_refused_renewal_ends_the_session_and_is_not_tried_again() {
    let server = Server::start(|request, _| renewing(request, || problem("unauthorized", 401))).await;
    let gateway = server.gateway(Some(Dialect::Holdpoint));
    gateway.restore(&old_session());
    let mut changes = gateway.session_changes();
    for _ in 0..2 {
        assert_eq!(gateway.me().await, Err(Failure::SignIn(SignIn::Expired)));
    }
    assert_eq!(server.seen("POST /auth/refresh").len(), 1);
    assert_eq!(changes.next().await, Some(None));
}

#[tokio::test]
async fn f4_neither_a_portal_nor_a_changed_gateway_gets_a_token() {
    let portal =
        Server::start(|_, _| Reply::Answer(302, vec!["Location: /login".into()], String::new())).await;
    let gateway = portal.gateway(Some(Dialect::Holdpoint));
    gateway.restore(&old_session());
    let failure = gateway.me().await.expect_err("a portal");
    assert_eq!(failure.refused_by(), Some(RefusedBy::Portal));
    assert_eq!(portal.lines(), ["GET /health"]);

    let other = Server::start(|_, _| ok(json!({"status":"healthy"}))).await;
    let gateway = other.gateway(Some(Dialect::Holdpoint));
    gateway.restore(&old_session());
    let failure = gateway.me().await.expect_err("another gateway");
    assert_eq!(failure.refused_by(), Some(RefusedBy::Protocol));
    assert!(failure.to_string().contains("changed its protocol"));
    assert_eq!(other.lines(), ["GET /health"]);
    assert!(other.seen("GET /health").iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn the_platform_knows_a_session_by_its_cookies_and_the_refresh_token_stays_with_auth() {
    let server = Server::start(|request, before| match request.line.as_str() {
        "GET /health" => ok(json!({"status":"healthy"})),
        "POST /auth/login" => Reply::Answer(
            200,
            vec![
                "Set-Cookie: access_token=a1; HttpOnly; Path=/; SameSite=lax".into(),
                "Set-Cookie: refresh_token=r1; HttpOnly; Path=/".into(),
                "Set-Cookie: analytics=x".into(),
            ],
            r#"{"message":"welcome"}"#.into(),
        ),
        "POST /auth/refresh" => {
            Reply::Answer(200, vec!["Set-Cookie: access_token=a2; HttpOnly".into()], "{}".into())
        }
        "GET /auth/me" if before == 1 => json(401, json!({"detail":"Not authenticated"})),
        _ => me(),
    })
    .await;
    let gateway = server.gateway(None);
    gateway.sign_in("ann@example.com", &Password::new("pw")).await.expect("signed in");
    gateway.me().await.expect("renewed on the way");
    let cookies = |line: &str| {
        let seen = server.seen(line);
        seen.iter().map(|request| request.header("cookie").unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(cookies("GET /auth/me"), ["access_token=a1", "access_token=a1", "access_token=a2"]);
    assert_eq!(cookies("POST /auth/refresh"), ["access_token=a1; refresh_token=r1"]);
    assert_eq!(cookies("GET /health"), [""]);
}

#[tokio::test]
async fn signing_out_forgets_the_session_even_if_nobody_answers() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        _ => Reply::Drop,
    })
    .await;
    let gateway = server.gateway(Some(Dialect::Holdpoint));
    gateway.restore(&old_session());
    assert!(gateway.sign_out().await.is_err());
    assert_eq!(gateway.session(), None);
    assert_eq!(server.seen("POST /auth/logout")[0].json(), json!({"refresh_token":"r-old"}));
    assert_eq!(gateway.me().await, Err(Failure::SignIn(SignIn::NoSession)));
}
