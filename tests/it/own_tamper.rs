//! What was shown is what is decided (rule 3): a character changed between gateway and view, and the decision does not
//! leave. And what a foreign hand puts into the stream does not end it.

use crate::own_digest::digest;
use crate::support_caller::SOON;
use serde_json::{Value, json};
use support::seat::until_told;
use support::stage::{OWNER, PIPELINE, STUCK, Stage};
use support::{Finished, Proxy, Seat, Stream, eventually};

/// The place of the effect that is lied about, and the lie: one character.
fn one_character(stage: &Stage) -> (String, String) {
    let port = stage.target.origin().rsplit(':').next().unwrap().to_owned();
    (format!("{port}/restart"), format!("{port}/restarT"))
}

/// Decided nothing, called nothing, sent nothing.
async fn nothing_left(stage: &Stage, proxy: &Proxy, id: &str) {
    assert!(!proxy.sent().contains("/remediate/approve"), "the decision left the console");
    assert!(stage.target.calls().is_empty());
    assert_eq!(stage.approval(id).await["status"], "pending");
}

fn is_conflict(ended: &Finished) {
    assert_eq!(ended.code, Some(4), "{ended:?}");
}

#[tokio::test]
async fn rule_3_a_changed_character_between_gateway_and_view_is_told_and_not_decided() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let (truth, lie) = one_character(&stage);
    proxy.replace(&truth, &lie);
    let seat = Seat::new(&proxy.origin(), OWNER);
    let id = stage.raise(STUCK).await;

    let shown = seat.ends(0, ["show", &id]).await;
    assert!(shown.stdout.contains("/restarT"), "what arrived is what is shown: {shown:?}");
    let warned = format!("{}{}", shown.stdout, shown.stderr);
    assert!(warned.contains("digest does not fit"), "{warned}");
    let told = seat.json(0, ["show", &id]).await;
    assert_eq!(told["digest"], digest(&told), "the digest is that of what is shown");
    let held = stage.approval(&id).await["digest"].clone();
    assert_eq!(told["gateway_digest"], held, "and a program can see that the gateway holds another: {told}");

    is_conflict(&seat.run(["--json", "approve", &id, "--yes"]).await);
    is_conflict(&seat.run(["--json", "approve", &id, "--yes", "--digest", held.as_str().unwrap()]).await);
    is_conflict(
        &seat.run(["--json", "approve", &id, "--yes", "--digest", told["digest"].as_str().unwrap()]).await,
    );
    nothing_left(&stage, &proxy, &id).await;
}

#[tokio::test]
async fn rule_3_a_character_changed_after_the_look_is_not_decided_either() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let seat = Seat::new(&proxy.origin(), OWNER);
    let watch = seat.watch().await;
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    let (truth, lie) = one_character(&stage);
    proxy.replace(&truth, &lie);
    is_conflict(&seat.run(["--json", "approve", &id, "--yes"]).await);
    nothing_left(&stage, &proxy, &id).await;
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn a10_a_lie_with_a_digest_that_fits_it_is_stopped_by_the_gateway() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let id = stage.raise(STUCK).await;
    let (truth, lie) = one_character(&stage);
    let held = stage.approval(&id).await;
    let mut forged = held.clone();
    let url = forged["actions"][0]["effect"]["url"].as_str().unwrap().replace(&truth, &lie);
    forged["actions"][0]["effect"]["url"] = json!(url);
    proxy.replace(&truth, &lie);
    proxy.replace(held["digest"].as_str().unwrap(), &digest(&forged));

    let seat = Seat::new(&proxy.origin(), OWNER);
    let shown = seat.json(0, ["show", &id]).await;
    assert_eq!(shown["digest"], digest(&forged), "the lie is perfect from here");
    let ended = seat.run(["--json", "approve", &id, "--yes"]).await;
    is_conflict(&ended);
    // It left with the digest of what was shown, and that is what the gateway refused.
    assert!(proxy.sent().contains(&digest(&forged)));
    assert!(stage.target.calls().is_empty());
    assert_eq!(stage.approval(&id).await["status"], "pending");
}

#[tokio::test]
async fn f18_a_bad_frame_is_counted_and_never_ends_the_stream() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let seat = Seat::new(&proxy.origin(), OWNER);
    let mut watch = seat.watch().await;
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let unclean =
        json!({"event": "notification", "data": {"type": "approval_required", "data": 7}}).to_string();
    for junk in [
        "{not json".as_bytes(),
        b"",
        b"null",
        b"[]",
        b"{\"event\":7}",
        b"{\"event\":\"notification\"}",
        b"{\"event\":\"notification\",\"seq\":-1,\"data\":[]}",
        b"{\"event\":\"martian\",\"data\":{\"type\":\"greeting\"}}",
        b"\xff\xfe\x00 no text at all",
        deep.as_bytes(),
        unclean.as_bytes(),
    ] {
        // Not UTF-8 in a text frame: the one case in which RFC 6455 demands the end of the connection.
        if std::str::from_utf8(junk).is_ok() {
            proxy.inject(junk);
        }
    }
    let id = stage.raise(STUCK).await;
    let line = until_told(&mut watch, "approval_required", &id).await;
    assert_eq!(line["data"]["data"]["digest"], stage.approval(&id).await["digest"]);
    assert_eq!(proxy.upgrades(), 1, "the stream was ended by a bad frame");
    assert_eq!(seat.show_and_approve(&id, &[]).await.code, Some(0));
    let ended = watch.terminate().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for line in ended.stdout.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[tokio::test]
async fn a_frame_that_is_no_text_at_all_costs_a_reconnect_and_no_event() {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let seat = Seat::new(&proxy.origin(), OWNER);
    let mut watch = seat.watch().await;
    proxy.inject(b"\xff\xfe\xfd");
    let id = stage.raise(STUCK).await;
    until_told(&mut watch, "approval_required", &id).await;
    let again = async || (support::seat::states(&watch.lines(Stream::Out)).last()? == "live").then_some(());
    eventually(SOON * 3, again).await;
    assert_eq!(seat.show_and_approve(&id, &[]).await.code, Some(0));
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn rule_8_a13_the_identity_is_the_session_s_and_never_the_bodys() {
    let stage = Stage::ready().await;
    let id = stage.raise(STUCK).await;
    let owner = support::Account::sign_in(stage.gateway.origin(), OWNER).await;
    let body = json!({"request_id": id, "approved": true, "approved_by": "ceo@ledger.test",
        "shown_digest": stage.approval(&id).await["digest"]});
    let (status, answer) = owner.post(&format!("/agentic/{PIPELINE}/runbook/remediate/approve"), &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(stage.approval(&id).await["decided_by"], OWNER);
    let shown = stage.seat().json(0, ["show", &id]).await;
    assert_eq!(shown["decided_by"], OWNER);
}
