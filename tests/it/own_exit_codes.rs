//! The exit codes that a terminal alone brings about: usage, no such thing, sign-in, not allowed, a failed action.

use serde_json::{Value, json};
use support::account::PASSWORD;
use support::bins::Bin;
use support::seat::refused;
use support::stage::{ADMIN, FULL, OTHER, OWNER, SLOW, STUCK, Stage, VIEWER, raise};
use support::target::Fault;
use support::{Account, Home, Run, Seat};

#[tokio::test]
async fn exit_2_usage_is_told_before_anything_is_sent() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let (id, high) = (stage.raise(STUCK).await, stage.raise(FULL).await);
    seat.ends(0, ["show", &id]).await;
    seat.ends(0, ["show", &high]).await;
    for wrong in [
        vec!["approve", id.as_str()],
        vec!["approve", &id, "--yes", "--now"],
        vec!["approve", "--yes"],
        vec!["approve", &id, "--yes", "--wait", "soon"],
        vec!["reject", &id],
        vec!["reject", &id, "--reason", ""],
        vec!["reject", &id, "--reason", "  \t "],
        vec!["reject", &id, "--reason", "no"],
        vec!["reject", &id, "--reason", "-- ?! --"],
        vec!["stop", &id, "--reason", "\u{200b}\u{200b}\u{200b}"],
        vec!["frobnicate"],
        vec!["history", "search", "x", "--limit", "-1"],
        vec![],
    ] {
        let ended = seat.run(std::iter::once("--json").chain(wrong.iter().copied())).await;
        assert_eq!(ended.code, Some(2), "{wrong:?}: {ended:?}");
        ended.error();
    }
    assert_eq!(stage.approval(&id).await["status"], "pending");
    assert!(stage.target.calls().is_empty());
}

#[tokio::test]
async fn exit_2_a_high_risk_action_wants_its_target_typed_and_only_the_right_one() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(FULL).await;
    // The decision covers only the harmless first action: a target of the request may be named all the same, another
    // may not.
    seat.ends(0, ["show", &id]).await;
    refused(&seat.run(["--json", "approve", &id, "--yes", "--target", "payroll"]).await, 2, &["payroll"]);
    assert!(stage.target.calls().is_empty());
    seat.ends(0, ["approve", &id, "--yes", "--target", "ledger"]).await;
    seat.ends(0, ["show", &id]).await;
    let high = ["--json", "approve", &id, "--action", "drop-snapshots", "--yes"];
    refused(&seat.run(high).await, 2, &["ledger", "--target"]);
    for wrong in ["payroll", "Ledger", "ledger ", ""] {
        refused(&seat.run(high.into_iter().chain(["--target", wrong])).await, 2, &["ledger"]);
    }
    assert_eq!(stage.target.count("/snapshots"), 0);
    seat.ends(0, high.into_iter().chain(["--target", "ledger"])).await;
    assert_eq!(stage.target.count("/snapshots"), 1);
}

#[tokio::test]
async fn exit_2_a_change_needs_its_pipeline_named_where_there_are_several() {
    let stage = Stage::ready().await;
    let (status, made) = stage
        .admin
        .post(
            "/workflows",
            &json!({"id": "second", "name": "Second", "owner_ids": [OWNER], "viewer_ids": []}),
        )
        .await;
    assert!(status == 200 || status == 201, "{status} {made}");
    let seat = stage.seat();
    let id = stage.raise(STUCK).await;
    // A list shows all without it.
    assert_eq!(seat.json(0, ["pending"]).await["count"], 1);
    seat.ends(0, ["show", &id]).await;
    for change in [
        vec!["--json", "approve", id.as_str(), "--yes"],
        vec!["--json", "reject", &id, "--reason", "not now"],
        vec!["--json", "stop", &id, "--reason", "not now"],
    ] {
        refused(&seat.run(change).await, 2, &["--pipeline", "default", "second"]);
    }
    refused(&seat.run(["--json", "--pipeline", "second", "approve", &id, "--yes"]).await, 3, &[&id]);
    assert!(stage.target.calls().is_empty());
    seat.ends(0, ["--pipeline", "default", "approve", &id, "--yes"]).await;
    assert_eq!(stage.target.count("/restart"), 1);
}

