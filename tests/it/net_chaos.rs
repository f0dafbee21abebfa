//! A network that breaks, falls silent, loses and repeats, between `holdctl` and the real gateway (F1, F6, F9, F13-F15,
//! F19, F21).

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use support::chaos::{Fault, Said, Whom};
use support::seat::{states, until_told};
use support::stage::{DRY, OWNER, PIPELINE, STUCK, Stage};
use support::{Chaos, Running, Seat, Stream, eventually};

/// Longest wait for a state behind a bad network.
const SOON: Duration = Duration::from_secs(40);

/// A stage, the chaos in front of it, a terminal behind that.
struct Line {
    stage: Stage,
    chaos: Chaos,
    seat: Seat,
}

impl Line {
    async fn open() -> Self {
        let stage = Stage::ready().await;
        let chaos = Chaos::start(stage.gateway.origin()).await;
        let seat = Seat::new(chaos.origin(), OWNER);
        Self { stage, chaos, seat }
    }

    /// Raises a request of its own pool, so that its effect can be counted.
    async fn raise(&self, pool: &str) -> String {
        self.stage.raise_with(DRY, json!({"pool": pool})).await
    }

    fn drained(&self, pool: &str) -> usize {
        self.stage.target.count(&format!("/pools/{pool}/drain"))
    }

    /// Every event the gateway has, as it says them.
    async fn events(&self) -> Vec<Value> {
        let (status, served) = self.stage.admin.get("/events?after=0&limit=1000").await;
        assert_eq!(status, 200, "{served}");
        served["events"].as_array().unwrap().clone()
    }

    /// A new event came through: everything before it has.
    async fn pass_a_mark(&self, watch: &mut Running) {
        let mark = self.stage.raise(STUCK).await;
        until_told(watch, "approval_required", &mark).await;
    }

    /// Everything the gateway has is printed, once and in its order.
    async fn nothing_is_missing_or_twice(&self, watch: &Running) {
        let served: Vec<u64> = self.events().await.iter().filter_map(|event| event["seq"].as_u64()).collect();
        let all = async || {
            let printed: BTreeSet<u64> = seqs(watch).into_iter().collect();
            served.iter().all(|seq| printed.contains(seq)).then_some(())
        };
        eventually(SOON, all).await;
        let printed = seqs(watch);
        assert!(printed.is_sorted_by(|one, other| one < other), "{printed:?}");
    }
}

/// The places of the events a watch has printed, in the order of printing.
fn seqs(watch: &Running) -> Vec<u64> {
    let lines = watch.lines(Stream::Out);
    let read = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
    read.filter_map(|line| line["seq"].as_u64()).collect()
}

/// It was live so often.
async fn live_times(watch: &Running, times: usize) {
    let count = || states(&watch.lines(Stream::Out)).iter().filter(|state| *state == "live").count();
    eventually(SOON, async || (count() >= times).then_some(())).await;
}

/// An unmasked frame of that first byte, whose length is told as `length`.
fn frame(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    [&[first, 127], &length.to_be_bytes()[..], payload].concat()
}

#[tokio::test]
async fn f1_a_reset_in_the_middle_of_a_frame_loses_nothing_and_tells_nothing_twice() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    for round in 0..3 {
        let before = line.chaos.upgrades();
        // Somewhere in the event: after its head, in its middle, before its end.
        line.chaos.cause(Whom::Sockets, Fault::ResetAfter([1, 700, 1_500][round]));
        line.raise(&format!("f1-{round}")).await;
        eventually(SOON, async || (line.chaos.upgrades() > before).then_some(())).await;
        live_times(&watch, round + 2).await;
    }
    line.pass_a_mark(&mut watch).await;
    line.nothing_is_missing_or_twice(&watch).await;
}

