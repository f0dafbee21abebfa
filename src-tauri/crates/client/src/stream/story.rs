//! Tests of the machine as stories: what comes in, what it does about it. No I/O, no time but the one given.

use crate::api::approvals::OpenSet;
use crate::failure::{Failure, NotSent, Unclear};
use crate::settings::Dialect;
use crate::stream::inout::{Input, Leg, Output};
use crate::stream::machine::Machine;
use crate::stream::pace::Pace;
use crate::stream::{Cursor, Ended, Now, Phase, StreamEvent};
use chrono::DateTime;
use domain::connection::{RefusedBy, SignIn, Staleness, Via};
use protocol::frame::Event;
use protocol::problem;
use protocol::rest::EventsPage;
use serde_json::json;

mod network;

struct Story {
    machine: Machine,
    boot_ms: u64,
}

impl Story {
    fn at(cursor: Option<Cursor>) -> Self {
        Self { machine: Machine::new(cursor, Pace::default()), boot_ms: 1_000_000 }
    }

    fn step(&mut self, input: Input<'_>) -> Vec<Output> {
        let wall = DateTime::from_timestamp(1_795_164_372, 0).expect("time");
        self.machine.step(Leg::Main, input, Now { boot_ms: self.boot_ms, wall, draw: 0 })
    }

    fn next(&mut self, input: Input<'_>) -> Vec<Output> {
        let wall = DateTime::from_timestamp(1_795_164_372, 0).expect("time");
        self.machine.step(Leg::Next, input, Now { boot_ms: self.boot_ms, wall, draw: 0 })
    }

    fn after(&mut self, ms: u64, input: Input<'_>) -> Vec<Output> {
        self.boot_ms += ms;
        self.step(input)
    }

    /// Connected to a gateway of ours that has said hello.
    fn greeted(cursor: Option<Cursor>) -> Self {
        let mut story = Self::at(cursor);
        story.step(Input::Start);
        story.step(Input::Opened(Dialect::Holdpoint, None));
        story.step(Input::Text(HELLO));
        story
    }

    fn live(cursor: Cursor) -> Self {
        let mut story = Self::greeted(Some(cursor));
        story.step(Input::Text(r#"{"event":"drained","seq":4}"#));
        story
    }
}

const HELLO: &str = r#"{"event":"hello","data":{"protocol":1,"epoch":"e1","head_seq":4,"oldest_seq":1,
    "topics":{"p":4},"heartbeat_s":25,"server_time":"2026-11-20T08:46:13Z","capabilities":["resume","digest"]}}"#;

fn cursor(seq: u64) -> Cursor {
    Cursor { epoch: "e1".into(), seq, last_id: Some(format!("e{seq}")) }
}

fn frame(seq: u64, prev_seq: u64) -> String {
    json!({"event":"notification","seq":seq,"prev_seq":prev_seq,"topic":"p","id":format!("e{seq}"),"data":{}})
        .to_string()
}

fn event(seq: u64, prev_seq: u64) -> Event {
    serde_json::from_str(&frame(seq, prev_seq)).expect("event")
}

fn seqs(outputs: &[Output]) -> Vec<u64> {
    let events = outputs.iter().filter_map(|output| match output {
        Output::Emit(StreamEvent::Events { events, .. }) => Some(events),
        _ => None,
    });
    events.flatten().filter_map(|event| event.seq).collect()
}

fn phases(outputs: &[Output]) -> Vec<Phase> {
    let phase = |output: &Output| match output {
        Output::Emit(StreamEvent::Phase(phase)) => Some(phase.clone()),
        _ => None,
    };
    outputs.iter().filter_map(phase).collect()
}

fn sent(outputs: &[Output]) -> Vec<serde_json::Value> {
    let text = |output: &Output| match output {
        Output::Send(_, text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    outputs.iter().filter_map(text).collect()
}

fn drained(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Emit(StreamEvent::Drained { .. })))
}

