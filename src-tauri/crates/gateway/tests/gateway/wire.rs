//! The form of every answer: correlation ids, problems, limits, health.

use crate::support::{Answer, House, runbook, soon};
use gateway::reqwest::{self, Client, Method};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

#[tokio::test]
async fn every_answer_carries_a_correlation_id_the_callers_own_if_it_sent_one() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let made = owner.get("/workflows").await;
    assert!(!made.headers["x-correlation-id"].is_empty());
    let told = owner.request(Method::GET, "/nowhere").header("x-correlation-id", "mine-1");
    let told = owner.send(told).await;
    assert_eq!(told.headers["x-correlation-id"], "mine-1");
    let problem = told.problem(404, "not-found");
    assert_eq!(problem["correlation_id"], "mine-1");
    assert_eq!(problem["instance"], "/nowhere");
    assert_eq!(problem["status"], 404);
    for member in ["title", "detail", "layer"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    let public = soon(reqwest::get(format!("{}/health", house.origin))).await.expect("an answer");
    assert!(public.headers().contains_key("x-correlation-id"));
}

#[tokio::test]
async fn health_says_what_it_is() {
    let house = House::open().await;
    for path in ["/health", "/healthz"] {
        let response = soon(reqwest::get(format!("{}{path}", house.origin))).await.expect("an answer");
        let health = Answer::read(response).await.expect(200);
        assert_eq!(
            (health["service"].as_str(), health["protocol"].as_u64()),
            (Some("holdpoint-gateway"), Some(1))
        );
        assert_eq!((health["status"].as_str(), health["database"].as_str()), (Some("ok"), Some("ok")));
    }
}

#[tokio::test]
async fn health_still_says_what_it_is_when_its_database_fails() {
    let house = House::open().await;
    let mut beside = SqliteConnection::connect(&house.config.database).await.expect("the same file");
    sqlx::query("DROP TABLE counters").execute(&mut beside).await.expect("done");
    let response = soon(reqwest::get(format!("{}/health", house.origin))).await.expect("an answer");
    let health = Answer::read(response).await.expect(503);
    assert_eq!(
        (health["service"].as_str(), health["protocol"].as_u64()),
        (Some("holdpoint-gateway"), Some(1))
    );
    assert_eq!((health["status"].as_str(), health["database"].as_str()), (Some("failing"), Some("failing")));
}

#[tokio::test]
async fn bodies_of_any_wrong_form_are_problems() {
    let house = House::open().await;
    let owner = house.caller("owner").await;
    let path = runbook("remediate/approve");
    let post = || owner.request(Method::POST, &path);
    owner.send(post().body("{}")).await.problem(415, "invalid");
    let json = |text: &str| post().header("content-type", "application/json").body(text.to_owned());
    owner.send(json("{")).await.problem(422, "invalid");
    owner.send(json("[]")).await.problem(422, "invalid");
    owner.send(json(&"[".repeat(100_000))).await.problem(422, "invalid");
    let huge = json!({"request_id": "x".repeat(1_100_000), "approved": true});
    owner.post(&path, &huge).await.problem(413, "invalid");
    owner.send(owner.request(Method::DELETE, &path)).await.problem(405, "invalid");
    let unknown = json!({"request_id": "APR-none", "approved": true});
    owner.post(&path, &unknown).await.problem(404, "not-found");
    let keyed = post().header("idempotency-key", "\"\"").json(&unknown);
    owner.send(keyed).await.problem(422, "invalid");
    owner.get("/v1/runs").await.problem(404, "not-found");
    owner.get(&runbook("nothing")).await.problem(404, "not-found");
}

#[tokio::test]
async fn f29_a29_the_rate_limit_is_the_users_whatever_address_he_claims() {
    let house = House::open_with(|config| config.requests_per_min = 5).await;
    let owner = house.caller("owner").await;
    for _ in 0..5 {
        owner.get("/auth/me").await.expect(200);
    }
    let evading = owner.request(Method::GET, "/auth/me").header("x-forwarded-for", "203.0.113.7");
    let answer = owner.send(evading).await;
    let wait: u64 = answer.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait));
    answer.problem(429, "rate-limited");
    house.caller("second").await.get("/auth/me").await.expect(200);
    house.clock.advance_s(61);
    owner.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn events_are_compressed_for_whoever_asks() {
    let house = House::open().await;
    let owner = house.furnished().await;
    house.asked("CacheStale").await;
    let request = Client::builder().no_gzip().no_zstd().build().expect("a client");
    let request = request.get(format!("{}/events", house.origin)).bearer_auth(&owner.token);
    let response = soon(request.header("accept-encoding", "zstd").send()).await.expect("an answer");
    assert_eq!(response.headers()["content-encoding"], "zstd");
}
