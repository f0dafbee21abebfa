//! Exit codes 4, 5 and 7: decided by somebody else, changed, expired, unreachable, unknown.

use crate::own_digest::digest;
use crate::support_caller::SOON;
use gateway::Role;
use serde_json::{Value, json};
use support::seat::refused;
use support::stage::{ADMIN, MACHINE, OTHER, OWNER, PIPELINE, SLOW, STUCK, Stage, prepare, raise};
use support::{Account, Embedded, Seat, Target, eventually};

#[tokio::test]
async fn exit_4_a_decided_request_names_who_decided_it_rule_6() {
    let stage = Stage::ready().await;
    let (seat, other) = (stage.seat(), stage.seat_of(OTHER));
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    assert_eq!(other.show_and_approve(&id, &[]).await.code, Some(0));
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 4, &[OTHER]);
    refused(&seat.run(["--json", "reject", &id, "--reason", "too late"]).await, 4, &[OTHER]);
    refused(&seat.run(["--json", "stop", &id, "--reason", "too late"]).await, 4, &[]);
    assert_eq!(stage.target.count("/restart"), 1);

    let rejected = stage.raise(STUCK).await;
    seat.ends(0, ["show", &rejected]).await;
    other.ends(0, ["reject", &rejected, "--reason", "not today"]).await;
    refused(&seat.run(["--json", "approve", &rejected, "--yes"]).await, 4, &[OTHER, "rejected"]);
    assert_eq!(stage.target.count("/restart"), 1);
}

#[tokio::test]
async fn f25_two_consoles_at_once_one_wins_and_the_other_is_told_who() {
    let stage = Stage::ready().await;
    let (seat, other) = (stage.seat(), stage.seat_of(OTHER));
    for _ in 0..3 {
        let id = stage.raise(STUCK).await;
        let before = stage.target.count("/restart");
        let (one, two) = tokio::join!(seat.ends(0, ["show", &id]), other.ends(0, ["show", &id]));
        assert_eq!((one.code, two.code), (Some(0), Some(0)));
        let approve = ["--json", "approve", id.as_str(), "--yes"];
        let (one, two) = tokio::join!(seat.run(approve), other.run(approve));
        let (winner, loser, name) = if one.code == Some(0) { (one, two, OWNER) } else { (two, one, OTHER) };
        assert_eq!(winner.code, Some(0), "{winner:?} {loser:?}");
        refused(&loser, 4, &[name]);
        assert_eq!(stage.target.count("/restart"), before + 1);
    }
}

#[tokio::test]
async fn exit_4_what_was_never_shown_here_is_not_approved_and_a_wrong_digest_is_none_rule_3() {
    let stage = Stage::ready().await;
    let (seat, other) = (stage.seat(), stage.seat_of(OTHER));
    let id = stage.raise(STUCK).await;
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 4, &["show"]);
    // Being listed, or shown on another screen, is not being shown here.
    seat.ends(0, ["pending"]).await;
    other.ends(0, ["show", &id]).await;
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 4, &["show"]);
    let wrong = format!("sha-256:{}", "0".repeat(64));
    refused(&seat.run(["--json", "approve", &id, "--yes", "--digest", &wrong]).await, 4, &[]);
    seat.ends(0, ["show", &id]).await;
    for wrong in [wrong.as_str(), "sha-256:", "", "0"] {
        let ended = seat.run(["--json", "approve", &id, "--yes", "--digest", wrong]).await;
        assert!(matches!(ended.code, Some(2 | 4)), "{wrong}: {ended:?}");
        ended.error();
    }
    assert!(stage.target.calls().is_empty());
    assert_eq!(stage.approval(&id).await["status"], "pending");
    // The right one needs no look of this data directory's own.
    let digest = digest(&stage.approval(&id).await);
    let fresh = stage.seat();
    fresh.ends(0, ["approve", &id, "--yes", "--digest", &digest]).await;
    assert_eq!(stage.target.count("/restart"), 1);
}

