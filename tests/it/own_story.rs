//! The whole way of an approval through the product, from outside: raised, pushed, stored, shown, decided, executed,
//! recorded.

use crate::own_digest::digest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::seat::until_told;
use support::stage::{DRY, FULL, MACHINE, OWNER, PIPELINE, SLOW, Stage};
use support::target::Call;
use support::{Running, Stream};

/// The events a watch has printed, connection lines left out.
fn events(watch: &Running) -> Vec<Value> {
    let lines = watch.lines(Stream::Out);
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
    lines.filter(|line| line["event"] != "connection").collect()
}

/// Was exactly this effect carried out?
fn is_as_shown(call: &Call, effect: &Value, origin: &str) {
    assert_eq!(call.method.as_str(), effect["method"]);
    assert_eq!(format!("{origin}{}", call.path), effect["url"].as_str().unwrap());
    assert_eq!(call.body, effect["body"].as_str().unwrap_or_default());
    for (name, value) in effect["headers"].as_object().unwrap() {
        assert_eq!(call.headers.get(name).and_then(|v| v.to_str().ok()), value.as_str(), "{name}");
    }
}

#[tokio::test]
async fn an_approval_goes_its_whole_way_and_is_on_record_without_the_gateway_rules_1_3_10() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    // Out of the ordinary on purpose: a version, a time-out, a header and a body that all are part of the digest.
    stage
        .edit_action("restart-ledger", |entry| {
            entry["action_metadata"] = json!({"timeout": 12});
            entry["execution"]["headers"] = json!({"X-Reason": "late \"replies\""});
        })
        .await;
    let mut watch = seat.watch().await;

    let id = stage.raise(&format!("{SLOW}: 31 s")).await;
    let line = until_told(&mut watch, "approval_required", &id).await;
    // Printed after its commit: whoever reads the line finds it in the history.
    let found = seat.json(0, ["history", "search", &id]).await;
    assert!(
        found["entries"].as_array().unwrap().iter().any(|entry| entry["event"]["id"] == line["id"]),
        "{found}"
    );
    // And whole.
    assert_eq!(digest(&line["data"]["data"]), line["data"]["data"]["digest"].as_str().unwrap());

    let pending = seat.json(0, ["pending"]).await;
    assert_eq!((&pending["count"], &pending["pending_approvals"][0]["request_id"]), (&json!(1), &json!(id)));
    let shown = seat.json(0, ["show", &id]).await;
    assert_eq!(digest(&shown), shown["digest"].as_str().unwrap());
    assert_eq!(shown["digest"], stage.approval(&id).await["digest"]);
    assert_eq!(shown["requested_by"], MACHINE);
    assert!(stage.target.calls().is_empty(), "something ran before anybody decided");

    let decided = seat.json(0, ["approve", &id, "--yes"]).await;
    let outcomes: Vec<_> = decided["execution_results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["action_id"], &r["outcome"]))
        .collect();
    let (health, restart, good) = (json!("read-health"), json!("restart-ledger"), json!("succeeded"));
    assert_eq!(outcomes, [(&health, &good), (&restart, &good)], "{decided}");
    assert_eq!((&decided["status"], &decided["overall_success"]), (&json!("executed"), &json!(true)));
    assert_eq!((&decided["digest"], &decided["request_id"]), (&shown["digest"], &json!(id)));
    let calls = stage.target.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    for (call, action) in calls.iter().zip(shown["actions"].as_array().unwrap()) {
        is_as_shown(call, &action["effect"], &stage.target.origin());
    }

    until_told(&mut watch, "execution_completed", &id).await;
    let ended = watch.terminate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    stage.gateway.kill_9().await;
    let receipts = seat.json(0, ["receipts", "verify"]).await;
    assert_eq!(receipts["ok"], true);
    assert!(receipts["count"].as_u64().unwrap() >= 2, "decided and outcome: {receipts}");
    let history = seat.json(0, ["history", "search", &id, "--limit", "100"]).await;
    let decision =
        history["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == "decision").unwrap();
    assert_eq!(
        (&decision["state"], &decision["identity"]),
        (&json!("observed"), &json!(OWNER)),
        "{decision}"
    );
    let offline = seat.json(5, ["show", &id]).await;
    assert_eq!((&offline["status"], &offline["source"]), (&json!("completed"), &json!("cache")));
    assert!(offline["as_of"].is_string());
    assert_eq!(stage.target.calls().len(), 2);
}

#[tokio::test]
async fn watch_prints_every_event_of_the_gateway_once_and_in_order() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let mut watch = seat.watch().await;
    let mut ids = Vec::new();
    for round in 0..3 {
        let id = stage.raise_with(DRY, json!({"pool": format!("p{round}")})).await;
        assert_eq!(seat.show_and_approve(&id, &[]).await.code, Some(0));
        until_told(&mut watch, "execution_completed", &id).await;
        ids.push(id);
    }
    let printed = events(&watch);
    let seqs: Vec<u64> = printed.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    let (status, served) = stage.admin.get("/events?after=0&limit=1000").await;
    assert_eq!(status, 200, "{served}");
    let of = |events: &[Value]| -> BTreeSet<String> {
        let of_requests = events.iter().filter(|event| event["data"]["request_id"].is_string());
        of_requests.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of(&printed), of(served["events"].as_array().unwrap()));
    for id in &ids {
        let kinds: Vec<&str> = printed
            .iter()
            .filter(|event| event["data"]["request_id"] == json!(id))
            .filter_map(|event| event["data"]["type"].as_str())
            .collect();
        assert_eq!(
            kinds,
            ["approval_required", "approval_decided", "execution_progress", "execution_completed"],
            "{id}"
        );
    }
}

