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
    let turn = Turn::to(OutboxState::Sent);
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

#[test]
fn rule_5_what_may_have_left_once_is_never_said_not_to_have_been_sent() {
    let ends = [
        CallEnd::SignIn { why: "expired.".into() },
        told(403, Some(client::Slug::NotAllowed)),
        told(404, Some(client::Slug::NotFound)),
        told(429, None),
    ];
    for end in ends {
        let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
        let decision = run.sent();
        run.ends(decision, unclear());
        assert!(sends(&run.pass(10_000)), "the same again");
        let effects = run.ends(decision, end.clone());
        assert_eq!(wants(&effects), Some(OutboxState::Unknown), "{end:?}");
    }
}

#[test]
fn rule_5_a_gateway_that_dies_under_a_call_and_refuses_the_next_leaves_it_unknown() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    run.ends(decision, unclear());
    for _ in 0..20 {
        assert!(sends(&run.pass(10_000)), "the same again");
        let end = CallEnd::NotSent { why: "refused.".into(), code: Code::Unreachable };
        if let Some(state) = wants(&run.ends(decision, end)) {
            assert_eq!(state, OutboxState::Unknown);
            return;
        }
    }
    panic!("it was tried for ever");
}

#[test]
fn rule_5_a_try_that_is_still_in_progress_at_the_gateway_is_not_refused() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    for _ in 0..20 {
        let effects = run.ends(decision, told(409, Some(client::Slug::InProgress)));
        if let Some(state) = wants(&effects) {
            assert_eq!(state, OutboxState::Unknown);
            return;
        }
        assert!(sends(&run.pass(10_000)));
    }
    panic!("it was asked for ever");
}

#[test]
fn rule_7_f34_the_age_of_a_queued_approve_goes_by_the_boot_clock() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::Queue);
    run.confirm(0, nonce);
    run.decided(decision);
    // The wall clock is set back by an hour while the gateway cannot be reached.
    run.now.wall -= chrono::Duration::hours(1);
    let refused = Refused::new(Code::Unreachable, "no route");
    let why = ReadFor::Send(decision);
    run.take(Input::Done(Done::Read { gateway: GATEWAY, request: "r1".into(), why, result: Err(refused) }));
    assert_eq!(wants(&run.pass(121_000)), Some(OutboxState::NotTaken));
}

#[test]
fn f2_a_queued_reject_waits_for_the_gateway_as_long_as_it_takes() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let held = run.state.decisions.get_mut(&decision).expect("there");
    held.unreachable = Unreachable::Queue;
    held.view.verdict = Verdict::Reject { reason: "not now".into() };
    for _ in 0..50 {
        let end = CallEnd::NotSent { why: "refused.".into(), code: Code::Unreachable };
        assert_eq!(wants(&run.ends(decision, end)), None, "it still waits");
        assert!(sends(&run.pass(600_000)));
    }
}

#[test]
fn rule_4_another_verdict_does_not_join_an_open_decision_and_pass_for_it() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let first = run.sent();
    let (nonce, second) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    let mut open = Box::new(run.state.decisions[&first].view.clone());
    open.verdict = Verdict::Reject { reason: "no".into() };
    let result = Ok(Stored::Joined(open));
    let effects = run.take(Input::Done(Done::Decided { call: CallId(1), decision: second, result }));
    assert_eq!(refusal(&effects), Some(Code::AlreadyDecided));
}

#[test]
fn f24_who_decided_instead_is_written_with_the_conflict() {
    let by = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Advance { turn, .. } => turn.superseded.as_ref()?.by.clone(),
            _ => None,
        })
    };
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let effects = run.ends(
        decision,
        CallEnd::Told {
            status: 409,
            slug: Some(client::Slug::AlreadyDecided),
            detail: "Decided.".into(),
            retry_after_ms: None,
            superseded: Some(store::Superseded { by: Some("you@example.com".into()), ..Default::default() }),
        },
    );
    assert_eq!(wants(&effects), Some(OutboxState::Conflict));
    assert_eq!(by(&effects).as_deref(), Some("you@example.com"));

    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    let (nonce, decision) = run.prepare(0, Unreachable::GiveUp);
    run.confirm(0, nonce);
    run.decided(decision);
    let mut taken = approval("rejected");
    taken.decided_by = Some("you@example.com".into());
    let effects = run.read(ReadFor::Send(decision), Some(taken));
    assert_eq!(wants(&effects), Some(OutboxState::Conflict));
    assert_eq!(by(&effects).as_deref(), Some("you@example.com"));
}

fn told(status: u16, slug: Option<client::Slug>) -> CallEnd {
    CallEnd::Told { status, slug, detail: "said".into(), retry_after_ms: None, superseded: None }
}