#[tokio::test]
async fn f26_a_plan_changed_after_the_look_is_not_approved_until_it_is_looked_at_again() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(STUCK).await;
    let before = seat.json(0, ["show", &id]).await;
    stage.edit_action("restart-ledger", |entry| entry["execution"]["path"] = json!("/restart/hard")).await;
    refused(
        &seat.run(["--json", "approve", &id, "--yes"]).await,
        4,
        &["no longer what was shown", "holdctl show", "restart-ledger: url", "/restart/hard"],
    );
    // Told once more as long as nobody has looked.
    refused(
        &seat.run(["--json", "approve", &id, "--yes"]).await,
        4,
        &["no longer what was shown", "holdctl show"],
    );
    assert!(stage.target.calls().is_empty());
    let after = seat.json(0, ["show", &id]).await;
    assert_ne!(before["digest"], after["digest"]);
    assert_eq!((&after["revision"], before["revision"].as_u64()), (&json!(2), Some(1)));
    // The old digest named by hand is no way around.
    let old = before["digest"].as_str().unwrap();
    refused(
        &seat.run(["--json", "approve", &id, "--yes", "--digest", old]).await,
        4,
        &["no longer what was shown", "holdctl show"],
    );
    seat.ends(0, ["approve", &id, "--yes"]).await;
    assert_eq!((stage.target.count("/restart"), stage.target.count("/restart/hard")), (0, 1));
}

#[tokio::test]
async fn a9_a_plan_changed_under_a_running_watch_is_not_approved_either() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let mut watch = seat.watch().await;
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    stage.edit_action("restart-ledger", |entry| entry["execution"]["path"] = json!("/restart/hard")).await;
    support::seat::until_told(&mut watch, "approval_changed", &id).await;
    refused(
        &seat.run(["--json", "approve", &id, "--yes"]).await,
        4,
        &["no longer what was shown", "holdctl show"],
    );
    assert!(stage.target.calls().is_empty());
}

#[tokio::test]
async fn f27_an_expired_request_is_not_approved_rule_6() {
    let people = [(ADMIN, Role::Admin), (OWNER, Role::Owner), (MACHINE, Role::Machine)];
    let gateway = Embedded::start(&people, |config| config.approval_ttl_s = 2).await;
    let target = Target::start().await;
    let admin = Account::sign_in(gateway.origin(), ADMIN).await;
    prepare(&admin, &target).await;
    let machine = Account::sign_in(gateway.origin(), MACHINE).await;
    let seat = Seat::new(gateway.origin(), OWNER);
    let id = raise(&machine, STUCK, json!({})).await;
    seat.ends(0, ["show", &id]).await;
    let path = format!("/agentic/{PIPELINE}/runbook/approvals/{id}");
    let expired =
        async || (admin.get(&path).await.1["approval_request"]["status"] == "expired").then_some(());
    eventually(SOON, expired).await;
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 4, &["expired"]);
    refused(&seat.run(["--json", "reject", &id, "--reason", "too late"]).await, 4, &["expired"]);
    let shown = seat.json(0, ["show", &id]).await;
    assert_eq!(shown["status"], "expired");
    assert!(target.calls().is_empty());
}

#[tokio::test]
async fn exit_5_without_the_gateway_nothing_is_sent_and_nothing_is_left_queued() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    let (id, second) = (stage.raise(STUCK).await, stage.raise(SLOW).await);
    seat.ends(0, ["show", &id]).await;
    seat.ends(0, ["show", &second]).await;
    for list in [["runbooks", "list"], ["mappings", "list"]] {
        seat.ends(0, list).await;
    }
    stage.gateway.kill_9().await;

    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 5, &["nothing was sent"]);
    refused(&seat.run(["--json", "reject", &second, "--reason", "not now"]).await, 5, &["nothing was sent"]);
    refused(&seat.run(["--json", "stop", &second, "--reason", "not now"]).await, 5, &["nothing was sent"]);

    let cached = |value: &Value| {
        assert_eq!(value["source"], "cache", "{value}");
        assert!(value["as_of"].as_str().is_some_and(|at| at.ends_with('Z')), "{value}");
    };
    let pending = seat.json(5, ["pending"]).await;
    cached(&pending);
    assert_eq!(pending["count"], 2);
    let shown = seat.json(5, ["show", &id]).await;
    cached(&shown);
    assert_eq!(
        (&shown["request_id"], digest(&shown)),
        (&json!(id), shown["digest"].as_str().unwrap().to_owned())
    );
    for list in [["runbooks", "list"], ["mappings", "list"]] {
        cached(&seat.json(0, list).await);
        let said = seat.ends(0, list).await;
        assert!(said.stderr.contains("as of"), "the age is told: {said:?}");
    }
    cached(&seat.json(0, ["runbooks", "show", "restart-ledger"]).await);
    seat.ends(5, ["status"]).await;
    seat.ends(5, ["doctor"]).await;
    seat.ends(0, ["history", "search", &id]).await;

    // Back again: nobody finds a decision that waited.
    stage.gateway.restart().await;
    let watch = seat.watch().await;
    assert_eq!(seat.json(0, ["pending"]).await["count"], 2);
    watch.terminate().await;
    assert!(stage.target.calls().is_empty());
    for id in [&id, &second] {
        assert_eq!(stage.approval(id).await["status"], "pending");
    }
    assert_eq!(seat.run(["approve", &id, "--yes"]).await.code, Some(0));
}

