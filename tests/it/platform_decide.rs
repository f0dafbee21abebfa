//! The main job against the platform: see a request, judge it, decide it, once (CONTRACT 3, rules 3, 6, 8, 12).

use crate::platform_desk::{Answer, Desk, ids};
use crate::support_caller::OWNER;
use chrono::{DateTime, Utc};
use domain::Point;
use serde_json::{Value, json};
use support::platform::Route;

/// Texts in a value that are times: each must be RFC 3339 in UTC. Extended JSON and other ids than plain ones nowhere.
fn translated(value: &Value) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                assert!(!name.starts_with('$'), "Extended JSON in {value}");
                if let (true, Some(text)) = (name.ends_with("_at") || name == "as_of", inner.as_str()) {
                    let time = text.parse::<DateTime<Utc>>();
                    assert!(time.is_ok() && text.ends_with('Z'), "{name}: {text}");
                }
                translated(inner);
            }
        }
        Value::Array(items) => items.iter().for_each(translated),
        _ => {}
    }
}

#[tokio::test]
async fn a_request_is_listed_shown_approved_once_and_recorded() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look", "drain"]);
    let list = desk.ask(["pending"]).await.done();
    assert_eq!(ids(&list), [request.as_str()]);
    let shown = desk.show(&request).await;
    assert_eq!((&shown["status"], &shown["request_id"]), (&json!("pending"), &json!(request)));

    let done = desk.approve_as_shown(&request, &[]).await.done();
    assert_eq!((&done["status"], &done["overall_success"]), (&json!("executed"), &json!(true)));
    assert_eq!(desk.platform.all_executed(), ["look", "drain"]);

    let sent = desk.platform.received(Route::Approve);
    assert_eq!(sent.len(), 1);
    let body = sent[0].json();
    assert_eq!((&body["approved"], &body["approved_by"]), (&json!(true), &json!(OWNER)));
    assert_eq!(body["request_id"], json!(request));
    assert_eq!(body.get("shown_digest"), None, "the platform knows no digest");

    assert_eq!(desk.pending().await, Vec::<String>::new());
    let verified = desk.ask(["receipts", "verify"]).await.done();
    assert_eq!(verified["ok"], true);
    let found = desk.ask(["history", "search", "slot"]).await.done();
    let decided: Vec<&Value> =
        found["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "decision").collect();
    assert_eq!((decided.len(), &decided[0]["identity"]), (1, &json!(OWNER)));
}

#[tokio::test]
async fn what_the_platform_says_is_told_as_objects_of_the_contract() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look", "restart"]);
    let list = desk.ask(["pending"]).await.done();
    let shown = desk.show(&request).await;
    for one in [&list["pending_approvals"][0], &shown] {
        translated(one);
        assert_eq!(one["pipeline_id"], json!(desk.pipeline));
        assert_eq!((&one["revision"], &one["mode"]), (&json!(0), &json!("per_action")));
        assert_eq!((&one["confidence"], &one["distance"]), (&json!("medium"), &json!(0.41)));
        assert_eq!(one["action_ids"], json!(["look", "restart"]));
        let digest = one["digest"].as_str().unwrap();
        assert!(digest.starts_with("sha-256:") && digest.len() == 72, "{digest}");
        for action in one["actions"].as_array().unwrap() {
            assert_eq!((&action["version"], &action["effect"]["kind"]), (&json!(0), &json!("undisclosed")));
            assert_eq!(action["effect"]["entry"]["action_metadata"]["timeout"], json!({"n": "5"}));
            assert_eq!(action["effect"]["entry"]["action_id"], action["action_id"]);
        }
        let risks: Vec<&Value> =
            one["actions"].as_array().unwrap().iter().map(|a| &a["risk_level"]).collect();
        assert_eq!(risks, ["low", "high"]);
    }
    translated(&list);
    assert_eq!(list["pending_approvals"][0]["digest"], shown["digest"]);
    assert_eq!((&list["count"], &list["source"]), (&json!(1), &json!("gateway")));
}

#[tokio::test]
async fn the_age_of_a_request_is_that_of_its_first_sight_and_never_the_servers_local_time() {
    let desk = Desk::open().await;
    let before =
        desk.ask(["pending"]).await.done()["as_of"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let request = desk.raise(0.41, &["look"]);
    let raised = |shown: &Value| shown["created_at"].as_str().unwrap_or_default().parse::<DateTime<Utc>>();
    let first = desk.show(&request).await;
    let at = raised(&first).unwrap_or_else(|_| panic!("no age: {first}"));
    let seconds = (at - before).num_seconds();
    assert!((0..60).contains(&seconds), "{seconds} s after it was raised");
    assert_eq!(raised(&desk.show(&request).await), Ok(at), "first sight stays first sight");
}

#[tokio::test]
async fn the_card_says_that_the_values_are_not_disclosed() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let card = desk.read(["show", request.as_str()]).await;
    assert_eq!(card.code, Some(0));
    assert!(card.stdout.contains("undisclosed"), "{}", card.stdout);
    assert!(card.stdout.contains("/ops/look"), "the entry is hashed, so it is shown: {}", card.stdout);
    assert!(card.stdout.contains("sha-256:"), "{}", card.stdout);
}

#[tokio::test]
async fn rule_12_a_failure_under_a_success_ends_with_9() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look", "vanish"]);
    let answer = desk.approve(&request, &[]).await;
    assert_eq!(answer.code, 9, "{answer:?}");
    let results = answer.value["execution_results"].as_array().unwrap();
    let told: Vec<(&Value, &Value)> =
        results.iter().map(|one| (&one["action_id"], &one["outcome"])).collect();
    assert_eq!(told, [(&json!("look"), &json!("succeeded")), (&json!("vanish"), &json!("failed"))]);
    assert_eq!(results[1]["success"], true, "what the platform claimed is kept");
    assert_eq!(answer.value["overall_success"], false);
}

