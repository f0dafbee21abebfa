//! Decisions that do not leave at once: held back, queued for a gateway that does not answer, frozen, taken back
//! (rule 7; F27, F29, F30, F46).

use super::*;
use crate::command::Refused;
use crate::policy::Policy;
use crate::state::ServerTime;
use crate::view::WaitsFor;
use domain::RequestId;
use domain::connection::SignIn;

fn unreachable() -> CallEnd {
    CallEnd::NotSent { why: "The gateway cannot be reached.".into(), code: Code::Unreachable }
}

fn waits_for(run: &Run, decision: DecisionId) -> Option<WaitsFor> {
    run.state.decisions[&decision].view.waits.as_ref().map(|waits| waits.what)
}

/// Tells the engine of the request, so that it is known without asking.
fn know(run: &mut Run) {
    let applied = Applied {
        request: "r1".into(),
        approval: Some(approval("pending")),
        status: None,
        results: vec![],
        seq: Some(1),
    };
    run.take(Input::Done(Done::Ingested { gateway: GATEWAY, applied: vec![applied], last_row: 1 }));
}

fn prepare_of(verdict: Verdict) -> Command {
    Command::Prepare(Prepare {
        key: key(),
        pipeline: None,
        point: Point::Request,
        verdict,
        shown: Some(approval("pending").computed_digest()),
        unreachable: Unreachable::Queue,
    })
}

fn prepared(effects: &[Effect]) -> crate::command::Prepared {
    let answer = effects.iter().find_map(|effect| match effect {
        Effect::Reply(_, Ok(Answer::Prepared(prepared))) => Some(prepared.clone()),
        _ => None,
    });
    answer.unwrap_or_else(|| panic!("not prepared: {effects:?}"))
}

/// A decision of this verdict on disk, made while the gateway could not be reached.
fn made_offline(run: &mut Run, verdict: Verdict) -> DecisionId {
    know(run);
    run.command(0, prepare_of(verdict.clone()));
    let gone = Err(Refused::new(Code::Unreachable, "The gateway cannot be reached."));
    let why = ReadFor::Prepare(CallId(1));
    let done = Done::Read { gateway: GATEWAY, request: "r1".into(), why, result: gone };
    let effects = run.take(Input::Done(done));
    let prepared = prepared(&effects);
    assert!(prepared.queued.expect("it says so").contains("waits here"));
    run.confirm(0, prepared.nonce);
    let result = Ok(Stored::New(verdict));
    let decided = Done::Decided { call: CallId(1), decision: prepared.decision, result };
    let effects = run.take(Input::Done(decided));
    let effects = run.save(&effects);
    assert!(sends(&effects));
    run.ends(prepared.decision, unreachable());
    prepared.decision
}

fn reject() -> Verdict {
    Verdict::Reject { reason: "not on a Friday".into() }
}

#[test]
fn rule_7_a_held_decision_leaves_when_its_undo_window_ends_and_not_before() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.state.policy = Policy { undo_s: 5, ..Policy::default() };
    let (nonce, decision) = run.prepare(0, Unreachable::Queue);
    let effects = run.confirm(0, nonce);
    let held = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Decide { row, .. } if row.state == OutboxState::Held));
    assert!(held, "{effects:?}");
    assert!(wants(&run.decided(decision)).is_none());
    assert_eq!(waits_for(&run, decision), Some(WaitsFor::Undo));
    assert!(run.pass(4_999).is_empty());
    let effects = run.pass(1);
    assert_eq!(wants(&effects), Some(OutboxState::Queued));
    let effects = run.save(&effects);
    assert_eq!(wants(&effects), Some(OutboxState::Sent));
    assert!(sends(&run.save(&effects)));
}

