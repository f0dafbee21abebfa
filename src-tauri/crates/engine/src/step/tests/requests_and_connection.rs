//! What may be shown when, and what the connection may be called (rules 6, 9).

use super::*;

fn stream(run: &mut Run, event: StreamEvent) -> Vec<Effect> {
    run.take(Input::Stream { gateway: GATEWAY, event })
}

fn connection(run: &Run) -> Connection {
    run.state.gateways[&GATEWAY].connection.clone()
}

fn round(run: &Run) -> u64 {
    run.state.gateways[&GATEWAY].reconcile.running.expect("asked for")
}

fn nothing_open(run: &Run) -> Result<OpenSet, Refused> {
    Ok(OpenSet { approvals: vec![], as_of: run.now.wall, seq: None, rights: None })
}

fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Reconcile { .. }))
}

fn lost(run: &mut Run) {
    let why = domain::connection::Staleness::Lost;
    stream(run, StreamEvent::Phase(Phase::Waiting { until_boot_ms: 0, failures: 1, why }));
}

#[test]
fn rule_9_an_answer_from_an_older_connection_does_not_make_the_new_one_live() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let (old, set) = (round(&run), nothing_open(&run));
    lost(&mut run);
    stream(&mut run, StreamEvent::Phase(Phase::CatchingUp));
    let done = Done::Reconciled { gateway: GATEWAY, round: old, result: set };
    assert!(run.take(Input::Done(done)).is_empty());
    assert_eq!(connection(&run), Connection::CatchingUp, "this one is not drained");
    assert!(asks(&stream(
        &mut run,
        StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket }
    )));
    let done = Done::Reconciled { gateway: GATEWAY, round: round(&run), result: nothing_open(&run) };
    run.take(Input::Done(done));
    assert!(connection(&run).is_live());
}

#[test]
fn rule_9_what_an_earlier_run_knew_is_shown_as_kept_and_asked_for_before_it_is_live() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let then = run.now.wall;
    let other = Approval { request_id: "r2".into(), ..approval("pending") };
    recall(&mut run.state, GATEWAY, vec![(approval("pending"), then), (other, then)], Some(then));
    let view = run.state.view();
    assert_eq!(view.requests.iter().map(|row| row.kept).collect::<Vec<_>>(), [Some(then); 2]);
    assert_eq!(view.gateways[0].as_of, Some(then));
    assert_eq!(connection(&run), Connection::NEVER, "stale never looks like OK");

    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let set = OpenSet { approvals: vec![approval("pending")], ..nothing_open(&run).expect("a set") };
    let done = Done::Reconciled { gateway: GATEWAY, round: round(&run), result: Ok(set) };
    let effects = run.take(Input::Done(done));
    let asked_for = effects.iter().any(
        |effect| matches!(effect, Effect::Read { request, why: ReadFor::Reconcile, .. } if request.as_str() == "r2"),
    );
    assert!(asked_for, "the one that is missing is read, never called resolved unread: {effects:?}");
    let kept: Vec<_> = run.state.view().requests.iter().map(|row| row.kept).collect();
    assert_eq!(kept, [None, Some(then)]);
    assert!(!connection(&run).is_live());
}

#[test]
fn rule_9_a_reconciliation_that_fails_on_a_sound_stream_is_asked_for_again() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let refused = Refused::new(Code::Refused, "429");
    let done = Done::Reconciled { gateway: GATEWAY, round: round(&run), result: Err(refused) };
    run.take(Input::Done(done));
    assert!(matches!(connection(&run), Connection::Stale { .. }));
    let due = run.state.next_due_ms().expect("something is due");
    assert!(asks(&run.pass(due - 1_000)), "nobody else would ask");
    let done = Done::Reconciled { gateway: GATEWAY, round: round(&run), result: nothing_open(&run) };
    run.take(Input::Done(done));
    assert!(connection(&run).is_live());
}