#[tokio::test]
async fn a_chain_that_breaks_tells_what_ran_what_failed_and_what_was_skipped() {
    let desk = Desk::open().await;
    desk.platform.add_action(&desk.pipeline, support::platform::Action::medium("reach").unreachable());
    let request = desk.raise(0.41, &["look", "reach", "drain"]);
    let answer = desk.approve(&request, &[]).await;
    assert_eq!(answer.code, 9, "{answer:?}");
    let outcomes: Vec<&Value> =
        answer.value["execution_results"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["succeeded", "failed", "skipped"]);
    assert_eq!(desk.platform.all_executed(), ["look"]);
}

#[tokio::test]
async fn a_reject_goes_out_once_with_its_reason_and_a_second_one_does_not() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let reject = ["reject", request.as_str(), "--reason", "not during the close"];
    let done = desk.ask(reject).await.done();
    assert_eq!((&done["status"], &done["verdict"]), (&json!("rejected"), &json!("reject")));
    let sent = desk.platform.decisions();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["approved"], false);
    assert_eq!(sent[0]["rejection_reason"], "not during the close");
    assert_eq!(sent[0]["approved_by"], OWNER);

    let again = desk.ask(reject).await;
    assert!(again.refused(4).contains("already"), "{again:?}");
    assert_eq!(desk.platform.decisions().len(), 1);
    assert_eq!(desk.platform.all_executed(), Vec::<String>::new());
}

#[tokio::test]
async fn a_blank_reason_never_leaves() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let blank = desk.ask(["reject", request.as_str(), "--reason", " .. "]).await;
    assert!(blank.refused(2).contains("reason"), "{blank:?}");
    desk.nothing_was_sent();
}

#[tokio::test]
async fn rule_6_a_request_someone_else_approved_is_not_approved_again_and_they_are_named() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.approve_elsewhere(&request, &Point::Request, "omar@ledger.test").await;
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert!(answer.refused(4).contains("omar@ledger.test"), "{answer:?}");
    assert_eq!(desk.platform.decisions().len(), 0);
    assert_eq!(desk.platform.executed("look"), 1);
}

#[tokio::test]
async fn rule_6_while_someone_elses_approval_runs_nothing_is_sent_and_they_are_named() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.hold("look");
    let answer: Answer = {
        let elsewhere = desk.platform.approve_elsewhere(&request, &Point::Request, "omar@ledger.test");
        tokio::pin!(elsewhere);
        tokio::select! {
            () = &mut elsewhere => panic!("it was held"),
            answer = async {
                desk.until(&request, "executing").await;
                desk.approve_as_shown(&request, &[]).await
            } => answer,
        }
    };
    assert!(answer.refused(4).contains("omar@ledger.test"), "{answer:?}");
    assert_eq!(desk.platform.decisions().len(), 0);
}

#[tokio::test]
async fn rule_6_a_request_someone_else_rejected_is_not_approved() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.reject_elsewhere(&request, "omar@ledger.test", "wrong pool");
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert!(answer.refused(4).contains("rejected"), "{answer:?}");
    desk.nothing_was_sent();
}

#[tokio::test]
async fn rule_3_an_entry_edited_after_it_was_shown_stops_the_approve() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look", "drain"]);
    let before = desk.show(&request).await;
    desk.platform.edit_action(&desk.pipeline, &"drain".into(), |entry| {
        entry["execution"]["endpoint"] = json!("/ops/drain?all=true");
    });
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert_eq!((answer.code, &answer.error["code"]), (4, &json!("changed")), "{answer:?}");
    desk.nothing_was_sent();

    let after = desk.show(&request).await;
    assert_ne!(before["digest"], after["digest"]);
    let stale = before["digest"].as_str().unwrap();
    let answer = desk.ask(["approve", request.as_str(), "--yes", "--digest", stale]).await;
    assert_eq!(answer.code, 4, "{answer:?}");
    desk.nothing_was_sent();
    desk.approve_as_shown(&request, &[]).await.done();
    assert_eq!(desk.platform.decisions().len(), 1);
}

#[tokio::test]
async fn rule_3_what_was_never_shown_is_not_approved() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert!(answer.refused(4).contains("show"), "{answer:?}");
    desk.nothing_was_sent();
}

#[tokio::test]
async fn rule_8_a_high_risk_action_that_would_run_at_once_needs_its_target_named() {
    let desk = Desk::open().await;
    let ungated =
        support::platform::Action::high("wipe").with(|entry| entry["requires_approval"] = json!(false));
    desk.platform.add_action(&desk.pipeline, ungated);
    let request = desk.raise(0.41, &["wipe"]);
    let answer = desk.approve(&request, &[]).await;
    assert!(answer.refused(2).contains("ledger-db"), "{answer:?}");
    let answer = desk.approve_as_shown(&request, &["--target", "payments"]).await;
    assert_eq!(answer.code, 2, "{answer:?}");
    desk.nothing_was_sent();
    desk.approve_as_shown(&request, &["--target", "ledger-db"]).await.done();
    assert_eq!(desk.platform.all_executed(), ["wipe"]);
}

#[tokio::test]
async fn an_unknown_request_and_an_unknown_action_are_no_such_thing() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    assert_eq!(desk.ask(["show", "APR-000000000000"]).await.code, 3);
    assert_eq!(desk.ask(["reject", "APR-000000000000", "--reason", "not ours"]).await.code, 3);
    let answer = desk.approve(&request, &["--action", "nothing"]).await;
    assert_eq!(answer.code, 3, "{answer:?}");
    desk.nothing_was_sent();
}
