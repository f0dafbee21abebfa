//! What can be seen and said when a pipeline is stopped, an id is wrong, rights are missing, or nobody answers
//! (CONTRACT 3, exit codes, cache).

use crate::platform_desk::{Desk, LINE, ids, is_live};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use support::Stream;
use support::platform::{Action, Instead, Route};

/// Two times of one reading: the store keeps microseconds.
fn same_moment(one: &Value, other: &Value) -> bool {
    let read = |time: &Value| time.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    (read(one) - read(other)).num_milliseconds().abs() < 500
}

#[tokio::test]
async fn a_stopped_pipeline_is_an_empty_list_and_no_error() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.stop_pipeline(&desk.pipeline);
    let list = desk.ask(["pending"]).await.done();
    assert_eq!((&list["count"], &list["source"]), (&json!(0), &json!("gateway")));
    assert_eq!(desk.ask(["status"]).await.done()["connection"]["state"], "live");
    assert_eq!(desk.approve_as_shown(&request, &[]).await.code, 3);
    desk.nothing_was_sent();
    desk.platform.start_pipeline(&desk.pipeline);
    assert_eq!(desk.pending().await, [request.as_str()]);
}

#[tokio::test]
async fn a_stopped_pipeline_beside_a_running_one_hides_nothing() {
    let desk = Desk::open().await;
    let other = desk.platform.add_pipeline("payroll");
    desk.platform.add_action(&other, Action::low("count"));
    let request = desk.raise(0.41, &["look"]);
    desk.platform.stop_pipeline(&other);
    assert_eq!(desk.pending().await, [request.as_str()]);
    let runbooks = desk.ask(["runbooks", "list"]).await.done();
    assert_eq!(runbooks["total"], 4, "{runbooks}");
    assert_eq!(desk.ask(["mappings", "list"]).await.done()["mappings"], json!([]));
}

#[tokio::test]
async fn a_bad_id_is_told_as_503_and_is_no_outage() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    for command in [vec!["runbooks", "list"], vec!["mappings", "list"], vec!["show", request.as_str()]] {
        let answer = desk.ask(command.iter().copied().chain(["--pipeline", "xyz"])).await;
        assert!(matches!(answer.code, 1 | 3), "{command:?}: {answer:?}");
        assert_eq!(answer.value, Value::Null, "no cached answer in its place: {answer:?}");
    }
    let answer = desk.approve_as_shown(&request, &["--pipeline", "xyz"]).await;
    assert!(matches!(answer.code, 1 | 3), "{answer:?}");
    desk.nothing_was_sent();
}

#[tokio::test]
async fn a_real_outage_of_the_platforms_database_is_told_and_not_papered_over() {
    let desk = Desk::open().await;
    desk.ask(["runbooks", "list"]).await.done();
    let outage = json!({"detail": "Database connection error: connection refused"});
    desk.platform.answer_instead(Route::Actions, Instead::json(503, &outage));
    let answer = desk.ask(["runbooks", "list"]).await;
    assert!(
        answer.refused(1).contains("connection refused"),
        "an error the gateway answers is told: {answer:?}"
    );
}

#[tokio::test]
async fn with_nobody_there_lists_come_from_the_cache_with_their_age() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.platform.add_mapping(&desk.pipeline, "PoolDry", &["look"], "No slot");
    let fresh = desk.ask(["runbooks", "list"]).await.done();
    desk.ask(["mappings", "list"]).await.done();
    desk.ask(["pending"]).await.done();
    let shown = desk.show(&request).await;
    desk.platform.go_down().await;

    let pending = desk.ask(["pending"]).await;
    assert_eq!((pending.code, &pending.value["source"]), (5, &json!("cache")), "{pending:?}");
    assert_eq!(ids(&pending.value), [request.as_str()]);
    let again = desk.ask(["show", request.as_str()]).await;
    assert_eq!((again.code, &again.value["source"]), (5, &json!("cache")), "{again:?}");
    assert_eq!(again.value["digest"], shown["digest"]);
    assert!(same_moment(&again.value["as_of"], &shown["as_of"]), "{again:?}");

    let cached = desk.ask(["runbooks", "list"]).await.done();
    assert_eq!(cached["source"], "cache");
    assert!(same_moment(&cached["as_of"], &fresh["as_of"]), "{cached}");
    assert_eq!(cached["actions"], fresh["actions"]);
    let mappings = desk.ask(["mappings", "list"]).await.done();
    assert_eq!(
        (&mappings["source"], &mappings["mappings"][0]["error"]),
        (&json!("cache"), &json!("PoolDry"))
    );
    let note = desk.read(["pending"]).await;
    assert!(note.stderr.contains("as of") && note.stdout.contains(request.as_str()), "{note:?}");
}

#[tokio::test]
async fn with_nobody_there_a_decision_ends_with_5_and_leaves_nothing_queued() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.show(&request).await;
    desk.platform.go_down().await;
    assert_eq!(desk.approve_as_shown(&request, &[]).await.code, 5);
    assert_eq!(desk.ask(["reject", request.as_str(), "--reason", "not now"]).await.code, 5);
    desk.platform.come_back().await;
    let watch = desk.watch().await;
    assert_eq!(desk.pending().await, [request.as_str()]);
    watch.terminate().await;
    desk.nothing_was_sent();
}

