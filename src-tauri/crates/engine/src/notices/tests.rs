//! The rule, view by view.

use super::*;
use domain::{Digest, GatewayId, Point, Verdict};
use serde_json::json;
use uuid::Uuid;

fn row(id: &str) -> RequestRow {
    RequestRow {
        key: key(id),
        rev: 1,
        pipeline: "payments-prod".into(),
        error: "pool exhausted".into(),
        status: Status::Pending,
        confidence: None,
        risk: Some(Risk::Medium),
        created_at: None,
        expires_at: None,
        waiting: None,
        may: May::Decide,
        kept: None,
    }
}

fn key(id: &str) -> RequestKey {
    RequestKey { gateway: GatewayId(Uuid::from_u128(1)), request: id.into() }
}

fn view(requests: Vec<RequestRow>) -> AppView {
    AppView { open: requests.len(), requests, ..AppView::default() }
}

fn decision(id: u128, state: OutboxState, status: Status) -> DecisionView {
    DecisionView {
        id: DecisionId(Uuid::from_u128(id)),
        key: key("r1"),
        pipeline: "payments-prod".into(),
        point: Point::Request,
        verdict: Verdict::Approve,
        identity: "ops@example.com".into(),
        digest: Digest("sha-256:00".into()),
        state,
        code: None,
        detail: None,
        status: Some(status),
        waiting: None,
        results: vec![],
        waits: None,
    }
}

fn result(json: serde_json::Value) -> ActionResult {
    serde_json::from_value(json).expect("a result")
}

fn asked(notices: &[Notice]) -> Vec<&str> {
    let asks = notices.iter().filter_map(|notice| match notice {
        Notice::Ask(ask) => Some(ask.key.request.as_str()),
        _ => None,
    });
    asks.collect()
}

#[test]
fn f13_a_request_is_told_once_and_withdrawn_when_it_was_decided_elsewhere() {
    let mut told = Told::default();
    let two = view(vec![row("r1"), row("r2")]);
    assert_eq!(asked(&told.step(&two, Front::Elsewhere, 0)), ["r1", "r2"]);
    assert_eq!(told.step(&two, Front::Elsewhere, 1), []);
    let one = view(vec![RequestRow { status: Status::Executing, ..row("r1") }, row("r2")]);
    assert_eq!(told.step(&one, Front::Elsewhere, 2), [Notice::Withdraw(key("r1"))]);
    assert_eq!(told.step(&view(vec![]), Front::Elsewhere, 3), [Notice::Withdraw(key("r2"))]);
}

#[test]
fn what_is_known_only_from_an_earlier_run_calls_nobody_until_the_gateway_tells_it_again() {
    let mut told = Told::default();
    let kept = RequestRow { kept: Some(chrono::DateTime::UNIX_EPOCH), ..row("r1") };
    assert_eq!(told.step(&view(vec![kept]), Front::Elsewhere, 0), []);
    assert_eq!(asked(&told.step(&view(vec![row("r1")]), Front::Elsewhere, 1)), ["r1"]);
}

#[test]
fn a_pause_at_a_gated_action_asks_anew_in_place_of_the_first_one() {
    let mut told = Told::default();
    told.step(&view(vec![row("r1")]), Front::Elsewhere, 0);
    let paused = RequestRow { status: Status::Paused, waiting: Some("restart-pool".into()), ..row("r1") };
    let notices = told.step(&view(vec![paused]), Front::Elsewhere, 1);
    let [Notice::Ask(ask)] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(ask.title, "Next step waits on payments-prod: restart-pool");
}

#[test]
fn what_i_may_not_decide_asked_for_or_have_just_decided_is_not_told() {
    let mut told = Told::default();
    let mut view = view(vec![
        RequestRow { may: May::Look, ..row("looked") },
        RequestRow { may: May::NotApprove, ..row("own") },
        row("r1"),
    ]);
    view.decisions = vec![decision(1, OutboxState::Queued, Status::Pending)];
    assert_eq!(told.step(&view, Front::Elsewhere, 0), []);
}

#[test]
fn urgency_goes_by_risk_and_an_untold_risk_is_a_high_one() {
    let of = |risk| ask(&RequestRow { risk, ..row("r1") }).urgency;
    assert_eq!([of(Some(Risk::Low)), of(Some(Risk::Medium))], [Urgency::Normal; 2]);
    assert_eq!([of(Some(Risk::High)), of(None)], [Urgency::Critical; 2]);
}

#[test]
fn a21_hostile_text_is_told_on_one_line_with_every_hidden_character_visible() {
    let hostile = RequestRow { error: "a\u{202e}b\nc".into(), pipeline: "p\u{1b}[31m".into(), ..row("r1") };
    let ask = ask(&hostile);
    assert_eq!(ask.body, "a⟨U+202E⟩b⏎c (medium risk)");
    assert_eq!(ask.title, "Approval needed on p⟨U+001B⟩[31m");
}