#[tokio::test]
async fn exit_3_what_is_not_there_is_named() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    let unknown = "APR-0000000000000000";
    refused(&seat.run(["--json", "show", unknown]).await, 3, &[unknown]);
    refused(&seat.run(["--json", "approve", unknown, "--yes"]).await, 3, &[unknown]);
    refused(&seat.run(["--json", "reject", unknown, "--reason", "not now"]).await, 3, &[unknown]);
    refused(&seat.run(["--json", "stop", unknown, "--reason", "not now"]).await, 3, &[unknown]);
    refused(&seat.run(["--json", "approve", &id, "--action", "reformat", "--yes"]).await, 3, &["reformat"]);
    refused(&seat.run(["--json", "runbooks", "show", "reformat"]).await, 3, &["reformat"]);
    refused(&seat.run(["--json", "--pipeline", "nowhere", "approve", &id, "--yes"]).await, 3, &[]);
    assert!(stage.target.calls().is_empty());
}

#[tokio::test]
async fn exit_6_nobody_decides_without_being_signed_in() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(STUCK).await;
    let wrong = seat.holdctl_as(OWNER, "wrong horse", ["--json", "pending"]).output().await;
    refused(&wrong, 6, &["password"]);
    refused(&seat.holdctl_as(OWNER, "wrong horse", ["--json", "login"]).output().await, 6, &["password"]);
    let stranger = seat.holdctl_as("nobody@ledger.test", PASSWORD, ["--json", "status"]).output().await;
    assert_eq!(stranger.code, Some(6), "{stranger:?}");
    let bare = |args: [&'static str; 2]| {
        Run::holdctl(seat.home()).env("HOLDPOINT_GATEWAY", stage.gateway.origin()).args(["--json"]).args(args)
    };
    refused(&bare(["show", "APR-1"]).output().await, 6, &["HOLDPOINT_EMAIL"]);
    refused(&bare(["watch", "--for=1"]).output().await, 6, &["HOLDPOINT_EMAIL"]);
    // The right one still gets in.
    seat.ends(0, ["show", &id]).await;
}

#[tokio::test]
async fn exit_6_another_account_does_not_decide_on_the_same_data() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(STUCK).await;
    let watch = seat.watch().await;
    seat.ends(0, ["show", &id]).await;
    for refused_one in [vec!["--json", "pending"], vec!["--json", "approve", id.as_str(), "--yes"]] {
        let ended = seat.holdctl_as(OTHER, PASSWORD, refused_one).output().await;
        refused(&ended, 6, &[OWNER]);
    }
    assert!(stage.target.calls().is_empty());
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn exit_8_a_viewer_sees_but_does_not_decide() {
    let stage = Stage::ready().await;
    let seat = stage.seat_of(VIEWER);
    let id = stage.raise(STUCK).await;
    assert_eq!(seat.json(0, ["pending"]).await["count"], 1);
    seat.ends(0, ["show", &id]).await;
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 8, &["not decide"]);
    refused(&seat.run(["--json", "reject", &id, "--reason", "not now"]).await, 8, &["not decide"]);
    assert_eq!(stage.approval(&id).await["status"], "pending");
    assert!(stage.target.calls().is_empty());
}

