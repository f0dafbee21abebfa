//! What each end of a call, and each look, makes of a row.

use super::*;
use domain::OutboxState as S;
use serde_json::json;

fn told(status: u16, slug: Option<Slug>) -> CallEnd {
    CallEnd::Told { status, slug, detail: "said".into(), retry_after_ms: None, superseded: None }
}

fn state(next: Next) -> Option<S> {
    match next {
        Next::Become(turn) => Some(turn.state),
        Next::Again { .. } => None,
    }
}

fn request(status: &str, by: Option<&str>, waits: &[&str]) -> Approval {
    serde_json::from_value(json!({"request_id":"r","pipeline_id":"p","revision":1,"mode":"request",
        "error_message":"e","action_ids":[],"actions":[],"status":status,"decided_by":by,
        "pending_approval_actions":waits}))
    .expect("an approval")
}

#[test]
fn rule_5_a_transport_error_is_never_an_outcome() {
    let unclear = CallEnd::Unclear { why: "timed out".into() };
    for tries in 0..10 {
        let platform =
            state(after_call(&unclear, Dialect::Platform, tries, Left::Never, Unreachable::GiveUp));
        assert_eq!(platform, Some(S::Unknown), "without a key nothing is sent again");
        let own = state(after_call(&unclear, Dialect::Holdpoint, tries, Left::Never, Unreachable::GiveUp));
        assert!(matches!(own, None | Some(S::Unknown)), "{own:?}");
        let server_error =
            state(after_call(&told(500, None), Dialect::Platform, tries, Left::Never, Unreachable::GiveUp));
        assert_eq!(server_error, Some(S::Unknown));
    }
}

#[test]
fn f21_with_a_key_an_unclear_call_is_sent_again_a_bounded_number_of_times() {
    let unclear = CallEnd::Unclear { why: "reset".into() };
    let again = |tries| after_call(&unclear, Dialect::Holdpoint, tries, Left::Never, Unreachable::GiveUp);
    assert!(matches!(again(1), Next::Again { .. }));
    assert_eq!(state(again(MOST_TRIES)), Some(S::Unknown));
}

#[test]
fn f24_f26_f27_the_gateways_no_ends_the_row_and_nothing_is_retried() {
    let cases = [
        (Slug::AlreadyDecided, S::Conflict),
        (Slug::Executing, S::Conflict),
        (Slug::Changed, S::Changed),
        (Slug::DigestMismatch, S::Changed),
        (Slug::Expired, S::Expired),
        (Slug::NotAllowed, S::Refused),
        (Slug::KeyReused, S::Refused),
        (Slug::ReasonRequired, S::Refused),
    ];
    for (slug, expected) in cases {
        let next = after_call(
            &told(slug.status(), Some(slug)),
            Dialect::Holdpoint,
            1,
            Left::Never,
            Unreachable::Queue,
        );
        assert_eq!(state(next), Some(expected), "{slug:?}");
    }
}

#[test]
fn f29_a_wait_the_gateway_asks_for_is_kept() {
    let end = CallEnd::Told {
        status: 429,
        slug: Some(Slug::RateLimited),
        detail: "slow down".into(),
        retry_after_ms: Some(120_000),
        superseded: None,
    };
    let next = after_call(&end, Dialect::Holdpoint, 1, Left::Never, Unreachable::Queue);
    let why = "slow down".into();
    assert_eq!(next, Next::Again { after_ms: 120_000, class: Class::RateLimited, why });
}

#[test]
fn what_never_left_is_not_taken_from_a_terminal_and_waits_from_a_window() {
    let end = CallEnd::NotSent { why: "refused".into(), code: Code::Unreachable };
    assert_eq!(
        state(after_call(&end, Dialect::Holdpoint, 1, Left::Never, Unreachable::GiveUp)),
        Some(S::NotTaken)
    );
    assert!(matches!(
        after_call(&end, Dialect::Holdpoint, 1, Left::Never, Unreachable::Queue),
        Next::Again { .. }
    ));
}

