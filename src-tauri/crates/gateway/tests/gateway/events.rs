//! The stream of CONTRACT 2.

use crate::support::{House, runbook, yes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn reason(frames: &[Value]) -> &str {
    assert_eq!(frames[0]["event"], "reset", "{frames:?}");
    frames[0]["data"]["reason"].as_str().expect("a reason")
}

/// Every event follows the one before it on its topic.
fn assert_chained(events: &[Value]) {
    let mut heads: BTreeMap<String, u64> = BTreeMap::new();
    let mut last = 0;
    for event in events {
        let seq = event["seq"].as_u64().expect("a seq");
        let topic = event["topic"].as_str().expect("a topic").to_owned();
        assert!(seq > last, "{seq} after {last}");
        assert_eq!(event["prev_seq"].as_u64(), Some(heads.insert(topic, seq).unwrap_or(0)));
        last = seq;
    }
}

#[tokio::test]
async fn hello_tells_where_the_stream_is_and_only_of_what_one_may_see() {
    let house = House::open().await;
    house.furnished().await;
    house.asked("CacheStale").await;
    let snapshot = house.caller("viewer").await.get("/snapshot").await.expect(200);
    let (_, frames) = house.caller("viewer").await.resumed(json!({"last_seq": null})).await;
    assert_eq!(reason(&frames), "new");
    assert_eq!(frames[1]["seq"], snapshot["as_of_seq"]);
    assert_eq!(snapshot["topics"]["payments"], snapshot["as_of_seq"]);
    assert_eq!(snapshot["approvals"].as_array().expect("a list").len(), 1);
    let mut stranger = house.caller("stranger").await.live().await;
    stranger.say(json!({"type": "ping"})).await;
    assert_eq!(stranger.next().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn f12_what_was_missed_comes_once_in_order_and_what_comes_live_joins_it() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let first = house.asked("CacheStale").await;
    let seen = live.event("approval_required").await;
    owner.decide(&yes(&first)).await.expect(200);
    house.asked("PoolExhausted").await;
    let epoch = owner.get("/snapshot").await.expect(200)["epoch"].clone();
    let cursor = json!({"epoch": epoch, "last_seq": seen["seq"], "last_id": seen["id"]});
    let (mut socket, mut frames) = owner.resumed(cursor).await;
    let drained = frames.pop().expect("drained");
    let kinds: Vec<_> = frames.iter().map(|f| f["data"]["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["approval_decided", "execution_progress", "execution_completed", "approval_required"]);
    assert_eq!(drained["seq"], frames[3]["seq"]);
    house.asked("DiskFull").await;
    let next = socket.next().await;
    assert_eq!(next["prev_seq"], frames[3]["seq"]);
    let page = owner.get("/events?limit=1000").await.expect(200);
    let all = page["events"].as_array().expect("a list").clone();
    assert_chained(&all);
    assert_eq!(all.last(), Some(&next), "the socket and the page carry the same text");
    assert_eq!(page["head_seq"], next["seq"]);
}

#[tokio::test]
async fn every_event_of_an_approval_carries_it_whole() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut live = owner.live().await;
    let approval = house.asked("PoolExhausted").await;
    let required = live.event("approval_required").await;
    assert_eq!(required["event"], "notification");
    assert_eq!(required["data"]["data"], approval);
    assert_eq!(required["data"]["workflow"], json!({"id": "payments", "name": "Payments"}));
    owner.decide(&yes(&approval)).await.expect(200);
    let decided = live.event("approval_decided").await;
    assert_eq!(
        (decided["data"]["by"].as_str(), decided["data"]["verdict"].as_str()),
        (Some("owner@example.com"), Some("approve"))
    );
    let progress = live.event("execution_progress").await;
    assert_eq!(
        (progress["data"]["action_id"].as_str(), progress["data"]["index"].as_u64()),
        (Some("check"), Some(0))
    );
    let paused = live.event("approval_changed").await;
    assert_eq!(paused["data"]["data"]["status"], "paused");
    assert_eq!(paused["data"]["data"]["pending_approval_actions"], json!(["restart"]));
    let machine = house.caller("machine").await;
    machine.halt(&approval["request_id"], "withdraw", "solved itself").await.expect(202);
    assert_eq!(live.event("approval_withdrawn").await["data"]["by"], "machine@example.com");
}

#[tokio::test]
async fn f16_f17_a_cursor_that_cannot_be_resumed_is_reset_with_the_reason() {
    let house = House::open_with(|config| config.retained_events = 3).await;
    let owner = house.furnished().await;
    for _ in 0..6 {
        house.asked("CacheStale").await;
    }
    let snapshot = owner.get("/snapshot").await.expect(200);
    let (epoch, head) = (&snapshot["epoch"], snapshot["as_of_seq"].as_u64().expect("a seq"));
    for (cursor, expected) in [
        (json!({"epoch": "other", "last_seq": head, "last_id": "x"}), "epoch"),
        (json!({"epoch": epoch, "last_seq": 1, "last_id": "x"}), "too-old"),
        (json!({"epoch": epoch, "last_seq": head, "last_id": "x"}), "mismatch"),
        (json!({"epoch": epoch, "last_seq": head + 9, "last_id": "x"}), "mismatch"),
    ] {
        let (_, frames) = owner.resumed(cursor).await;
        assert_eq!(reason(&frames), expected);
        assert_eq!(frames[1], json!({"event": "drained", "seq": head}));
    }
    let (_, frames) = owner.resumed(json!({"epoch": epoch, "last_seq": head - 1})).await;
    assert_eq!((frames.len(), &frames[0]["seq"]), (2, &json!(head)));
}

#[tokio::test]
async fn after_a_reset_the_snapshots_seq_is_a_cursor_on_the_same_socket() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let mut socket = owner.live().await;
    let snapshot = owner.get("/snapshot").await.expect(200);
    let frames = socket.resume(json!({"epoch": snapshot["epoch"], "last_seq": snapshot["as_of_seq"]})).await;
    assert_eq!(frames, [json!({"event": "drained", "seq": snapshot["as_of_seq"]})]);
}

#[tokio::test]
async fn f18_f19_frames_it_does_not_know_do_not_end_the_stream() {
    let house = House::open().await;
    let mut socket = house.caller("owner").await.live().await;
    socket.say(json!({"type": "dance"})).await;
    socket.say(json!([1, 2, 3])).await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn a_resume_that_cannot_be_read_is_answered_and_not_passed_over() {
    let house = House::open().await;
    let owner = house.furnished().await;
    for bent in [json!({"last_seq": -1}), json!({"last_seq": "1"}), json!({"epoch": 7, "last_seq": 1})] {
        let (_, frames) = owner.resumed(bent).await;
        assert_eq!(reason(&frames), "mismatch");
    }
}

#[tokio::test]
async fn rights_that_change_are_told_and_lost_rights_close_the_socket() {
    let house = House::open().await;
    house.furnished().await;
    let (admin, stranger) = (house.caller("admin").await, house.caller("stranger").await);
    let mut socket = stranger.live().await;
    let join = json!({"viewer_ids": ["stranger@example.com", "machine@example.com"]});
    admin.put("/workflows/payments", &join).await.expect(200);
    let access = socket.next().await;
    assert_eq!(access, json!({"event": "access", "data": {"granted": ["payments"], "revoked": []}}));
    house.asked("CacheStale").await;
    assert_eq!(socket.next().await["data"]["type"], "approval_required");
    admin.put("/workflows/payments", &json!({"viewer_ids": ["machine@example.com"]})).await.expect(200);
    house.asked("CacheStale").await;
    let access = socket.next().await;
    assert_eq!(access["data"]["revoked"], json!(["payments"]), "no event after the right is gone");
    assert_eq!(socket.closed().await, 4403);
}

#[tokio::test]
async fn a19_an_ended_session_and_an_ended_token_close_the_socket() {
    let house = House::open_with(|config| config.access_ttl_s = 2).await;
    let owner = house.caller("owner").await;
    let mut socket = owner.live().await;
    owner.send(owner.request(gateway::reqwest::Method::POST, "/auth/logout")).await.expect(200);
    assert_eq!(socket.closed().await, 4401);
    let mut socket = house.caller("owner").await.live().await;
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn f11_a_gateway_that_closes_says_so_first() {
    let mut house = House::open().await;
    let mut socket = house.caller("owner").await.live().await;
    house.close();
    let frame = socket.next().await;
    assert_eq!(frame["event"], "going_away");
    assert!(frame["data"]["retry_after_ms"].as_u64().expect("a time") >= 500);
    assert_eq!(socket.closed().await, 1001);
    house.end().await;
}

#[tokio::test]
async fn a_long_poll_wakes_for_an_event_and_pages_keep_their_order() {
    let house = House::open().await;
    let owner = house.furnished().await;
    house.asked("CacheStale").await;
    let head = owner.get("/events?limit=1").await.expect(200)["head_seq"].as_u64().expect("a seq");
    let poller = owner.clone();
    let waiting = tokio::spawn(async move { poller.get(&format!("/events?after={head}&wait=25")).await });
    let raised = house.asked("DiskFull").await;
    let page = waiting.await.expect("joins").expect(200);
    assert_eq!(page["events"][0]["data"]["request_id"], raised["request_id"]);
    assert_eq!(page["events"][0]["prev_seq"], head);
    owner.get("/events?after=x").await.problem(422, "invalid");
    assert_eq!(owner.get(&runbook("approvals/pending")).await.expect(200)["count"], 2);
}

#[tokio::test]
async fn a_reader_that_lags_too_far_is_reset_and_goes_on() {
    let house = House::open_with(|config| config.reader_backlog = 2).await;
    let owner = house.furnished().await;
    let mut socket = owner.live().await;
    let machine = house.caller("machine").await;
    // Frames of 60 KiB fill the connection's buffers while nobody reads.
    let error = format!("CacheStale {}", "x".repeat(30_000));
    for _ in 0..200 {
        machine.post(&runbook("remediate"), &json!({"error": error})).await.expect(200);
    }
    loop {
        let frame = socket.next().await;
        if frame["event"] == "reset" {
            assert_eq!(frame["data"]["reason"], "slow");
            break;
        }
    }
    assert_eq!(socket.next().await["event"], "drained");
}