#[tokio::test]
async fn an_approve_runs_to_the_gated_action_names_it_and_the_second_decision_runs_that_one() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(FULL).await;
    let shown = seat.json(0, ["show", &id]).await;
    assert_eq!((&shown["mode"], &shown["status"]), (&json!("per_action"), &json!("pending")));

    let paused = seat.json(0, ["approve", &id, "--yes"]).await;
    assert_eq!(paused["status"], "action_approval_required");
    assert!(paused["pending_approval_actions"].to_string().contains("drop-snapshots"), "{paused}");
    assert_eq!((stage.target.count("/health"), stage.target.count("/snapshots")), (1, 0));

    // Paused ones wait too, and stand in the list.
    let pending = seat.json(0, ["pending"]).await;
    assert_eq!(pending["pending_approvals"][0]["status"], "paused", "{pending}");
    // The whole request can no longer be approved: the decision that is awaited is named.
    let (code, message) = seat.ends(4, ["--json", "approve", &id, "--yes"]).await.error();
    assert!(
        code.contains("action_decision_needed") && message.contains("drop-snapshots"),
        "{code}: {message}"
    );

    seat.ends(0, ["show", &id]).await;
    let done =
        seat.json(0, ["approve", &id, "--action", "drop-snapshots", "--target", "ledger", "--yes"]).await;
    assert_eq!((&done["status"], &done["action_id"]), (&json!("executed"), &json!("drop-snapshots")));
    assert_eq!((stage.target.count("/health"), stage.target.count("/snapshots")), (1, 1));
    assert_eq!(stage.approval(&id).await["status"], "completed");
}

#[tokio::test]
async fn a_reject_runs_nothing_and_is_final() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(SLOW).await;
    let rejected = seat.json(0, ["reject", &id, "--reason", "Not during the close of books"]).await;
    assert_eq!((&rejected["status"], &rejected["verdict"]), (&json!("rejected"), &json!("reject")));
    let approval = stage.approval(&id).await;
    assert_eq!(approval["rejection_reason"], "Not during the close of books");
    assert_eq!((&approval["status"], &approval["decided_by"]), (&json!("rejected"), &json!(OWNER)));
    assert_eq!(seat.show_and_approve(&id, &[]).await.code, Some(4));
    assert!(stage.target.calls().is_empty());
}

#[tokio::test]
async fn a_stop_lets_the_running_action_end_and_nothing_after_it() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(SLOW).await;
    seat.ends(0, ["show", &id]).await;
    stage.target.hold("/health");
    let approve = seat.holdctl(["--json", "approve", &id, "--yes"]).spawn().await;
    support::eventually(crate::support_caller::SOON, async || {
        (stage.target.count("/health") == 1).then_some(())
    })
    .await;
    let stopping = seat.holdctl(["--json", "stop", &id, "--reason", "The wrong ledger"]).spawn().await;
    let audited = async || {
        let entries = stage.audit(&id).await;
        entries.iter().any(|entry| entry["action"].as_str().is_some_and(|a| a.contains("stop"))).then_some(())
    };
    support::eventually(crate::support_caller::SOON, audited).await;
    stage.target.release("/health");
    assert_eq!(stopping.finish().await.code, Some(0));
    let approved = approve.finish().await;
    assert_eq!(approved.code, Some(9), "approved, but not to its end: {approved:?}");
    assert_eq!(stage.approval(&id).await["status"], "stopped");
    assert_eq!((stage.target.count("/health"), stage.target.count("/restart")), (1, 0));
}

#[tokio::test]
async fn lists_tell_what_the_gateway_has_discovered_and_mapped() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let runbooks = seat.json(0, ["runbooks", "list"]).await;
    let (_, served) = stage.admin.get(&format!("/agentic/{PIPELINE}/runbook/actions")).await;
    assert_eq!((runbooks["total"].as_u64(), &runbooks["source"]), (Some(4), &json!("gateway")));
    for action in served["actions"].as_array().unwrap() {
        let id = action["action_id"].as_str().unwrap();
        let one = seat.json(0, ["runbooks", "show", id]).await;
        for (name, value) in action.as_object().unwrap() {
            assert_eq!(&one[name], value, "{id}: {name}");
        }
    }
    let mappings = seat.json(0, ["mappings", "list"]).await;
    let errors: Vec<&str> = mappings["mappings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|mapping| mapping["error"].as_str())
        .collect();
    assert_eq!(errors.len(), 4, "{mappings}");
    assert!(errors.contains(&DRY), "{mappings}");
}
