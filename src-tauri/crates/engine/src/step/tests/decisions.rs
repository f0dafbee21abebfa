//! From a wish to a known end: nothing before its row, nothing twice, nothing unseen (rules 1, 3, 4).

use super::*;

#[test]
fn rule_1_nothing_is_on_the_wire_before_the_row_says_so_on_disk() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    let effects = run.confirm(0, nonce);
    assert!(matches!(effects.as_slice(), [Effect::Decide { .. }]), "{effects:?}");
    assert!(run.pass(60_000).is_empty(), "the row is not on disk yet");
    let effects = run.decided(decision);
    assert_eq!(wants(&effects), Some(OutboxState::Sent));
    assert!(!sends(&effects));
    assert!(sends(&run.save(&effects)));
}

#[test]
fn rule_1_a_row_that_cannot_be_written_is_never_sent() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let refused = Refused::new(Code::Store, "the disk is full");
    let effects = run.take(Input::Done(Done::Decided { call: CallId(1), decision, result: Err(refused) }));
    assert_eq!(refusal(&effects), Some(Code::Store));
    assert!(run.pass(600_000).is_empty());

    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let turn = Turn { state: OutboxState::Sent, code: None, detail: None };
    run.decided(decision);
    let refused = Refused::new(Code::Store, "the disk is full");
    let effects = run.take(Input::Done(Done::Advanced { decision, turn, result: Err(refused) }));
    assert!(!sends(&effects));
    assert_eq!(run.outbox(decision), OutboxState::Queued, "what is not on disk is not true");
}

#[test]
fn a8_a_confirmation_needs_its_own_preparation_on_its_own_surface_in_time() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    assert_eq!(refusal(&run.confirm(0, Nonce("made up".into()))), Some(Code::NotPrepared));
    let (nonce, _) = run.prepare(1, Unreachable::GiveUp);
    assert_eq!(refusal(&run.confirm(2, nonce.clone())), Some(Code::NotPrepared), "another surface");
    run.take(Input::SurfaceGone(SurfaceId(1)));
    assert_eq!(refusal(&run.confirm(1, nonce)), Some(Code::NotPrepared), "its surface is gone");
    let (nonce, _) = run.prepare(1, Unreachable::GiveUp);
    run.pass(300_000);
    assert_eq!(refusal(&run.confirm(1, nonce)), Some(Code::NotPrepared), "five minutes have passed");
}

#[test]
fn f31_a_second_confirmation_of_the_same_preparation_decides_nothing() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let (nonce, _) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce.clone());
    let effects = run.confirm(0, nonce);
    assert_eq!(refusal(&effects), Some(Code::NotPrepared));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Decide { .. })));
}

#[test]
fn rule_4_a_decision_that_joins_an_open_one_is_never_sent_itself() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let first = run.sent();
    let (nonce, second) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let open = Box::new(run.state.decisions[&first].view.clone());
    let effects = run.take(Input::Done(Done::Decided {
        call: CallId(1),
        decision: second,
        result: Ok(Stored::Joined(open)),
    }));
    match effects.as_slice() {
        [Effect::Reply(_, Ok(Answer::Decision(Some(joined))))] => assert_eq!(joined.id, first),
        other => panic!("not joined: {other:?}"),
    }
    assert!(!run.state.decisions.contains_key(&second));
}

#[test]
fn f21_an_unclear_call_is_repeated_with_the_same_decision_and_ends_in_one_answer() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    run.ends(decision, unclear());
    assert_eq!(run.outbox(decision), OutboxState::Sent);
    let again = run.pass(10_000);
    match again.as_slice() {
        [Effect::Send { row }] => assert_eq!(row.id, decision),
        other => panic!("not sent again: {other:?}"),
    }
    let effects = run.ends(decision, executing());
    assert_eq!(wants(&effects), Some(OutboxState::Acknowledged));
}

#[test]
fn rule_4_on_the_platform_an_unclear_approve_is_never_sent_again_and_said_not_taken_after_ten_seconds() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    let decision = run.sent();
    let effects = run.ends(decision, unclear());
    assert_eq!(wants(&effects), Some(OutboxState::Unknown));
    let mut effects = run.save(&effects);
    for _ in 0..30 {
        assert!(!sends(&effects), "{effects:?}");
        if let Some(state) = wants(&effects) {
            assert_eq!(state, OutboxState::NotTaken);
            assert!(run.now.boot_ms >= 11_000, "said too early");
            return;
        }
        effects =
            match effects.iter().any(|effect| matches!(effect, Effect::Read { why: ReadFor::Look(_), .. })) {
                true => run.read(ReadFor::Look(decision), Some(approval("pending"))),
                false => run.pass(1_000),
            };
    }
    panic!("it was never said that the decision was not taken");
}

#[test]
fn rule_3_on_the_platform_a_request_that_changed_before_sending_is_not_sent() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let effects = run.decided(decision);
    assert!(
        matches!(effects[..], [Effect::Reply(..), Effect::Read { why: ReadFor::Send(_), .. }]),
        "{effects:?}"
    );
    let mut changed = approval("pending");
    changed.revision = 2;
    let effects = run.read(ReadFor::Send(decision), Some(changed));
    assert_eq!(wants(&effects), Some(OutboxState::Changed));
    assert!(!sends(&run.save(&effects)));
}

#[test]
fn the_end_of_a_decision_is_read_from_the_request_not_from_the_call() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let effects = run.ends(decision, executing());
    let effects = run.save(&effects);
    assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Look(_), .. }]), "{effects:?}");
    let effects = run.read(ReadFor::Look(decision), Some(approval("executing")));
    assert_eq!(wants(&effects), None, "it still runs");
    run.pass(5_000);
    let effects = run.read(ReadFor::Look(decision), Some(approval("completed")));
    assert_eq!(wants(&effects), Some(OutboxState::Observed));
}

#[test]
fn what_never_left_ends_as_not_taken_for_a_terminal_and_nothing_stays_queued() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let end = CallEnd::NotSent { why: "refused.".into(), code: Code::Unreachable };
    let effects = run.ends(decision, end);
    assert_eq!(wants(&effects), Some(OutboxState::NotTaken));
    run.save(&effects);
    assert!(run.pass(3_600_000).is_empty());
}
