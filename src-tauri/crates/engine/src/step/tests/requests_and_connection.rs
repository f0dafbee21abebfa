//! What may be shown when, and what the connection may be called (rules 6, 9).

use super::*;

fn stream(run: &mut Run, event: StreamEvent) -> Vec<Effect> {
    run.take(Input::Stream { gateway: GATEWAY, event })
}

fn connection(run: &Run) -> Connection {
    run.state.gateways[&GATEWAY].connection.clone()
}

#[test]
fn rule_9_live_is_said_only_when_drained_and_every_open_request_is_accounted_for() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    assert_eq!(connection(&run), Connection::NEVER);
    requests::put(&mut run.state, &key(), approval("pending"), &[], None);
    stream(&mut run, StreamEvent::Phase(Phase::CatchingUp));
    let effects = stream(&mut run, StreamEvent::Drained { cursor: None });
    assert!(matches!(effects.as_slice(), [Effect::Reconcile { .. }]), "{effects:?}");
    assert_eq!(connection(&run), Connection::CatchingUp);
    let set = OpenSet { approvals: vec![], as_of: run.now.wall, seq: None, rights: None };
    let effects = run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, result: Ok(set) }));
    assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Reconcile, .. }]), "{effects:?}");
    assert_eq!(connection(&run), Connection::CatchingUp, "one open request is missing there");
    run.read(ReadFor::Reconcile, None);
    assert_eq!(connection(&run), Connection::Live { via: Via::Socket });
    assert!(run.state.request(&key()).is_none(), "gone at the gateway");
}

#[test]
fn rule_9_a_lost_connection_is_stale_at_once_and_tells_since_when() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    stream(&mut run, StreamEvent::Drained { cursor: None });
    let set = OpenSet { approvals: vec![], as_of: run.now.wall, seq: None, rights: None };
    run.take(Input::Done(Done::Reconciled { gateway: GATEWAY, result: Ok(set) }));
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
