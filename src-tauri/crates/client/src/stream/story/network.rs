//! Stories of a network that lets the gateway through but no WebSocket, of a gateway that goes away, of sleep.

use super::*;

fn bad_gateway() -> Input<'static> {
    Input::Failed(told(502, "<html>bad gateway</html>", None))
}

/// Handshakes that fail until polling takes over; the last outputs.
fn fallen_back(story: &mut Story) -> Vec<Output> {
    story.step(Input::Start);
    for _ in 0..2 {
        let waiting = story.step(bad_gateway());
        assert!(matches!(phases(&waiting)[..], [Phase::Waiting { .. }]), "{waiting:?}");
        assert!(story.after(1_000, Input::Tick).contains(&Output::Connect(Leg::Main)));
    }
    story.step(bad_gateway())
}

fn asked(outputs: &[Output]) -> (u64, u64) {
    let asked = outputs.iter().find_map(|output| match output {
        Output::FetchEvents { ticket, after } | Output::Poll { ticket, after, .. } => Some((*ticket, *after)),
        _ => None,
    });
    asked.unwrap_or_else(|| panic!("nothing is asked for: {outputs:?}"))
}

fn page(ticket: u64, seqs: impl IntoIterator<Item = u64>, head_seq: u64) -> Input<'static> {
    let events = seqs.into_iter().map(|seq| event(seq, seq - 1)).collect();
    Input::Page {
        ticket,
        page: Ok((EventsPage { epoch: "e1".into(), events, head_seq, oldest_seq: Some(1) }, 0)),
    }
}

/// Polling and live at seq 5; the outstanding poll.
fn polling() -> (Story, u64) {
    let mut story = Story::at(Some(cursor(4)));
    let (ticket, after) = asked(&fallen_back(&mut story));
    assert_eq!(after, 4);
    let caught_up = story.step(page(ticket, 5..=5, 5));
    assert_eq!(seqs(&caught_up), [5]);
    let drained = StreamEvent::Drained { cursor: Some(cursor(5)), via: Via::Polling };
    assert!(caught_up.contains(&Output::Emit(drained)), "{caught_up:?}");
    let poll = story.step(Input::Tick);
    assert!(matches!(poll[..], [Output::Poll { after: 5, wait_ms: 25_000, .. }]), "{poll:?}");
    let (ticket, _) = asked(&poll);
    (story, ticket)
}

#[test]
fn f3_three_failed_handshakes_lead_to_polling_which_says_so() {
    let (mut story, ticket) = polling();
    let brought = story.after(3_000, page(ticket, 6..=7, 7));
    assert_eq!((seqs(&brought), phases(&brought)), (vec![6, 7], vec![]));
    let again = story.step(Input::Tick);
    assert_eq!(asked(&again), (ticket, 7));
    // A poll that brings nothing and did not wait is not repeated at once.
    assert!(story.step(page(ticket, [], 7)).is_empty());
    assert!(story.after(999, Input::Tick).is_empty());
    assert_eq!(asked(&story.after(1, Input::Tick)), (ticket, 7));
}

#[test]
fn f3_a_handshake_that_hangs_for_ten_seconds_is_enough() {
    let mut story = Story::at(Some(cursor(4)));
    story.step(Input::Start);
    let hung = Failure::Unclear { why: Unclear::TimedOut { after_ms: 10_000 } };
    let fallen = story.after(10_000, Input::Failed(hung));
    assert_eq!(asked(&fallen).1, 4);
    // A gateway that is not there is not polled either.
    let mut story = Story::at(Some(cursor(4)));
    story.step(Input::Start);
    for _ in 0..9 {
        let unreachable = Failure::NotSent { why: NotSent::Unreachable("refused".into()) };
        let lost = story.after(60_000, Input::Failed(unreachable));
        assert!(matches!(phases(&lost)[..], [Phase::Waiting { why: Staleness::Unreachable, .. }]));
        story.after(30_000, Input::Tick);
    }
}

#[test]
fn f3_a_proxy_that_opens_and_never_says_a_word_leads_to_polling_too() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    for _ in 0..2 {
        story.step(Input::Opened(Dialect::Holdpoint, None));
        let mute = story.after(10_000, Input::Tick);
        if mute.iter().any(|output| matches!(output, Output::TakeSnapshot { .. })) {
            return;
        }
        story.after(5_000, Input::Tick);
    }
    panic!("it never polls");
}