#[tokio::test]
async fn exit_5_under_a_running_watch_too() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    let watch = seat.watch().await;
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    stage.gateway.kill_9().await;
    refused(&seat.run(["--json", "approve", &id, "--yes"]).await, 5, &["nothing was sent"]);
    refused(&seat.run(["--json", "reject", &id, "--reason", "not now"]).await, 5, &["nothing was sent"]);
    stage.gateway.restart().await;
    // The watch's own engine sends nothing after it is back.
    let live_again = async || {
        let states = support::seat::states(&watch.lines(support::Stream::Out));
        (states.iter().filter(|state| *state == "live").count() >= 2).then_some(())
    };
    eventually(SOON * 3, live_again).await;
    assert_eq!(stage.approval(&id).await["status"], "pending");
    assert!(stage.target.calls().is_empty());
}

#[tokio::test]
async fn exit_7_an_outcome_that_nobody_knows_is_said_to_be_unknown_rule_5() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(SLOW).await;
    seat.ends(0, ["show", &id]).await;
    stage.target.hold("/restart");
    let waited = seat.run(["--json", "approve", &id, "--yes", "--wait", "1"]).await;
    refused(&waited, 7, &[&id]);
    let started = async || (stage.target.count("/restart") == 1).then_some(());
    eventually(SOON, started).await;
    stage.gateway.kill_9().await;
    stage.target.release("/restart");
    stage.gateway.restart().await;

    // The gateway died in mid-action: it does not know, and nothing is run again.
    let shown = seat.json(0, ["show", &id]).await;
    assert_eq!(shown["status"], "interrupted", "{shown}");
    // Deciding again makes no new decision: it joins the one that is still open here, and is refused once its end is known.
    let again = seat.run(["--json", "approve", &id, "--yes"]).await;
    match again.code {
        Some(7) => assert_eq!(again.json()["status"], "interrupted", "{again:?}"),
        _ => refused(&again, 4, &["interrupted", "Nothing was sent"]),
    }
    let watch = seat.watch().await;
    let settled = async || {
        let history = seat.json(0, ["history", "search", &id, "--limit", "100"]).await;
        let entries = history["entries"].as_array()?.clone();
        let decision = entries.into_iter().find(|entry| entry["kind"] == "decision")?;
        (decision["state"] == "observed").then_some(decision)
    };
    let decision = eventually(SOON * 2, settled).await;
    assert_eq!(decision["status"], "interrupted", "{decision}");
    let outcomes: Vec<&Value> =
        decision["execution_results"].as_array().unwrap().iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, [&json!("succeeded"), &json!("unknown")], "{decision}");
    watch.terminate().await;
    assert_eq!((stage.target.count("/health"), stage.target.count("/restart")), (1, 1));
    seat.ends(0, ["receipts", "verify"]).await;
}

#[tokio::test]
async fn exit_7_the_gateway_dies_while_an_approve_waits_for_its_outcome() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    stage.target.hold("/restart");
    let approve = seat.holdctl(["--json", "approve", &id, "--yes", "--wait", "5"]).spawn().await;
    eventually(SOON, async || (stage.target.count("/restart") == 1).then_some(())).await;
    stage.gateway.kill_9().await;
    refused(&approve.finish().await, 7, &[&id]);
    stage.target.release("/restart");
    assert_eq!(stage.target.count("/restart"), 1);
}

#[tokio::test]
async fn f31_deciding_twice_at_once_is_one_decision_rule_4() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let watch = seat.watch().await;
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    stage.target.hold("/restart");
    let approve = ["--json", "approve", id.as_str(), "--yes"];
    let first = seat.holdctl(approve).spawn().await;
    eventually(SOON, async || (stage.target.count("/restart") == 1).then_some(())).await;
    // Its decision is still open: a second one joins it.
    let second = seat.holdctl(approve).spawn().await;
    let third = seat.run(["--json", "approve", &id, "--yes", "--wait", "1"]).await;
    assert_eq!(third.code, Some(7), "{third:?}");
    stage.target.release("/restart");
    let (first, second) = (first.finish().await, second.finish().await);
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{first:?} {second:?}");
    assert_eq!(first.json()["decision"], second.json()["decision"]);
    assert_eq!(stage.target.count("/restart"), 1);
    assert_eq!(watch.terminate().await.code, Some(0));
}
