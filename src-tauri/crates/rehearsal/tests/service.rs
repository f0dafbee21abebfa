//! The service, its load and its pool, over real HTTP.

mod support;

use gateway::openapi::discover;
use rehearsal::load::Load;
use rehearsal::pool::Look;
use rehearsal::probe::{Health, look};
use rehearsal::service::{POOL_NAME, SERVICE_NAME};
use rehearsal::{Restart, Service};
use serde_json::{Value, json};
use support::{client, in_time};
use tokio_util::sync::CancellationToken;

const SLOTS: usize = 4;

async fn dry(restart: Restart) -> (Service, Load, tokio_util::sync::DropGuard) {
    let stop = CancellationToken::new();
    let service = Service::start(SLOTS, restart, stop.clone()).await.expect("a free port");
    let load = Load::start(&client(), service.origin(), SLOTS);
    let mut pool = service.pool().watch();
    // More refusals in a row than a payment of the trickle lasts: every slot is leaked.
    let leaked = |look: &Look| look.is_failing() && look.refused >= 2 * SLOTS as u64;
    in_time(pool.wait_for(leaked)).await.expect("the pool lives");
    load.stop_leaking();
    (service, load, stop.drop_guard())
}

async fn restart(service: &Service, body: Value) -> (u16, Value) {
    let answer = client()
        .post(format!("{}/pool/restart", service.origin()))
        .json(&body)
        .send()
        .await
        .expect("answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_pool_runs_dry_under_the_load_and_recovers_through_a_restart() {
    let (service, mut load, _stop) = dry(Restart::Works).await;
    let error = format!("PoolExhausted: all {SLOTS} slots of {POOL_NAME} are held");
    assert_eq!(look(&client(), service.origin()).await, Health::Failing { error });

    let (status, body) = restart(&service, json!({"pool":POOL_NAME,"reason":"dry"})).await;
    assert_eq!((status, &body["freed"]), (200, &json!(SLOTS)));
    // The leaks end for good, the trickle goes on.
    let mut pool = service.pool().watch();
    while load.at_work() > 1 {
        in_time(pool.changed()).await.expect("the pool lives");
    }
    in_time(pool.wait_for(|look| look.held == 1)).await.expect("a payment");
    in_time(pool.wait_for(|look| look.held == 0)).await.expect("paid");
    assert_eq!(look(&client(), service.origin()).await, Health::Healthy);
}

#[tokio::test]
async fn a_sabotaged_restart_answers_as_always_and_frees_nothing() {
    let (service, mut load, _stop) = dry(Restart::Sabotaged).await;
    let (status, body) = restart(&service, json!({"pool":POOL_NAME,"reason":"dry"})).await;
    assert_eq!((status, &body["status"], &body["freed"]), (200, &json!("restarted"), &json!(SLOTS)));
    let seen = service.pool().look();
    assert_eq!((seen.held, seen.restarts), (SLOTS, 1));
    // Still dry when the next payment comes.
    let mut pool = service.pool().watch();
    in_time(pool.wait_for(|look| look.refused > seen.refused)).await.expect("the pool lives");
    assert!(matches!(look(&client(), service.origin()).await, Health::Failing { .. }));
    assert_eq!(load.at_work(), SLOTS + 1);
}

#[tokio::test]
async fn a_restart_of_another_pool_or_without_a_reason_is_refused() {
    let stop = CancellationToken::new();
    let service = Service::start(SLOTS, Restart::Works, stop.clone()).await.expect("a free port");
    let _stop = stop.drop_guard();
    assert_eq!(restart(&service, json!({"pool":"other","reason":"x"})).await.0, 404);
    assert_eq!(restart(&service, json!({"pool":POOL_NAME})).await.0, 422);
    assert_eq!(service.pool().look().restarts, 0);
}

#[tokio::test]
async fn its_own_document_gives_the_actions_of_the_runbook() {
    let stop = CancellationToken::new();
    let service = Service::start(SLOTS, Restart::Works, stop.clone()).await.expect("a free port");
    let _stop = stop.drop_guard();
    let url = service.document_url();
    let document: Value = client().get(&url).send().await.expect("answers").json().await.expect("JSON");
    let base = gateway::reqwest::Url::parse(&url).expect("absolute");
    let found = discover(&document, SERVICE_NAME, Some(&base)).expect("readable");
    let told: Vec<_> = found
        .actions
        .iter()
        .map(|a| (a.action_id.as_str(), a.risk_level.to_string(), a.requires_approval))
        .collect();
    assert!(found.skipped.is_empty());
    for expected in
        [("check-health", "low"), ("check-pool", "low"), ("restart-pool", "medium"), ("checkout", "medium")]
    {
        assert!(told.contains(&(expected.0, expected.1.to_owned(), false)), "{expected:?} in {told:?}");
    }
    let restart = found.actions.iter().find(|a| a.action_id.as_str() == "restart-pool").expect("there");
    let rendered = gateway::render::render(restart, &serde_json::Map::new()).expect("defaults are enough");
    assert_eq!(rendered.effect.to_value()["url"], format!("{}/pool/restart", service.origin()));
}
