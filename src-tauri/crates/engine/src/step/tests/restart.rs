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
        waits: None,
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

#[test]
fn rule_4_a_stale_approve_found_on_the_platforms_wire_is_looked_up_and_never_sent_again() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    restore(&mut run.state, vec![row(OutboxState::Sent, 121, run.now)], run.now);
    let effects = run.take(Input::Tick);
    assert!(!sends(&effects), "{effects:?}");
    assert_eq!(wants(&effects), Some(OutboxState::Unknown));
}

#[test]
fn rule_8_a_decision_of_another_account_never_leaves_under_the_one_that_is_signed_in() {
    for dialect in [Dialect::Holdpoint, Dialect::Platform] {
        let mut run = Run::new(dialect, Purpose::Act);
        run.state.gateways.get_mut(&GATEWAY).expect("there").account = Some("other@example.com".into());
        restore(&mut run.state, vec![row(OutboxState::Queued, 5, run.now)], run.now);
        let effects = run.take(Input::Tick);
        assert_eq!(wants(&effects), Some(OutboxState::NotTaken), "it never left: its point is free again");

        let mut run = Run::new(dialect, Purpose::Act);
        run.state.gateways.get_mut(&GATEWAY).expect("there").account = Some("other@example.com".into());
        restore(&mut run.state, vec![row(OutboxState::Sent, 5, run.now)], run.now);
        let effects = run.take(Input::Tick);
        assert_eq!(wants(&effects), Some(OutboxState::Unknown), "it may have left: only the truth is read");
        assert!(!sends(&run.save(&effects)));
    }
}

#[test]
fn rule_7_f34_a_row_from_the_future_has_no_known_age_and_needs_a_fresh_look() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut run.state, vec![row(OutboxState::Queued, -3_600, run.now)], run.now);
    assert_eq!(wants(&run.take(Input::Tick)), Some(OutboxState::NotTaken));
}

#[test]
fn rule_7_what_is_held_when_it_starts_is_cancelled() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut run.state, vec![row(OutboxState::Held, 5, run.now)], run.now);
    assert_eq!(wants(&run.take(Input::Tick)), Some(OutboxState::Refused));
}

#[test]
fn rule_7_a_queued_approve_that_never_left_goes_stale_also_after_its_first_try() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    restore(&mut run.state, vec![row(OutboxState::Queued, 5, run.now)], run.now);
    let effects = run.take(Input::Tick);
    let mut effects = run.save(&effects);
    let decision = DecisionId(Uuid::from_u128(99));
    for _ in 0..100 {
        if sends(&effects) {
            let end = CallEnd::NotSent { why: "refused.".into(), code: Code::Unreachable };
            effects = run.ends(decision, end);
        }
        if let Some(state) = wants(&effects) {
            assert_eq!(state, OutboxState::NotTaken);
            assert!(run.now.boot_ms >= 115_000, "given up too early");
            return;
        }
        effects = run.pass(8_000);
    }
    panic!("it would have been sent at any age");
}
