//! What becomes of rows that an earlier run left open (rules 5, 7; F22, F23, F46).

use super::*;

fn row(state: OutboxState, age_s: i64, now: Now) -> Row {
    let decision = DecisionId(Uuid::from_u128(99));
    let view = crate::view::DecisionView {
        id: decision,
        key: key(),
        pipeline: "p1".into(),
        point: Point::Request,
        verdict: Verdict::Approve,
        identity: ME.into(),
        digest: approval("pending").computed_digest(),
        state,
        code: None,
        detail: None,
        status: None,
        waiting: None,
        results: vec![],
    };
    Row { view, created_at: now.wall - chrono::Duration::seconds(age_s) }
}

#[test]
fn f22_reading_sends_nothing_of_what_is_queued_and_acting_sends_it_while_fresh() {
    let mut reading = Run::new(Dialect::Holdpoint, Purpose::Read);
    restore(&mut reading.state, vec![row(OutboxState::Queued, 5, reading.now)], reading.now);
    assert!(reading.pass(600_000).is_empty());

    let mut acting = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut acting.state, vec![row(OutboxState::Queued, 5, acting.now)], acting.now);
    assert_eq!(wants(&acting.take(Input::Tick)), Some(OutboxState::Sent));
}

#[test]
fn rule_7_an_approve_that_waited_for_more_than_two_minutes_is_not_sent() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut run.state, vec![row(OutboxState::Queued, 121, run.now)], run.now);
    assert_eq!(wants(&run.take(Input::Tick)), Some(OutboxState::NotTaken));
}

#[test]
fn f23_what_was_on_the_wire_when_the_last_run_ended_is_repeated_with_its_key_or_looked_up() {
    let mut own = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut own.state, vec![row(OutboxState::Sent, 5, own.now)], own.now);
    assert!(sends(&own.take(Input::Tick)), "the key makes it safe");

    let mut platform = Run::new(Dialect::Platform, Purpose::Act);
    restore(&mut platform.state, vec![row(OutboxState::Sent, 5, platform.now)], platform.now);
    let effects = platform.take(Input::Tick);
    assert_eq!(wants(&effects), Some(OutboxState::Unknown), "without a key only the truth is read");
    assert!(!sends(&platform.save(&effects)));
}

#[test]
fn f46_without_a_session_decisions_are_frozen_not_deleted() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.state.gateways.get_mut(&GATEWAY).expect("there").account = None;
    restore(&mut run.state, vec![row(OutboxState::Queued, 5, run.now)], run.now);
    assert!(run.pass(5_000).is_empty());
    assert_eq!(run.state.decisions.len(), 1);
}