#[tokio::test]
async fn history_and_receipts_need_nobody() {
    let desk = Desk::open().await;
    let request = desk.raise(0.41, &["look"]);
    desk.approve(&request, &[]).await.done();
    desk.platform.go_down().await;
    let found = desk.ask(["history", "search", request.as_str()]).await.done();
    assert!(found["count"].as_u64().is_some_and(|count| count > 0), "{found}");
    assert_eq!(desk.ask(["receipts", "verify"]).await.done()["ok"], true);
}

#[tokio::test]
async fn a_viewer_names_the_pipeline_by_hand_and_sees_what_waits_there() {
    let desk = Desk::of("vera@ledger.test").await;
    let request = desk.raise(0.41, &["look"]);
    let pipeline = desk.pipeline.as_str();
    assert_eq!(desk.pending().await, Vec::<String>::new());
    let listed = desk.ask(["pending", "--pipeline", pipeline]).await.done();
    assert_eq!(ids(&listed), [request.as_str()]);
    let shown = desk.ask(["show", request.as_str(), "--pipeline", pipeline]).await.done();
    assert_eq!(shown["pipeline_id"], json!(pipeline));
    let runbooks = desk.ask(["runbooks", "list", "--pipeline", pipeline]).await.done();
    assert_eq!(runbooks["total"], 4);
}

#[tokio::test]
async fn a_viewer_who_names_the_pipeline_watches_it_and_a_command_beside_sees_it_too() {
    let desk = Desk::of("vera@ledger.test").await;
    let mut watch = desk.run(["watch", "--pipeline", desk.pipeline.as_str()]).spawn().await;
    watch.wait_for(Stream::Out, LINE, is_live).await;
    let request = desk.raise(0.41, &["look"]);
    watch.wait_for(Stream::Out, LINE, |line| line.contains("approval_required")).await;
    assert_eq!(desk.pending().await, [request.as_str()]);
}

#[tokio::test]
async fn a_pipeline_that_may_not_be_read_is_not_remembered() {
    let desk = Desk::of("sven@ledger.test").await;
    assert_eq!(desk.ask(["runbooks", "list", "--pipeline", desk.pipeline.as_str()]).await.code, 8);
    assert_eq!(desk.ask(["runbooks", "list", "--pipeline", "xyz"]).await.code, 3);
    let all = desk.ask(["runbooks", "list"]).await.done();
    assert_eq!(all["total"], 0, "neither is asked again: {all}");
}

#[tokio::test]
async fn a_stranger_is_told_that_it_is_not_allowed() {
    let desk = Desk::of("sven@ledger.test").await;
    let request = desk.raise(0.41, &["look"]);
    let pipeline = desk.pipeline.as_str();
    for command in [vec!["runbooks", "list"], vec!["show", request.as_str()]] {
        let answer = desk.ask(command.iter().copied().chain(["--pipeline", pipeline])).await;
        assert!(answer.refused(8).contains("not allowed"), "{command:?}: {answer:?}");
    }
    let reject = ["reject", request.as_str(), "--reason", "not mine", "--pipeline", pipeline];
    assert_eq!(desk.ask(reject).await.code, 8);
    desk.nothing_was_sent();
    assert_eq!(desk.pending().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_change_needs_its_pipeline_named_where_there_are_several() {
    let desk = Desk::open().await;
    let other = desk.platform.add_pipeline("payroll");
    let request = desk.raise(0.41, &["look"]);
    let reject = ["reject", request.as_str(), "--reason", "not now"];
    let answer = desk.ask(reject).await;
    assert!(answer.refused(2).contains("--pipeline"), "{answer:?}");
    let wrong = desk.ask(reject.into_iter().chain(["--pipeline", other.as_str()])).await;
    assert_eq!(wrong.code, 3, "it is not in there: {wrong:?}");
    desk.nothing_was_sent();
    desk.ask(reject.into_iter().chain(["--pipeline", desk.pipeline.as_str()])).await.done();
    assert_eq!(desk.platform.decisions().len(), 1);
}

#[tokio::test]
async fn an_entry_without_its_action_in_the_registry_is_shown_as_unknown_and_of_high_risk() {
    let desk = Desk::open().await;
    desk.platform.add_action(&desk.pipeline, Action::low("fleeting"));
    let request = desk.raise(0.41, &["fleeting"]);
    desk.platform.edit_action(&desk.pipeline, &"fleeting".into(), |entry| {
        entry["action_id"] = json!("renamed");
    });
    let shown = desk.show(&request).await;
    assert_eq!(shown["actions"][0]["effect"], json!({"kind": "undisclosed", "entry": null}));
    assert_eq!(shown["actions"][0]["risk_level"], "high");
    let answer = desk.approve_as_shown(&request, &[]).await;
    assert_eq!(answer.code, 2, "its target must be named: {answer:?}");
    desk.nothing_was_sent();
}

#[tokio::test]
async fn runbooks_show_gives_one_entry_and_an_unknown_one_is_no_such_thing() {
    let desk = Desk::open().await;
    let shown = desk.ask(["runbooks", "show", "restart"]).await.done();
    assert_eq!((&shown["action_id"], &shown["risk_level"]), (&json!("restart"), &json!("high")));
    assert_eq!((&shown["version"], &shown["secrets"]), (&json!(0), &json!([])));
    assert_eq!(desk.ask(["runbooks", "show", "nothing"]).await.code, 3);
}