#[test]
fn a23_a_storm_is_told_as_one_whose_number_follows_and_which_goes_with_the_last() {
    let mut told = Told::default();
    let storm = |n: usize| view((0..n).map(|i| row(&format!("r{i}"))).collect());
    assert_eq!(
        told.step(&storm(60), Front::Elsewhere, 0),
        [Notice::Many { count: 60, urgency: Urgency::Normal }]
    );
    assert_eq!(told.step(&storm(200), Front::Elsewhere, 500), [], "its number changes once a second");
    assert_eq!(told.due_ms(), Some(1_000));
    assert_eq!(
        told.step(&storm(200), Front::Elsewhere, 1_000),
        [Notice::Many { count: 200, urgency: Urgency::Normal }]
    );
    assert_eq!(told.due_ms(), None);
    assert_eq!(told.step(&view(vec![]), Front::Elsewhere, 1_100), [Notice::WithdrawMany]);
    let later = told.step(&view(vec![row("late")]), Front::Elsewhere, 60_000);
    assert_eq!(asked(&later), ["late"], "after the storm they are told one by one again");
}

#[test]
fn requests_beyond_what_a_view_holds_are_told_too() {
    let mut told = Told::default();
    let mut beyond = view(vec![row("r1")]);
    beyond.open = 11;
    let notices = told.step(&beyond, Front::Elsewhere, 0);
    assert_eq!(notices[1], Notice::Many { count: 10, urgency: Urgency::Normal });
}

#[test]
fn my_success_is_told_only_when_i_look_elsewhere_and_a_failure_always() {
    let ends = |front, status| {
        let mut told = Told::default();
        let mut view = view(vec![]);
        view.decisions = vec![decision(1, OutboxState::Acknowledged, Status::Executing)];
        assert_eq!(told.step(&view, front, 0), []);
        let ended = decision(1, OutboxState::Observed, status);
        view.decisions = vec![DecisionView { results: vec![result(json!({"success": true}))], ..ended }];
        let notices = told.step(&view, front, 1);
        assert_eq!(told.step(&view, front, 2), [], "told once");
        notices.len()
    };
    assert_eq!(ends(Front::Elsewhere, Status::Completed), 1);
    assert_eq!(ends(Front::Window, Status::Completed), 0);
    assert_eq!(ends(Front::Window, Status::Failed), 1);
    assert_eq!(ends(Front::Window, Status::Interrupted), 1);
}

#[test]
fn rule_12_a_completed_request_with_a_failed_action_is_told_as_a_failure() {
    let mut failed = decision(1, OutboxState::Observed, Status::Completed);
    failed.results = vec![result(json!({"success": true, "result": {"exit_code": 2}}))];
    assert_eq!(end(&failed), Some(End::Failed));
}

#[test]
fn rule_12_what_nothing_proves_is_told_as_ended_and_no_text_of_the_gateway_goes_along() {
    let over = |verdict: Verdict, status, results: Vec<ActionResult>| {
        let ended = decision(1, OutboxState::Observed, status);
        let decision = DecisionView { verdict, results, detail: Some("pool=secret".into()), ..ended };
        let end = end(&decision).expect("an end");
        assert!(!super::ended(&decision, end).body.contains("secret"));
        end
    };
    let good = || vec![result(json!({"success": true}))];
    let stop = || Verdict::Stop { reason: "wrong pool".into() };
    assert_eq!(over(Verdict::Approve, Status::Completed, good()), End::Good);
    assert_eq!(over(Verdict::Approve, Status::Completed, vec![]), End::Over);
    assert_eq!(over(Verdict::Approve, Status::Stopped, good()), End::Over, "others stopped it");
    assert_eq!(over(stop(), Status::Stopped, good()), End::Good);
    assert_eq!(over(stop(), Status::Completed, good()), End::Over, "it came too late");
}

#[test]
fn rule_5_unknown_is_told_as_unknown_and_its_end_again_when_it_is_known() {
    let mut told = Told::default();
    let mut view = view(vec![]);
    view.decisions = vec![decision(1, OutboxState::Unknown, Status::Pending)];
    let notices = told.step(&view, Front::Window, 0);
    let [Notice::Ended(first)] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(first.title, "Outcome unknown on payments-prod, checking");
    view.decisions = vec![decision(1, OutboxState::NotTaken, Status::Pending)];
    assert_eq!(told.step(&view, Front::Window, 1).len(), 1);
}

#[test]
fn what_had_ended_before_the_start_is_no_news_and_a_new_daemon_is_told_what_still_waits() {
    let mut told = Told::default();
    let mut view = view(vec![row("r2")]);
    view.decisions = vec![decision(1, OutboxState::Observed, Status::Failed)];
    assert_eq!(asked(&told.step(&view, Front::Elsewhere, 0)), ["r2"]);
    told.forget_shown();
    let again = told.step(&view, Front::Elsewhere, 20_000);
    assert_eq!((asked(&again), again.len()), (vec!["r2"], 1));
    assert_eq!(told.withdraw_all(), [Notice::Withdraw(key("r2"))]);
}