#[test]
fn rule_7_a_held_decision_that_is_taken_back_never_leaves() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    run.state.policy = Policy { undo_s: 10, ..Policy::default() };
    let (nonce, decision) = run.prepare(0, Unreachable::Queue);
    run.confirm(0, nonce);
    run.decided(decision);
    let effects = run.command(3, Command::TakeBack { decision });
    assert_eq!(wants(&effects), Some(OutboxState::Refused));
    let effects = run.save(&effects);
    let answered = effects.iter().any(|effect| matches!(effect, Effect::Reply(_, Ok(Answer::Decision(_)))));
    assert!(answered, "only once it is on disk: {effects:?}");
    assert!(run.pass(60_000).is_empty());
    assert_eq!(run.outbox(decision), OutboxState::Refused);
}

#[test]
fn rule_7_what_is_on_its_way_cannot_be_taken_back() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let effects = run.command(0, Command::TakeBack { decision });
    assert_eq!(refusal(&effects), Some(Code::Executing));
    run.ends(decision, unclear());
    let effects = run.command(0, Command::TakeBack { decision });
    assert_eq!(refusal(&effects), Some(Code::Executing), "it may have arrived");
    assert_eq!(run.outbox(decision), OutboxState::Sent);
}

#[test]
fn f2_a_reject_begun_without_the_gateway_is_queued_and_leaves_when_it_answers() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = made_offline(&mut run, reject());
    assert_eq!(waits_for(&run, decision), Some(WaitsFor::Gateway));
    let mut effects = run.pass(600_000);
    assert!(sends(&effects), "a reject may wait as long as it takes: {effects:?}");
    effects = run.ends(decision, executing());
    assert_eq!(wants(&effects), Some(OutboxState::Acknowledged));
}

#[test]
fn rule_7_an_approve_that_waited_for_the_gateway_too_long_is_not_sent() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = made_offline(&mut run, Verdict::Approve);
    let effects = run.pass(120_001);
    assert!(!sends(&effects), "{effects:?}");
    assert_eq!(wants(&effects), Some(OutboxState::NotTaken));
    run.save(&effects);
    let detail = run.state.decisions[&decision].view.detail.clone().expect("a sentence");
    assert!(detail.contains("2 minutes") && detail.contains("Nothing was sent"), "{detail}");
}

#[test]
fn f27_what_expired_while_the_gateway_was_away_is_not_sent() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = made_offline(&mut run, reject());
    let gateway = run.state.gateways.get_mut(&GATEWAY).expect("there");
    gateway.server_time = Some(ServerTime { at: run.now.wall, boot_ms: run.now.boot_ms });
    let known = gateway.requests.get_mut(&RequestId::from("r1")).expect("known");
    known.approval.expires_at = Some(run.now.wall + chrono::Duration::seconds(30));
    let effects = run.pass(30_000);
    assert_eq!(wants(&effects), Some(OutboxState::Expired), "{effects:?}");
    run.save(&effects);
    assert!(!sends(&run.pass(60_000)));
    let detail = run.state.decisions[&decision].view.detail.clone().expect("a sentence");
    assert!(detail.contains("expired at 00:00:30 UTC"), "{detail}");
}

#[test]
fn f30_with_the_breaker_open_a_reject_is_taken_at_once_and_sent_when_it_half_opens() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let first = made_offline(&mut run, reject());
    // The gateway goes on failing until it is left alone.
    let mut failures = 2;
    while !run.state.gateways[&GATEWAY].breaker.is_open(run.now.boot_ms) {
        assert!(sends(&run.pass(10_000)), "it is tried again");
        run.ends(first, unreachable());
        failures += 1;
        assert!(failures < 20, "{:?}", run.state.gateways[&GATEWAY].breaker);
    }
    // The point of the first is free again: a person takes it back and decides anew, without a single call.
    let effects = run.command(0, Command::TakeBack { decision: first });
    run.save(&effects);
    let effects = run.command(0, prepare_of(reject()));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Read { .. })), "{effects:?}");
    let prepared = prepared(&effects);
    run.confirm(0, prepared.nonce);
    let decided =
        Done::Decided { call: CallId(1), decision: prepared.decision, result: Ok(Stored::New(reject())) };
    let effects = run.take(Input::Done(decided));
    let effects = run.save(&effects);
    assert!(!sends(&effects), "the breaker is open");
    assert_eq!(waits_for(&run, prepared.decision), Some(WaitsFor::Gateway));
    assert!(sends(&run.pass(5_000)), "the one call that finds out");
    let effects = run.ends(prepared.decision, executing());
    assert_eq!(wants(&effects), Some(OutboxState::Acknowledged));
    assert!(!run.state.gateways[&GATEWAY].breaker.is_open(run.now.boot_ms));
}

