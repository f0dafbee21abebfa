//! Sign-in, tokens, cross-site calls.

use crate::support::{Answer, House, PASSWORD, address, runbook, soon, yes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::reqwest::{self, Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

async fn send(request: RequestBuilder) -> Answer {
    Answer::read(soon(request.send()).await.expect("an answer")).await
}

fn login(house: &House, password: &str) -> RequestBuilder {
    let form = [("username", address("owner").to_uppercase()), ("password", password.to_owned())];
    Client::new().post(format!("{}/auth/login", house.origin)).form(&form)
}

async fn renew(house: &House, token: &str) -> Answer {
    let request = Client::new().post(format!("{}/auth/refresh", house.origin));
    send(request.json(&json!({"refresh_token": token}))).await
}

/// `name=value` of each cookie that was set.
fn cookies(answer: &Answer) -> String {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text"));
    let pairs: Vec<_> = lines.map(|line| line.split(';').next().expect("a pair")).collect();
    pairs.join("; ")
}

#[tokio::test]
async fn a_browser_gets_cookies_it_cannot_read_and_a_client_gets_tokens() {
    let house = House::open().await;
    let answer = send(login(&house, PASSWORD)).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.to_string().contains("eyJ"), "{}", answer.body);
    for line in answer.headers.get_all("set-cookie") {
        let line = line.to_str().expect("text");
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
    }
    let me = Client::new().get(format!("{}/auth/me", house.origin)).header("cookie", cookies(&answer));
    let me = send(me).await.expect(200);
    assert_eq!((me["email"].as_str(), me["role"].as_str()), (Some("owner@example.com"), Some("owner")));
    let tokens = house.tokens("owner").await;
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["user"]["email"], "owner@example.com");
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_same_words_whoever_they_are_for() {
    let house = House::open().await;
    let wrong = send(login(&house, "wrong")).await.problem(401, "unauthorized");
    assert_eq!(wrong["detail"], "Invalid credentials");
    let nobody = Client::new().post(format!("{}/auth/login", house.origin));
    let nobody = send(nobody.form(&[("username", "nobody@example.com"), ("password", PASSWORD)])).await;
    assert_eq!(nobody.problem(401, "unauthorized")["detail"], "Invalid credentials");
    let json = Client::new().post(format!("{}/auth/login", house.origin));
    let json = send(json.json(&json!({"username": "owner@example.com", "password": PASSWORD}))).await;
    json.problem(415, "invalid");
    send(Client::new().get(format!("{}/workflows", house.origin))).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn a_refresh_token_rotates_and_its_reuse_ends_the_family() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let second = renew(&house, &owner.refresh).await.expect(200);
    let again = renew(&house, &owner.refresh).await.expect(200);
    assert_eq!(second["refresh_token"], again["refresh_token"], "the same successor within a minute");
    let second = second["refresh_token"].as_str().expect("a token").to_owned();
    assert_ne!(second, owner.refresh);
    let third = renew(&house, &second).await.expect(200);
    let told = renew(&house, &owner.refresh).await.problem(401, "unauthorized");
    assert!(told["detail"].as_str().expect("a sentence").contains("used before"), "{told}");
    let third = third["refresh_token"].as_str().expect("a token");
    renew(&house, third).await.problem(401, "unauthorized");
    owner.get("/auth/me").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn the_predecessor_is_honoured_for_a_minute_only() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    renew(&house, &owner.refresh).await.expect(200);
    house.clock.advance_s(61);
    renew(&house, &owner.refresh).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn no_token_stands_in_for_the_other_kind() {
    let house = House::open().await;
    let mut owner = house.caller("owner").await;
    renew(&house, &owner.token).await.problem(401, "unauthorized");
    owner.token = owner.refresh.clone();
    owner.get("/auth/me").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn logout_ends_refresh_and_access_at_once() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    owner.send(owner.request(Method::POST, "/auth/logout")).await.expect(200);
    renew(&house, &owner.refresh).await.problem(401, "unauthorized");
    owner.get("/auth/me").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn an_access_token_ends_after_its_hour() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    owner.get("/auth/me").await.expect(200);
    house.clock.advance_s(3_700);
    owner.get("/auth/me").await.problem(401, "unauthorized");
    renew(&house, &owner.refresh).await.expect(200);
}

#[tokio::test]
async fn a18_bent_tokens_are_refused_at_the_door() {
    let house = House::open().await;
    let good = house.caller("owner").await;
    let parts: Vec<&str> = good.token.split('.').collect();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut immortal = claims.clone();
    immortal["exp"] = json!("9999");
    let none = encoded(&json!({"alg": "none", "typ": "at+jwt"}));
    for token in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], encoded(&immortal), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        "not.a.token".to_owned(),
    ] {
        let mut bent = good.clone();
        bent.token = token;
        bent.get("/workflows").await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a16_a_cookie_alone_decides_nothing_from_elsewhere() {
    let house = House::open().await;
    house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let cookie = cookies(&send(login(&house, PASSWORD)).await);
    let url = format!("{}{}", house.origin, runbook("remediate/approve"));
    let call = || Client::new().post(&url).header("cookie", &cookie);
    let body = yes(&approval).to_string();
    let typed = |request: RequestBuilder, kind: &str| request.header("content-type", kind).body(body.clone());
    for attack in [
        typed(call().header("origin", "http://evil.example"), "application/json"),
        typed(call().header("origin", "null"), "application/json"),
        typed(call(), "application/json"),
        typed(call().header("origin", &house.origin), "text/plain"),
        typed(call().header("origin", &house.origin), "application/x-www-form-urlencoded"),
    ] {
        send(attack).await.problem(403, "not-allowed");
    }
    assert_eq!(house.approval(approval["request_id"].as_str().expect("an id")).await["status"], "pending");
    let own = typed(call().header("origin", &house.origin), "application/json");
    assert_eq!(send(own).await.expect(200)["status"], "executed");
}

#[tokio::test]
async fn a15_a_foreign_page_gets_no_socket() {
    let house = House::open().await;
    let cookie = cookies(&send(login(&house, PASSWORD)).await);
    let connect = async |origin: Option<&str>| {
        let url = format!("{}/ws/", house.origin.replace("http", "ws"));
        let mut request = url.into_client_request().expect("a URL");
        request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        match soon(tokio_tungstenite::connect_async(request)).await {
            Ok(_) => 101,
            Err(SocketError::Http(response)) => response.status().as_u16(),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(connect(Some("http://evil.example")).await, 403);
    assert_eq!(connect(Some("null")).await, 403);
    assert_eq!(connect(Some(&house.origin)).await, 101);
    assert_eq!(connect(None).await, 101);
    let bare = format!("{}/ws", house.origin.replace("http", "ws"));
    let refused = tokio_tungstenite::connect_async(bare).await;
    assert!(matches!(refused, Err(SocketError::Http(response)) if response.status() == 401));
    assert_eq!(reqwest::get(format!("{}/ws", house.origin)).await.expect("an answer").status(), 401);
}
