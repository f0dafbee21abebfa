//! A decision whose answer was lost, on a request that ended by another's word: the gateway's answer to the key tells
//! (rule 5).

use super::*;
use client::Slug;

/// An approve whose calls all broke off; it is looked for now.
fn unknown(dialect: Dialect) -> (Run, DecisionId) {
    let mut run = Run::new(dialect, Purpose::Act);
    let decision = run.sent();
    let mut effects = run.ends(decision, unclear());
    while wants(&effects).is_none() {
        assert!(sends(&run.pass(10_000)), "it is tried again with its key");
        effects = run.ends(decision, unclear());
    }
    assert_eq!(wants(&effects), Some(OutboxState::Unknown));
    run.save(&effects);
    // After so many failures the gateway is left alone for a while.
    let effects = run.pass(60_000);
    assert!(matches!(effects.as_slice(), [Effect::Read { why: ReadFor::Look(_), .. }]), "{effects:?}");
    (run, decision)
}

/// Somebody else rejected it, at a pause that the approve may have led to.
fn rejected() -> Approval {
    Approval { decided_by: Some("other@example.com".into()), ..approval("rejected") }
}

#[test]
fn rule_5_an_approve_that_was_taken_is_not_denied_because_another_ended_the_request_later() {
    let (mut run, decision) = unknown(Dialect::Holdpoint);
    let effects = run.read(ReadFor::Look(decision), Some(rejected()));
    assert!(wants(&effects).is_none() && sends(&effects), "its key is asked: {effects:?}");
    assert_eq!(run.outbox(decision), OutboxState::Unknown, "until there is an answer");
    let effects = run.ends(decision, executing());
    assert_eq!(wants(&effects), Some(OutboxState::Acknowledged));
}

#[test]
fn rule_5_an_approve_that_was_never_taken_is_known_by_the_answer_to_its_key() {
    let (mut run, decision) = unknown(Dialect::Holdpoint);
    run.read(ReadFor::Look(decision), Some(rejected()));
    let end = CallEnd::Told {
        status: 409,
        slug: Some(Slug::AlreadyDecided),
        detail: "Decided.".into(),
        retry_after_ms: None,
        superseded: None,
    };
    assert_eq!(wants(&run.ends(decision, end)), Some(OutboxState::Conflict));
}

#[test]
fn rule_5_as_long_as_the_key_has_no_answer_the_outcome_stays_unknown() {
    let (mut run, decision) = unknown(Dialect::Holdpoint);
    run.read(ReadFor::Look(decision), Some(rejected()));
    assert!(wants(&run.ends(decision, unclear())).is_none());
    assert_eq!(run.outbox(decision), OutboxState::Unknown);
    let looks = run.pass(60_000);
    assert!(looks.iter().any(|effect| matches!(effect, Effect::Read { .. })), "it goes on: {looks:?}");
}

#[test]
fn rule_8_the_key_of_another_account_is_not_asked() {
    let (mut run, decision) = unknown(Dialect::Holdpoint);
    run.state.gateways.get_mut(&GATEWAY).expect("there").account = Some("other@example.com".into());
    let effects = run.read(ReadFor::Look(decision), Some(rejected()));
    assert!(wants(&effects).is_none() && !sends(&effects), "{effects:?}");
    assert_eq!(run.outbox(decision), OutboxState::Unknown);
}