#[test]
fn rule_9_an_open_request_that_could_not_be_read_is_not_accounted_for() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    requests::put(&mut run.state, &key(), approval("pending"), &[], None);
    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let done = Done::Reconciled { gateway: GATEWAY, round: round(&run), result: nothing_open(&run) };
    run.take(Input::Done(done));
    let result = Err(Refused::new(Code::Unreachable, "reset"));
    let (request, why) = ("r1".into(), ReadFor::Reconcile);
    run.take(Input::Done(Done::Read { gateway: GATEWAY, request, why, result }));
    assert!(!connection(&run).is_live());
    assert!(asks(&run.pass(2_000)));
}

#[test]
fn rule_9_what_could_not_be_stored_or_read_whole_takes_live_back_until_all_is_read_again() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let done = Done::Reconciled { gateway: GATEWAY, round: round(&run), result: nothing_open(&run) };
    run.take(Input::Done(done));
    run.take(Input::Done(Done::Incomplete { gateway: GATEWAY }));
    assert_eq!(connection(&run), Connection::CatchingUp);
    assert!(asks(&run.pass(2_000)));
}

#[test]
fn i8_however_often_rights_change_one_reconciliation_is_under_way() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let access = || StreamEvent::Access(serde_json::from_value(json!({})).expect("empty"));
    for _ in 0..100 {
        assert!(stream(&mut run, access()).is_empty());
    }
    let first = round(&run);
    let done = Done::Reconciled { gateway: GATEWAY, round: first, result: nothing_open(&run) };
    assert!(asks(&run.take(Input::Done(done))), "once more, for what changed meanwhile");
    assert!(!connection(&run).is_live());
}

#[test]
fn f19_malformed_frames_are_added_up_over_streams() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let malformed = |count| StreamEvent::Malformed { count, sample: String::new() };
    stream(&mut run, malformed(1));
    stream(&mut run, malformed(3));
    run.command(0, Command::Connect { gateway: GATEWAY });
    stream(&mut run, malformed(1));
    assert_eq!(run.state.view().malformed, 4);
}

#[test]
fn f34_expiry_goes_by_the_gateways_clock_whatever_the_wall_clock_here_says() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let now = |run: &Run| run.state.gateways[&GATEWAY].server_now(run.now);
    assert_eq!(now(&run), None, "nobody told the time yet");
    stream(&mut run, StreamEvent::ServerTime { offset_ms: 60_000 });
    let told = now(&run).expect("told");
    run.now.wall += chrono::Duration::days(1);
    run.now.boot_ms += 5_000;
    assert_eq!(now(&run), Some(told + chrono::Duration::seconds(5)));
}

#[test]
fn rule_9_live_is_said_only_when_drained_and_every_open_request_is_accounted_for() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    assert_eq!(connection(&run), Connection::NEVER);
    requests::put(&mut run.state, &key(), approval("pending"), &[], None);
    stream(&mut run, StreamEvent::Phase(Phase::CatchingUp));
    let effects =
        stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    assert!(matches!(effects.as_slice(), [Effect::Reconcile { .. }]), "{effects:?}");
    assert_eq!(connection(&run), Connection::CatchingUp);
    let set = OpenSet { approvals: vec![], as_of: run.now.wall, seq: None, rights: None };
    let effects =
        run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, round: round(&run), result: Ok(set) }));
    assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Reconcile, .. }]), "{effects:?}");
    assert_eq!(connection(&run), Connection::CatchingUp, "one open request is missing there");
    run.read(ReadFor::Reconcile, None);
    assert_eq!(connection(&run), Connection::Live { via: Via::Socket });
    assert!(run.state.request(&key()).is_none(), "gone at the gateway");
}

#[test]
fn rule_9_a_lost_connection_is_stale_at_once_and_tells_since_when() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None, via: domain::connection::Via::Socket });
    let set = OpenSet { approvals: vec![], as_of: run.now.wall, seq: None, rights: None };
    run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, round: round(&run), result: Ok(set) }));
    assert!(connection(&run).is_live());
    let why = domain::connection::Staleness::Lost;
    stream(&mut run, StreamEvent::Phase(Phase::Waiting { until_boot_ms: 0, failures: 1, why }));
    assert_eq!(connection(&run), Connection::Stale { since: Some(run.now.wall), why });
}