#[test]
fn f3_a_websocket_is_tried_again_and_takes_over_without_a_hole() {
    let (mut story, ticket) = polling();
    let probe = story.after(60_000, Input::Tick);
    assert_eq!(probe, [Output::Connect(Leg::Next)]);
    // It fails: the next try comes later, polling goes on.
    assert!(phases(&story.next(bad_gateway())).is_empty());
    assert_eq!(seqs(&story.step(page(ticket, 6..=6, 6))), [6]);
    story.step(Input::Tick);
    assert!(!story.after(59_000, Input::Tick).contains(&Output::Connect(Leg::Next)));
    assert!(story.after(1_000, Input::Tick).contains(&Output::Connect(Leg::Next)));
    story.next(Input::Opened(Dialect::Holdpoint, None));
    let hello = story.next(Input::Text(HELLO));
    assert!(hello.contains(&Output::TakeOver), "{hello:?}");
    assert_eq!(sent(&hello)[0]["last_seq"], 6);
    assert!(story.step(page(ticket, 7..=7, 7)).is_empty(), "the old poll no longer counts");
    assert_eq!(seqs(&story.step(Input::Text(&frame(7, 6)))), [7]);
    let drained_now = story.step(Input::Text(r#"{"event":"drained","seq":7}"#));
    let live = StreamEvent::Drained { cursor: Some(cursor(7)), via: Via::Socket };
    assert!(drained_now.contains(&Output::Emit(live)), "{drained_now:?}");
}

#[test]
fn f16_a_poll_from_behind_what_is_kept_leads_to_a_snapshot() {
    let (mut story, ticket) = polling();
    let late =
        EventsPage { epoch: "e1".into(), events: vec![event(90, 89)], head_seq: 90, oldest_seq: Some(80) };
    let reset = story.step(Input::Page { ticket, page: Ok((late, 0)) });
    assert_eq!(reset[0], Output::Emit(StreamEvent::Reset { reason: "too-old".into() }));
    assert!(matches!(reset[1], Output::TakeSnapshot { .. }));
}

#[test]
fn the_platform_without_a_socket_is_looked_at_every_ten_seconds() {
    let mut story = Story::at(None);
    story.machine.speaks(Some(Dialect::Platform));
    let fallen = fallen_back(&mut story);
    let look = Output::Emit(StreamEvent::Drained { cursor: None, via: Via::Polling });
    assert!(fallen.contains(&look), "{fallen:?}");
    assert!(story.after(9_999, Input::Tick).is_empty());
    assert_eq!(story.after(1, Input::Tick), [look]);
    assert!(story.after(50_000, Input::Tick).contains(&Output::Connect(Leg::Next)));
    assert_eq!(sent(&story.next(Input::Opened(Dialect::Platform, None))), [json!({"type":"ping"})]);
    let pong = story.next(Input::Text(r#"{"type":"pong"}"#));
    let live = Output::Emit(StreamEvent::Drained { cursor: None, via: Via::Socket });
    assert_eq!(pong, [Output::TakeOver, live]);
}

/// Live at seq 4 and told that the gateway goes; the next connection is open beside it.
fn going_away() -> Story {
    let mut story = Story::live(cursor(4));
    let going = story.step(Input::Text(r#"{"event":"going_away","data":{"retry_after_ms":3000}}"#));
    assert_eq!(phases(&going), [Phase::GoingAway { retry_after_ms: 3_000 }]);
    assert!(story.after(2_999, Input::Tick).is_empty(), "its wish is obeyed");
    assert_eq!(story.after(1, Input::Tick), [Output::Connect(Leg::Next)]);
    story.next(Input::Opened(Dialect::Holdpoint, None));
    story
}

#[test]
fn f12_the_next_connection_takes_over_once_it_has_caught_up_and_each_event_is_told_once() {
    let mut story = going_away();
    assert_eq!(seqs(&story.step(Input::Text(&frame(5, 4)))), [5], "the old one goes on");
    assert_eq!(sent(&story.next(Input::Text(HELLO)))[0]["last_seq"], 5);
    assert_eq!(seqs(&story.step(Input::Text(&frame(6, 5)))), [6]);
    assert!(seqs(&story.next(Input::Text(&frame(6, 5)))).is_empty());
    assert_eq!(seqs(&story.next(Input::Text(&frame(7, 6)))), [7]);
    assert!(seqs(&story.step(Input::Text(&frame(7, 6)))).is_empty());
    let over = story.next(Input::Text(r#"{"event":"drained","seq":7}"#));
    assert!(over.contains(&Output::TakeOver) && phases(&over).is_empty(), "{over:?}");
    assert_eq!(seqs(&story.step(Input::Text(&frame(8, 7)))), [8]);
}

#[test]
fn f12_the_old_connection_may_end_before_the_next_has_caught_up() {
    let mut story = going_away();
    story.next(Input::Text(HELLO));
    let ended = story.step(Input::Closed { code: Some(1001), reason: String::new() });
    assert_eq!(phases(&ended), [Phase::CatchingUp]);
    assert!(ended.contains(&Output::TakeOver) && !ended.contains(&Output::Connect(Leg::Main)));
    assert_eq!(seqs(&story.step(Input::Text(&frame(5, 4)))), [5]);
    assert!(drained(&story.step(Input::Text(r#"{"event":"drained","seq":5}"#))));
}

#[test]
fn f12_a_next_connection_that_fails_costs_nothing() {
    let mut story = going_away();
    assert!(phases(&story.next(Input::Broke("reset".into()))).is_empty());
    assert_eq!(seqs(&story.step(Input::Text(&frame(5, 4)))), [5]);
    assert!(story.after(1_000, Input::Tick).contains(&Output::Connect(Leg::Next)));
}

#[test]
fn f29_waking_up_tries_at_once_yet_not_against_the_gateways_wish() {
    let mut story = Story::at(None);
    story.step(Input::Start);
    story.step(Input::Failed(told(503, "{}", Some(30_000))));
    assert!(story.after(1_000, Input::Woke).is_empty());
    let mut story = Story::at(None);
    story.step(Input::Start);
    story.step(Input::Failed(Failure::NotSent { why: NotSent::Dns }));
    assert_eq!(story.step(Input::Woke).last(), Some(&Output::Connect(Leg::Main)));
}

#[test]
fn the_pauses_begin_anew_only_after_a_minute_of_health() {
    let mut story = Story::live(cursor(4));
    for failures in 1..=3 {
        let lost = story.after(59_999, Input::Broke("reset".into()));
        assert!(
            matches!(phases(&lost)[..], [Phase::Waiting { failures: told, .. }] if told == failures),
            "{lost:?}"
        );
        story.after(30_000, Input::Tick);
        story.step(Input::Opened(Dialect::Holdpoint, None));
        story.step(Input::Text(HELLO));
        story.step(Input::Text(r#"{"event":"drained","seq":4}"#));
    }
    let lost = story.after(60_000, Input::Broke("reset".into()));
    assert!(matches!(phases(&lost)[..], [Phase::Waiting { failures: 0, .. }]));
}