#[tokio::test]
async fn f13_an_event_that_comes_three_times_is_told_and_kept_once() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    let id = line.raise("f13").await;
    until_told(&mut watch, "approval_required", &id).await;
    let event = line.events().await.pop().expect("an event");
    for _ in 0..3 {
        line.chaos.inject(&event.to_string());
    }
    line.pass_a_mark(&mut watch).await;
    line.nothing_is_missing_or_twice(&watch).await;
    let found = line.seat.json(0, ["history", "search", &id]).await;
    let kept =
        found["entries"].as_array().unwrap().iter().filter(|entry| entry["event"]["id"] == event["id"]);
    assert_eq!(kept.count(), 1, "{found}");
}

#[tokio::test]
async fn f14_an_event_that_was_lost_is_fetched_in_its_order_and_until_then_it_is_catching_up() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    line.pass_a_mark(&mut watch).await;
    line.chaos.cause(Whom::Sockets, Fault::LoseEvent);
    let lost = line.raise("f14-lost").await;
    eventually(SOON, async || (!line.chaos.has_faults()).then_some(())).await;
    let asked = line.chaos.calls("GET /events").len();
    line.chaos.cause(Whom::Calls("GET /events".into()), Fault::HoldAnswers);
    line.raise("f14-next").await;
    let last = async || {
        (states(&watch.lines(Stream::Out)).last().map(String::as_str) == Some("catching_up")).then_some(())
    };
    eventually(SOON, last).await;
    assert_eq!(line.chaos.calls("GET /events").len(), asked + 1, "the gap is asked for once");
    line.chaos.mend();
    live_times(&watch, 2).await;
    until_told(&mut watch, "approval_required", &lost).await;
    line.nothing_is_missing_or_twice(&watch).await;
    assert_eq!(line.chaos.upgrades(), 1, "the connection stood all the time");
}

#[tokio::test]
async fn f15_two_events_in_the_wrong_order_are_told_in_the_right_one() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    line.pass_a_mark(&mut watch).await;
    line.chaos.cause(Whom::Sockets, Fault::SwapEvents);
    let first = line.raise("f15-first").await;
    line.raise("f15-second").await;
    until_told(&mut watch, "approval_required", &first).await;
    line.pass_a_mark(&mut watch).await;
    line.nothing_is_missing_or_twice(&watch).await;
}

#[tokio::test]
async fn f19_frames_of_no_sense_are_counted_and_the_stream_goes_on() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    let deep = "[".repeat(60_000);
    for text in ["{\"event\":", &deep, "7", "{\"event\":7}", "{\"event\":\"drained\",\"seq\":\"x\"}"] {
        line.chaos.inject(text);
    }
    line.pass_a_mark(&mut watch).await;
    assert_eq!(line.chaos.upgrades(), 1, "the connection stood all the time");
    let status = line.seat.json(0, ["status"]).await;
    assert_eq!(status["malformed"], 3, "it is said: {status}");
}

#[tokio::test]
async fn f19_a_message_too_long_or_no_text_at_all_costs_the_connection_and_not_the_stream() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    let too_long = frame(0x81, 64 * 1024 * 1024, b"{\"event\":\"log\"");
    let no_text = [&[0x81, 2][..], &[0xc3, 0x28]].concat();
    for (at, (bytes, code)) in [(too_long, 1009), (no_text, 1007)].into_iter().enumerate() {
        line.chaos.inject_raw(&bytes);
        let told = async || line.chaos.said().contains(&Said::Close(Some(code))).then_some(());
        eventually(SOON, told).await;
        live_times(&watch, at + 2).await;
    }
    line.pass_a_mark(&mut watch).await;
    line.nothing_is_missing_or_twice(&watch).await;
}

#[tokio::test]
async fn f21_an_answer_that_was_lost_is_found_out_and_the_effect_happens_once() {
    let line = Line::open().await;
    let id = line.raise("f21").await;
    line.seat.ends(0, ["show", &id]).await;
    line.chaos.cause(Whom::Calls("/remediate/approve".into()), Fault::ResetAfter(0));
    let decided = line.seat.json(0, ["approve", &id, "--yes"]).await;
    assert_eq!(decided["status"], "executed", "{decided}");
    let calls = line.chaos.calls("/remediate/approve");
    let keys: BTreeSet<&str> = calls.iter().filter_map(|call| header(call, "idempotency-key")).collect();
    assert_eq!(keys.len(), 1, "whatever is sent goes under one key: {calls:?}");
    assert_eq!(line.drained("f21"), 1);
    let approval = line.stage.approval(&id).await;
    assert_eq!(approval["status"], "completed", "{approval}");
}