fn told(status: u16, body: &str, retry_after_ms: Option<u64>) -> Failure {
    Failure::told(problem::read(status, body.as_bytes()), retry_after_ms)
}

fn open_set(seq: u64) -> OpenSet {
    OpenSet {
        approvals: vec![],
        as_of: DateTime::UNIX_EPOCH,
        cursor: Some(Cursor { epoch: "e1".into(), seq, last_id: None }),
        unreadable: 0,
        audit_head: None,
        left_out: vec![],
    }
}

#[test]
fn hello_is_answered_with_the_cursor_and_drained_ends_the_catching_up() {
    let mut story = Story::at(Some(cursor(4)));
    assert_eq!(story.step(Input::Start).last(), Some(&Output::Connect(Leg::Main)));
    let opened = story.step(Input::Opened(Dialect::Holdpoint, None));
    assert_eq!(phases(&opened), [Phase::CatchingUp]);
    let hello = story.step(Input::Text(HELLO));
    assert_eq!(sent(&hello), [json!({"type":"resume","epoch":"e1","last_seq":4,"last_id":"e4"})]);
    assert!(hello.contains(&Output::Emit(StreamEvent::ServerTime { offset_ms: 1_000 })));
    assert_eq!(seqs(&story.step(Input::Text(&frame(5, 4)))), [5]);
    let end = story.step(Input::Text(r#"{"event":"drained","seq":5}"#));
    assert_eq!(end, [Output::Emit(StreamEvent::Drained { cursor: Some(cursor(5)), via: Via::Socket })]);
}

#[test]
fn a_first_start_resumes_from_nothing_and_is_reset_to_a_snapshot() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    story.step(Input::Opened(Dialect::Holdpoint, None));
    let hello = story.step(Input::Text(HELLO));
    assert_eq!(sent(&hello), [json!({"type":"resume","epoch":null,"last_seq":null,"last_id":null})]);
    let reset = story.step(Input::Text(r#"{"event":"reset","data":{"reason":"new"}}"#));
    assert_eq!(reset[0], Output::Emit(StreamEvent::Reset { reason: "new".into() }));
    let Output::TakeSnapshot { ticket } = reset[1] else { panic!("{reset:?}") };
    let snapshot = story.step(Input::Snapshot { ticket, set: Ok(open_set(4)) });
    assert_eq!(snapshot[0], Output::Emit(StreamEvent::Snapshot(Box::new(open_set(4)))));
    assert_eq!(snapshot[1], Output::FetchEvents { ticket, after: 3 });
    // What comes meanwhile waits and is told after the page, once.
    assert!(story.step(Input::Text(&frame(6, 5))).is_empty());
    let page = EventsPage {
        epoch: "e1".into(),
        events: vec![event(4, 0), event(5, 4), event(6, 5)],
        head_seq: 6,
        oldest_seq: None,
    };
    let page = story.step(Input::Page { ticket, page: Ok((page, 0)) });
    assert_eq!(seqs(&page), [5, 6]);
    assert_eq!(
        page.last(),
        Some(&Output::Emit(StreamEvent::Drained { cursor: Some(cursor(6)), via: Via::Socket }))
    );
}

#[test]
fn f14_a_gap_while_live_is_catching_up_until_it_is_filled() {
    let mut story = Story::live(cursor(4));
    let gap = story.step(Input::Text(&frame(7, 6)));
    assert_eq!(phases(&gap), [Phase::CatchingUp]);
    let Some(Output::FetchEvents { ticket, after: 4 }) = gap.last() else { panic!("{gap:?}") };
    let page = EventsPage {
        epoch: "e1".into(),
        events: (5..=7).map(|n| event(n, n - 1)).collect(),
        head_seq: 7,
        oldest_seq: None,
    };
    let filled = story.step(Input::Page { ticket: *ticket, page: Ok((page, 0)) });
    assert_eq!(seqs(&filled), [5, 6, 7]);
    assert!(drained(&filled));
}

#[test]
fn f17_a_page_of_another_epoch_leads_to_a_snapshot() {
    let mut story = Story::live(cursor(4));
    let gap = story.step(Input::Text(&frame(7, 6)));
    let Some(Output::FetchEvents { ticket, .. }) = gap.last() else { panic!("{gap:?}") };
    let page = EventsPage { epoch: "e2".into(), events: vec![], head_seq: 0, oldest_seq: None };
    let reset = story.step(Input::Page { ticket: *ticket, page: Ok((page, 0)) });
    assert_eq!(reset[0], Output::Emit(StreamEvent::Reset { reason: "epoch".into() }));
    assert!(matches!(reset[1], Output::TakeSnapshot { .. }));
}

#[test]
fn f1_what_was_live_is_tried_again_at_once_and_goes_on_from_the_last_event() {
    let mut story = Story::live(cursor(4));
    story.step(Input::Text(&frame(5, 4)));
    let lost = story.after(60_000, Input::Broke("reset by peer".into()));
    let until_boot_ms = story.boot_ms;
    assert_eq!(phases(&lost), [Phase::Waiting { until_boot_ms, failures: 0, why: Staleness::Lost }]);
    assert_eq!(story.machine.deadline_ms(), Some(until_boot_ms));
    assert_eq!(story.step(Input::Tick).last(), Some(&Output::Connect(Leg::Main)));
    story.step(Input::Opened(Dialect::Holdpoint, None));
    assert_eq!(sent(&story.step(Input::Text(HELLO)))[0]["last_seq"], 5);
}

#[test]
fn a_connection_that_dies_young_counts_as_a_failure() {
    let mut story = Story::live(cursor(4));
    let lost = story.after(10, Input::Closed { code: Some(1011), reason: String::new() });
    assert!(matches!(phases(&lost)[..], [Phase::Waiting { failures: 1, why: Staleness::Lost, .. }]));
}

#[test]
fn f2_silence_of_a_minute_by_the_boot_clock_is_dead() {
    let mut story = Story::live(cursor(4));
    assert_eq!(sent(&story.after(25_000, Input::Tick)), [json!({"type":"ping"})]);
    let dead = story.after(35_000, Input::Tick);
    assert!(dead.contains(&Output::Close(Leg::Main, 1001)));
    assert!(matches!(phases(&dead)[..], [Phase::Waiting { why: Staleness::Lost, .. }]));
}

#[test]
fn f32_after_two_hours_of_sleep_a_new_connection_is_made_at_once() {
    let mut story = Story::live(cursor(4));
    let woke = story.after(7_200_000, Input::Woke);
    assert!(woke.contains(&Output::Close(Leg::Main, 1001)));
    assert_eq!(story.machine.deadline_ms(), Some(story.boot_ms));
    // A short nap: it has five seconds to prove itself.
    let mut story = Story::live(cursor(4));
    assert_eq!(sent(&story.after(10_000, Input::Woke)), [json!({"type":"ping"})]);
    assert!(story.after(5_000, Input::Tick).contains(&Output::Close(Leg::Main, 1001)));
}

#[test]
fn f29_a_wish_to_be_left_alone_is_obeyed() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    story.step(Input::Failed(told(429, "{}", Some(120_000))));
    assert_eq!(story.machine.deadline_ms(), Some(story.boot_ms + 120_000));
    assert!(story.after(119_999, Input::Tick).is_empty());
    assert_eq!(story.after(1, Input::Tick).last(), Some(&Output::Connect(Leg::Main)));
}

#[test]
fn f11_going_away_is_told_and_the_way_back_waits() {
    let mut story = Story::live(cursor(4));
    let going = story.step(Input::Text(r#"{"event":"going_away","data":{"retry_after_ms":3000}}"#));
    assert_eq!(phases(&going), [Phase::GoingAway { retry_after_ms: 3_000 }]);
    let closed = story.after(1_000, Input::Closed { code: Some(1001), reason: String::new() });
    assert!(matches!(phases(&closed)[..], [Phase::Waiting { why: Staleness::GoingAway, .. }]));
    assert_eq!(story.machine.deadline_ms(), Some(story.boot_ms + 2_000));
}

#[test]
fn f45_a_refused_session_is_renewed_once_and_then_a_person_is_needed() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    assert_eq!(story.step(Input::Failed(told(401, "{}", None))).last(), Some(&Output::Renew));
    assert_eq!(story.step(Input::Renewed(Ok(()))).last(), Some(&Output::Connect(Leg::Main)));
    let again = story.step(Input::Failed(told(401, "{}", None)));
    assert_eq!(again.last(), Some(&Output::End(Ended::SignInNeeded(SignIn::Expired))));
    assert!(story.after(1, Input::Tick).is_empty());
}

#[test]
fn f46_a_renewal_that_is_refused_ends_the_stream_and_one_that_breaks_does_not() {
    let mut story = Story::live(cursor(4));
    let closed = story.step(Input::Closed { code: Some(4401), reason: String::new() });
    assert_eq!(phases(&closed), [Phase::Connecting], "it no longer looks live");
    assert_eq!(
        (closed.first(), closed.last()),
        (Some(&Output::Close(Leg::Main, 1000)), Some(&Output::Renew))
    );
    let broke = story.step(Input::Renewed(Err(Failure::Unclear { why: Unclear::Broken("reset".into()) })));
    assert!(matches!(phases(&broke)[..], [Phase::Waiting { why: Staleness::Unreachable, .. }]));
    let mut story = Story::live(cursor(4));
    story.step(Input::Closed { code: Some(4401), reason: String::new() });
    let refused = story.step(Input::Renewed(Err(Failure::SignIn(SignIn::Expired))));
    assert_eq!(refused.last(), Some(&Output::End(Ended::SignInNeeded(SignIn::Expired))));
}

#[test]
fn lost_rights_end_the_stream() {
    let mut story = Story::live(cursor(4));
    let closed = story.step(Input::Closed { code: Some(4403), reason: String::new() });
    assert_eq!(closed.last(), Some(&Output::End(Ended::SignInNeeded(SignIn::NotAllowed))));
}

#[test]
fn f4_a_portal_is_told_once_and_tried_again_with_backoff() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    assert_eq!(phases(&story.step(Input::Failed(Failure::Portal))), [Phase::Refused(RefusedBy::Portal)]);
    assert_eq!(story.after(30_000, Input::Tick), [Output::Connect(Leg::Main)]);
    let unreachable = Failure::NotSent { why: NotSent::Unreachable("no route".into()) };
    let gone = story.step(Input::Failed(unreachable));
    assert!(matches!(phases(&gone)[..], [Phase::Waiting { failures: 2, why: Staleness::Unreachable, .. }]));
}

#[test]
fn f19_bad_frames_are_counted_and_an_unreadable_place_is_skipped_at_the_third_try() {
    let mut story = Story::live(cursor(4));
    let bad = story.step(Input::Text("{\"event\":"));
    assert_eq!(bad, [Output::Emit(StreamEvent::Malformed { count: 1, sample: "{\"event\":".into() })]);
    assert!(story.step(Input::Text(&"[".repeat(1_000_000))).len() == 1);
    assert_eq!(seqs(&story.step(Input::Text(&frame(5, 4)))), [5]);
    for _ in 0..3 {
        let broke = story.after(1, Input::Unreadable { code: 1009, what: "message too long".into() });
        assert!(broke.contains(&Output::Close(Leg::Main, 1009)));
        story.after(30_000, Input::Tick);
        story.step(Input::Opened(Dialect::Holdpoint, None));
    }
    let hello = story.step(Input::Text(HELLO));
    assert_eq!(sent(&hello)[0]["last_seq"], json!(null));
    let reset = story.step(Input::Text(r#"{"event":"reset","data":{"reason":"new"}}"#));
    assert_eq!(reset[0], Output::Emit(StreamEvent::Reset { reason: "unreadable".into() }));
}

#[test]
fn f18_kinds_nobody_knows_are_handed_on_whole() {
    let mut story = Story::live(cursor(4));
    let strange = r#"{"event":"quake","seq":5,"prev_seq":4,"topic":"p","id":"e5","data":{"x":1},"new":2}"#;
    assert_eq!(seqs(&story.step(Input::Text(strange))), [5]);
    let other = story.step(Input::Text(r#"{"hi":1}"#));
    assert_eq!(other, [Output::Emit(StreamEvent::Unknown(json!({"hi":1})))]);
}

#[test]
fn the_platform_is_live_after_a_pong_and_its_idle_close_is_no_failure() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    let opened = story.step(Input::Opened(Dialect::Platform, None));
    assert_eq!(sent(&opened), [json!({"type":"ping"})]);
    let document = r#"{"_id":{"$oid":"00aa"},"message_type":"log","level":"info"}"#;
    let told = story.step(Input::Text(document));
    assert!(matches!(&told[..], [Output::Emit(StreamEvent::Documents(documents))] if documents.len() == 1));
    let pong = story.step(Input::Text(r#"{"type":"pong"}"#));
    assert_eq!(pong, [Output::Emit(StreamEvent::Drained { cursor: None, via: Via::Socket })]);
    let idle = story.after(300_000, Input::Closed { code: Some(1000), reason: "Connection inactive".into() });
    assert!(matches!(phases(&idle)[..], [Phase::Waiting { failures: 0, .. }]));
    assert_eq!(story.machine.deadline_ms(), Some(story.boot_ms));
}

#[test]
fn the_platform_opens_first_and_asks_who_it_is_afterwards() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    story.step(Input::Opened(Dialect::Platform, None));
    let invalid = || Input::Closed { code: Some(1008), reason: "Invalid token".into() };
    assert_eq!(story.step(invalid()).last(), Some(&Output::Renew));
    story.step(Input::Renewed(Ok(())));
    story.step(Input::Opened(Dialect::Platform, None));
    assert_eq!(story.step(invalid()).last(), Some(&Output::End(Ended::SignInNeeded(SignIn::Expired))));
}

#[test]
fn a_gateway_that_never_says_hello_is_treated_as_the_platform_in_behaviour() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    story.step(Input::Opened(Dialect::Holdpoint, None));
    let bare = r#"{"event":"notification","data":{"request_id":"r"}}"#;
    let told = story.step(Input::Text(bare));
    assert!(matches!(&told[..], [Output::Emit(StreamEvent::Events { cursor: None, .. })]));
    assert_eq!(sent(&story.after(5_000, Input::Tick)), [json!({"type":"ping"})]);
    assert!(drained(&story.step(Input::Text(r#"{"event":"pong"}"#))));
}

#[test]
fn another_protocol_is_refused_and_answers_of_older_connections_are_not_heard() {
    let mut story = Story::greeted(Some(cursor(4)));
    let gap = story.step(Input::Text(&frame(7, 6)));
    let Some(Output::FetchEvents { ticket, .. }) = gap.last() else { panic!("{gap:?}") };
    let ticket = *ticket;
    story.step(Input::Broke("reset".into()));
    story.after(30_000, Input::Tick);
    story.step(Input::Opened(Dialect::Holdpoint, None));
    let page = EventsPage { epoch: "e1".into(), events: vec![event(5, 4)], head_seq: 5, oldest_seq: None };
    assert!(story.step(Input::Page { ticket, page: Ok((page, 0)) }).is_empty());
    let newer = story.step(Input::Text(&HELLO.replace("\"protocol\":1", "\"protocol\":2")));
    assert_eq!(phases(&newer), [Phase::Refused(RefusedBy::Protocol)]);
}