#[test]
fn a_look_at_the_request_closes_the_decision_or_names_another_decider() {
    let seen = |state, verdict: &Verdict, approval: &Approval| {
        observe(state, &Point::Request, verdict, "me", approval).map(|turn| turn.state)
    };
    let no = Verdict::Reject { reason: "why not".into() };
    assert_eq!(
        seen(S::Acknowledged, &Verdict::Approve, &request("completed", Some("me"), &[])),
        Some(S::Observed)
    );
    assert_eq!(seen(S::Acknowledged, &Verdict::Approve, &request("executing", Some("me"), &[])), None);
    assert_eq!(
        seen(S::Unknown, &Verdict::Approve, &request("executing", Some("me"), &[])),
        Some(S::Acknowledged)
    );
    assert_eq!(
        seen(S::Unknown, &Verdict::Approve, &request("executing", Some("you"), &[])),
        Some(S::Conflict)
    );
    assert_eq!(seen(S::Unknown, &Verdict::Approve, &request("pending", None, &[])), None);
    assert_eq!(
        seen(S::Unknown, &Verdict::Approve, &request("rejected", Some("you"), &[])),
        Some(S::Conflict)
    );
    assert_eq!(seen(S::Sent, &no, &request("rejected", Some("me"), &[])), Some(S::Observed));
    assert_eq!(seen(S::Sent, &no, &request("rejected", Some("you"), &[])), Some(S::Conflict));
    assert_eq!(seen(S::Sent, &Verdict::Approve, &request("expired", None, &[])), Some(S::Expired));
}

#[test]
fn a_pause_ends_the_decision_before_it_but_not_the_one_it_waits_for() {
    let paused = request("paused", Some("me"), &["drop"]);
    let seen = |point: Point| observe(S::Acknowledged, &point, &Verdict::Approve, "me", &paused);
    assert_eq!(seen(Point::Request).map(|turn| turn.state), Some(S::Observed));
    assert_eq!(seen(Point::Action("drop".into())), None);
    assert_eq!(seen(Point::Action("check".into())).map(|turn| turn.state), Some(S::Observed));
}

#[test]
fn rule_4_not_taken_is_said_only_after_ten_seconds_of_standing_open() {
    let open = request("pending", None, &[]);
    assert_eq!(not_taken(S::Unknown, &Point::Request, &Verdict::Approve, &open, 9_999), None);
    let turn = not_taken(S::Unknown, &Point::Request, &Verdict::Approve, &open, 10_000).expect("not taken");
    assert_eq!(turn.state, S::NotTaken);
    assert_eq!(
        not_taken(S::Unknown, &Point::Request, &Verdict::Approve, &request("executing", None, &[]), 60_000),
        None
    );
    assert_eq!(not_taken(S::Acknowledged, &Point::Request, &Verdict::Approve, &open, 60_000), None);
}

#[test]
fn rule_4_a_reject_of_a_paused_request_that_still_stands_was_not_taken() {
    let paused = request("paused", None, &["drop"]);
    let no = Verdict::Reject { reason: "why not".into() };
    assert!(not_taken(S::Unknown, &Point::Request, &no, &paused, 10_000).is_some());
    assert!(not_taken(S::Unknown, &Point::Request, &Verdict::Approve, &paused, 10_000).is_none());
}

#[test]
fn rule_5_a_request_taken_back_meanwhile_is_no_sign_that_an_approve_was_taken() {
    let withdrawn = request("withdrawn", None, &[]);
    let turn = observe(S::Unknown, &Point::Request, &Verdict::Approve, "me", &withdrawn).expect("an end");
    assert_eq!(turn.state, S::Conflict);
    assert!(!turn.detail.expect("a sentence").contains("Nothing was sent"), "something was");
}

#[test]
fn every_look_leads_a_row_only_where_it_may_go() {
    let words = ["completed", "failed", "rejected", "stopped", "withdrawn", "interrupted", "expired"];
    let no = Verdict::Reject { reason: "why not".into() };
    for state in [S::Sent, S::Acknowledged, S::Unknown] {
        for (word, by) in
            words.iter().flat_map(|word| [(word, Some("me")), (word, Some("you")), (word, None)])
        {
            for verdict in [&Verdict::Approve, &no] {
                let turn = observe(state, &Point::Request, verdict, "me", &request(word, by, &[]));
                let next = turn.expect("a terminal request ends the decision").state;
                assert!(state.may_become(next), "{state:?} to {next:?} ({word}, {by:?}, {verdict:?})");
            }
        }
    }
}