#[tokio::test]
async fn f9_latency_and_loss_lead_to_no_decision_made_twice() {
    let line = Line::open().await;
    line.seat.ends(0, ["pending"]).await;
    line.chaos.cause(Whom::All, Fault::Delay(Duration::from_millis(120)));
    line.chaos.cause(Whom::Calls(String::new()), Fault::LoseEach(5));
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(line.raise(&format!("f9-{number}")).await);
    }
    for (number, id) in ids.iter().enumerate() {
        // A read that was lost too often is tried again by the person.
        let shown = async || (line.seat.run(["show", id]).await.code == Some(0)).then_some(());
        eventually(SOON, shown).await;
        let ended = line.seat.run(["approve", id, "--yes", "--wait", "20"]).await;
        let done = line.drained(&format!("f9-{number}"));
        match ended.code {
            Some(0) => assert_eq!(done, 1, "{ended:?}"),
            Some(5) => assert_eq!(done, 0, "{ended:?}"),
            Some(7 | 4) => assert!(done <= 1, "{ended:?}"),
            _ => panic!("{ended:?}"),
        }
    }
    line.chaos.mend();
    let (status, audit) = line.stage.admin.get("/audit?after=0").await;
    assert_eq!(status, 200);
    for (number, id) in ids.iter().enumerate() {
        assert!(line.drained(&format!("f9-{number}")) <= 1, "{id} ran twice");
        let path = format!("/agentic/{PIPELINE}/runbook/approvals/{id}");
        let (_, now) = line.stage.admin.get(&path).await;
        let status = now["approval_request"]["status"].as_str();
        assert!(matches!(status, Some("completed" | "pending")), "{now}");
        let decided = audit.to_string().matches(&format!("\"{id}\"")).count();
        assert!(decided > 0, "the search in the audit would find {id}");
    }
}

/// A header's value in a call as it was sent.
fn header<'a>(call: &'a str, name: &str) -> Option<&'a str> {
    let lines = call.lines().skip(1).take_while(|line| !line.is_empty());
    lines
        .filter_map(|line| line.split_once(':'))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[tokio::test]
async fn f19_a_place_that_cannot_be_read_in_three_tries_is_skipped_and_the_history_says_so() {
    let line = Line::open().await;
    let mut watch = line.seat.watch().await;
    line.pass_a_mark(&mut watch).await;
    let no_text = [&[0x81, 2][..], &[0xc3, 0x28]].concat();
    for round in 0..3 {
        let before = line.chaos.upgrades();
        line.chaos.inject_raw(&no_text);
        eventually(SOON, async || (line.chaos.upgrades() > before).then_some(())).await;
        live_times(&watch, round + 2).await;
    }
    // Each time it came as far as before, so nothing had to be skipped.
    assert!(!watch.lines(Stream::Out).iter().any(|text| text.contains("history_gap")));
    // Now it breaks at the same place before it has caught up.
    line.chaos.cause(Whom::Sockets, Fault::Garble);
    line.chaos.reset(&Whom::Sockets);
    let skipped = watch.wait_for(Stream::Out, SOON, |text| text.contains("history_gap")).await;
    assert!(skipped.contains("not continuous") && skipped.contains("skipped"), "{skipped}");
    line.chaos.mend();
    let last = async || (states(&watch.lines(Stream::Out)).last()? == "live").then_some(());
    eventually(SOON, last).await;
    line.pass_a_mark(&mut watch).await;
    let found = line.seat.json(0, ["history", "search", "continuous"]).await;
    assert!(found["count"].as_u64().is_some_and(|count| count >= 1), "{found}");
}