#[tokio::test]
async fn exit_8_who_asked_does_not_approve_a14() {
    let stage = Stage::ready().await;
    let owner = Account::sign_in(stage.gateway.origin(), OWNER).await;
    let id = raise(&owner, STUCK, json!({})).await;
    let seat = stage.seat();
    seat.ends(0, ["show", &id]).await;
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 8, &[]);
    assert!(stage.target.calls().is_empty());
    // Nor does an administrator's own request get through by rank.
    let own = raise(&stage.admin, STUCK, json!({})).await;
    let admin = stage.seat_of(ADMIN);
    admin.ends(0, ["show", &own]).await;
    refused(&admin.run(["--json", "approve", &own, "--yes"]).await, 8, &[]);
    // Somebody else may.
    assert_eq!(stage.seat_of(OTHER).show_and_approve(&id, &[]).await.code, Some(0));
    assert_eq!(stage.target.count("/restart"), 1);
}

#[tokio::test]
async fn exit_9_decided_but_an_action_failed_rule_12() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let failed = async |error: &str| -> Value {
        let id = stage.raise(error).await;
        seat.ends(0, ["show", &id]).await;
        seat.json(9, ["approve", &id, "--yes"]).await
    };
    stage.target.fail("/restart", Fault::Answer(500, "broken".into()));
    let told = failed(STUCK).await;
    let result = &told["execution_results"][0];
    assert_eq!((&result["outcome"], &result["result"]["status_code"]), (&json!("failed"), &json!(500)));
    assert_eq!((&told["overall_success"], &told["status"]), (&json!(false), &json!("failed")));

    stage.target.fail("/restart", Fault::Answer(404, "{\"status\":\"success\"}".into()));
    let told = failed(STUCK).await;
    assert_eq!(told["execution_results"][0]["outcome"], "failed");

    // What follows a failed action is not run, and is not called done.
    stage.target.fail("/health", Fault::Answer(503, "busy".into()));
    stage.target.mend("/restart");
    let before = stage.target.count("/restart");
    let told = failed(SLOW).await;
    let results = told["execution_results"].as_array().unwrap();
    assert_eq!(results[0]["outcome"], "failed", "{told}");
    assert!(results.iter().skip(1).all(|result| result["outcome"] == "skipped"), "{told}");
    assert_eq!(stage.target.count("/restart"), before);

    // A chain that may go on ends as completed, and yet not as a success.
    stage.edit_action("read-health", |entry| entry["on_failure"] = json!("continue")).await;
    let told = failed(SLOW).await;
    let outcomes: Vec<&Value> =
        told["execution_results"].as_array().unwrap().iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, [&json!("failed"), &json!("succeeded")]);
    assert_eq!((&told["status"], &told["overall_success"]), (&json!("executed"), &json!(false)));

    // The service hung up after it had been called: the text says what failed, too.
    stage.target.fail("/restart", Fault::Reset);
    let id = stage.raise(STUCK).await;
    let ended = seat.show_and_approve(&id, &[]).await;
    assert_eq!(ended.code, Some(9), "{ended:?}");
    assert!(ended.stdout.contains("failed"), "{ended:?}");
}

#[tokio::test]
async fn without_a_gateway_or_a_home_it_says_what_to_do() {
    let home = Home::new();
    let nowhere = Run::holdctl(&home).args(["--json", "pending"]).output().await;
    refused(&nowhere, 2, &["HOLDPOINT_GATEWAY"]);
    let version = Run::new(Bin::Holdctl, &home).args(["--version"]).output().await;
    assert_eq!((version.code, version.stderr.as_str()), (Some(0), ""));
    assert!(version.stdout.starts_with("holdctl "));
    let help = Run::new(Bin::Holdctl, &home).args(["--help"]).output().await;
    assert_eq!(help.code, Some(0));
    for command in ["watch", "pending", "show", "approve", "reject", "stop", "receipts", "doctor"] {
        assert!(help.stdout.contains(command), "{command}");
    }
    // History and receipts need no gateway, not even a data directory.
    let seat = Seat::new("http://127.0.0.1:1", OWNER);
    assert_eq!(seat.json(0, ["history", "search", "x"]).await["count"], 0);
    assert_eq!(seat.json(0, ["receipts", "verify"]).await["count"], 0);
}
