//! The whole incident over real HTTP: raised once, decided, recovered; and what sabotage does to it.

mod support;

use rehearsal::{Begin, Incident, PIPELINE, Reported, Restart, Script, Step};
use serde_json::{Value, json};
use support::{client, in_time};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const EMAIL: &str = "oncall@example.com";
const PASSWORD: &str = "correct horse battery";

async fn play(directory: &TempDir, restart: Restart) -> (Incident, UnboundedReceiver<Reported>) {
    let (out, steps) = unbounded_channel();
    let script = Script {
        begin: Begin::AtOnce,
        directory: Some(directory.path().to_owned()),
        email: EMAIL.to_owned(),
        password: PASSWORD.to_owned(),
        restart,
    };
    (in_time(Incident::start(script, out)).await.expect("starts"), steps)
}

async fn until(steps: &mut UnboundedReceiver<Reported>, wanted: impl Fn(&Step) -> bool) -> Vec<Step> {
    let mut seen = Vec::new();
    loop {
        let step = in_time(steps.recv()).await.expect("the incident goes on").step;
        let found = wanted(&step);
        seen.push(step);
        if found {
            return seen;
        }
    }
}

/// Approves as the console does: reads the request, sends back the digest that was shown.
async fn approve(origin: &str, request_id: &str) -> Value {
    let http = client();
    let login = http
        .post(format!("{origin}/auth/login"))
        .header("accept", "application/json")
        .header("x-holdpoint-client", "test")
        .form(&[("username", EMAIL), ("password", PASSWORD)]);
    let tokens: Value = login.send().await.expect("answers").json().await.expect("JSON");
    let token = tokens["access_token"].as_str().expect("a token");
    let runbook = format!("{origin}/agentic/{PIPELINE}/runbook");
    let read = http.get(format!("{runbook}/approvals/{request_id}")).bearer_auth(token);
    let shown: Value = read.send().await.expect("answers").json().await.expect("JSON");
    let shown = &shown["approval_request"];
    assert_eq!(shown["mode"], "request");
    assert_eq!(shown["actions"][1]["arguments"]["pool"], "payments-pool");
    let decision = json!({"request_id":request_id,"approved":true,"shown_digest":shown["digest"]});
    let sent = http.post(format!("{runbook}/remediate/approve")).bearer_auth(token).json(&decision);
    sent.send().await.expect("answers").json().await.expect("JSON")
}

fn raised(seen: &[Step]) -> Vec<&str> {
    seen.iter()
        .filter_map(|step| match step {
            Step::Raised { request_id, status } if status == "approval_required" => request_id.as_deref(),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approved_restart_makes_the_service_healthy_and_the_alarm_was_raised_once() {
    let directory = TempDir::new().expect("a directory");
    let (incident, mut steps) = play(&directory, Restart::Works).await;
    let mut seen =
        until(&mut steps, |step| matches!(step, Step::Raised { .. } | Step::NotRaised { .. })).await;
    let request = raised(&seen).first().expect("asked").to_string();
    assert_eq!(incident.service().pool().look().free, 0);

    let answer = approve(incident.gateway_origin(), &request).await;
    assert_eq!(
        (&answer["status"], &answer["overall_success"]),
        (&json!("executed"), &json!(true)),
        "{answer}"
    );
    seen.extend(until(&mut steps, |step| *step == Step::Recovered).await);
    assert_eq!(raised(&seen).len(), 1);
    assert!(!incident.service().pool().look().is_failing());
    in_time(incident.run_until(async {})).await.expect("ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_sabotage_the_restart_succeeds_and_the_service_is_failing_on() {
    let directory = TempDir::new().expect("a directory");
    let (incident, mut steps) = play(&directory, Restart::Sabotaged).await;
    let seen = until(&mut steps, |step| matches!(step, Step::Raised { .. } | Step::NotRaised { .. })).await;
    let request = raised(&seen).first().expect("asked").to_string();
    let answer = approve(incident.gateway_origin(), &request).await;
    assert_eq!(answer["overall_success"], true, "{answer}");
    assert_eq!(incident.service().pool().look().restarts, 1);

    let after = until(&mut steps, |step| matches!(step, Step::StillFailing { .. } | Step::Recovered)).await;
    assert!(matches!(after.last(), Some(Step::StillFailing { .. })));
    assert!(raised(&after).is_empty());
    in_time(incident.run_until(async {})).await.expect("ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_an_earlier_rehearsal_can_be_used_again() {
    let directory = TempDir::new().expect("a directory");
    for _ in 0..2 {
        let (incident, mut steps) = play(&directory, Restart::Works).await;
        let seen =
            until(&mut steps, |step| matches!(step, Step::Raised { .. } | Step::NotRaised { .. })).await;
        assert_eq!(raised(&seen).len(), 1, "{seen:?}");
        in_time(incident.run_until(async {})).await.expect("ends well");
    }
}