#[test]
fn f29_the_wait_a_gateway_asks_for_is_seen_and_kept() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = run.sent();
    let end = CallEnd::Told {
        status: 429,
        slug: Some(client::Slug::RateLimited),
        detail: "Too many calls.".into(),
        retry_after_ms: Some(60_000),
        superseded: None,
    };
    run.ends(decision, end);
    let waits = run.state.decisions[&decision].view.waits.clone().expect("said");
    assert_eq!(waits.what, WaitsFor::RateLimit);
    assert_eq!(waits.until, Some(run.now.wall + chrono::Duration::seconds(60)));
    assert!(run.pass(59_999).is_empty());
    assert!(sends(&run.pass(1)));
}

#[test]
fn f46_a_lost_session_freezes_what_is_queued_and_a_new_one_lets_it_go() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let decision = made_offline(&mut run, reject());
    let event = StreamEvent::Phase(Phase::SignInNeeded(SignIn::Expired));
    run.take(Input::Stream { gateway: GATEWAY, event });
    assert!(!sends(&run.pass(30_000)));
    assert_eq!(waits_for(&run, decision), Some(WaitsFor::SignIn));
    assert!(run.state.next_due_ms().is_none(), "it sleeps until then");
    run.state.gateways.get_mut(&GATEWAY).expect("there").stream = Stream::Open;
    let who = SignedInAs { email: ME.into(), dialect: Dialect::Holdpoint, not_kept: None };
    let effects = run.take(Input::Done(Done::SignedIn { call: None, gateway: GATEWAY, result: Ok(who) }));
    assert!(sends(&effects), "{effects:?}");
}

#[test]
fn a_policy_beyond_its_bounds_changes_nothing() {
    let mut run = Run::new(Dialect::Holdpoint, Purpose::Act);
    let effects = run.command(0, Command::SetPolicy(Policy { undo_s: 60, ..Policy::default() }));
    assert_eq!(refusal(&effects), Some(Code::Usage));
    let policy = Policy { undo_s: 3, fresh_approve_min: 5 };
    let effects = run.command(0, Command::SetPolicy(policy));
    assert!(matches!(effects.as_slice(), [Effect::KeepPolicy { .. }]), "{effects:?}");
    assert_eq!(run.state.policy, Policy::default(), "not before it is on disk");
    run.take(Input::Done(Done::PolicyKept { call: CallId(1), policy, result: Ok(()) }));
    assert_eq!(run.state.view().policy, policy);
}

#[test]
fn rule_3_what_waited_for_a_gateway_without_digests_is_read_again_before_each_try() {
    let mut run = Run::new(Dialect::Platform, Purpose::Act);
    know(&mut run);
    let (nonce, decision) = run.prepare(0, Unreachable::Queue);
    run.confirm(0, nonce);
    run.decided(decision);
    let effects = run.read(ReadFor::Send(decision), Some(approval("pending")));
    assert!(sends(&run.save(&effects)));
    run.ends(decision, unreachable());
    let effects = run.pass(10_000);
    assert!(!sends(&effects), "not unread: {effects:?}");
    assert!(sends(&run.read(ReadFor::Send(decision), Some(approval("pending")))));
    run.ends(decision, unreachable());
    run.pass(10_000);
    let changed = Approval { revision: 2, ..approval("pending") };
    let effects = run.read(ReadFor::Send(decision), Some(changed));
    assert_eq!(wants(&effects), Some(OutboxState::Changed));
    assert!(!sends(&run.save(&effects)));
}