#[test]
fn rule_6_a_terminal_request_is_not_reopened_by_an_older_reading() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    requests::put(&mut run.state, &key(), approval("rejected"), &[], Some(9));
    requests::put(&mut run.state, &key(), approval("pending"), &[], Some(8));
    requests::put(&mut run.state, &key(), approval("executing"), &[], None);
    let status = &run.state.request(&key()).expect("followed").approval.status;
    assert_eq!(status, &domain::Status::Rejected);
    assert_eq!(run.state.decisions[&decision].busy, Busy::Sending);
}

#[test]
fn events_are_shown_only_after_they_are_on_disk() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let before = run.state.rev;
    let effects = stream(&mut run, StreamEvent::Events { events: vec![], cursor: None });
    assert!(
        matches!(effects.as_slice(), [Effect::Ingest { batch: Batch::Events { .. }, .. }]),
        "{effects:?}"
    );
    assert_eq!(run.state.rev, before, "nothing has changed for anybody yet");
    let applied = crate::input::Applied {
        request: "r1".into(),
        approval: Some(approval("pending")),
        status: None,
        results: vec![],
        seq: Some(1),
    };
    run.take(Input::Done(Done::Ingested { gateway: GATEWAY, applied: vec![applied], last_row: 5 }));
    let view = run.state.view();
    assert_eq!((view.last_row, view.open), (5, 1));
}

#[test]
fn another_account_on_the_same_gateway_is_refused() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let command = Command::SignIn {
        gateway: GATEWAY,
        email: "other@example.com".into(),
        password: crate::command::Password("x".into()),
    };
    assert_eq!(refusal(&run.command(0, command)), Some(Code::OtherAccount));
}

#[test]
fn i8_a_view_stays_within_64_kib_whatever_ids_and_outputs_a_gateway_sends() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let loud: domain::ActionResult = serde_json::from_value(json!({"action_id": "fix", "success": true,
        "output": "x".repeat(1_000_000), "error": "e".repeat(1_000_000), "more": "m".repeat(1_000_000),
        "result": {"status_code": 200, "body": "y".repeat(1_000_000)}}))
    .expect("a result");
    let held = run.state.decisions.get_mut(&decision).expect("there");
    held.view.results = vec![loud];
    held.view.detail = Some("d".repeat(1_000_000));
    for number in 0..300 {
        let mut one = approval("pending");
        one.request_id = format!("r{number}-{}", "i".repeat(number * 10)).into();
        let key = RequestKey { gateway: GATEWAY, request: one.request_id.clone() };
        requests::put(&mut run.state, &key, one, &[], None);
    }
    let view = run.state.view();
    assert!(serde_json::to_vec(&view).expect("json").len() <= 64 * 1024);
    assert_eq!(view.open, 300, "what does not fit is still counted");
    assert_eq!(view.decisions[0].results[0].status_code(), Some(200));
    assert!(run.state.decisions[&decision].view.results[0].output.is_some(), "the decision itself is whole");
}

#[test]
fn f34_clocks_that_are_apart_are_told_once_and_no_longer_when_they_agree_again() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let told = |run: &Run| run.state.view().gateways[0].clock_off_ms;
    let say = |run: &mut Run, offset_ms: i64| {
        let event = StreamEvent::ServerTime { offset_ms };
        run.take(Input::Stream { gateway: GATEWAY, event });
    };
    say(&mut run, 29_000);
    assert_eq!(told(&run), None, "half a minute is no reason to warn");
    say(&mut run, -95_000);
    assert_eq!(told(&run), Some(-95_000));
    let rev = run.state.rev;
    run.pass(60_000);
    assert_eq!((told(&run), run.state.rev), (Some(-95_000), rev), "it is not said again and again");
    // The clock here is set.
    run.now.wall -= chrono::Duration::seconds(95);
    run.take(Input::Tick);
    assert_eq!(told(&run), None);
}
