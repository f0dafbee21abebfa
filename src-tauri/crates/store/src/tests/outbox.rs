//! The outbox as a lock and as a life (rules 1 and 4).

use super::*;
use crate::{Change, Decided, StoreError, Superseded};
use domain::OutboxState;

fn id(decision: &NewDecision) -> DecisionId {
    decision.decision
}

#[tokio::test]
async fn rule_1_a_decision_is_on_disk_when_decide_returns_and_another_process_sees_it() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = NewDecision { typed: Some("payments".into()), ..approve(1, &shown) };
    let Decided::Opened(row) = house.store.decide(&new, &shown).await.expect("decides") else {
        panic!("nothing was in the way");
    };
    let reader = Reader::open(&house.path()).await.expect("opens");
    assert_eq!(reader.decision(id(&new)).await.expect("reads"), Some(row.clone()));
    assert_eq!((row.state, row.verdict, row.point), (OutboxState::Queued, Verdict::Approve, Point::Request));
    let kept = reader.shown(id(&new)).await.expect("reads").expect("is there");
    assert_eq!((kept.approval, kept.typed), (shown, Some("payments".into())));
}

#[tokio::test]
async fn rule_4_a_second_decision_at_an_open_point_joins_the_first() {
    let house = House::new().await;
    let shown = approval("r1");
    let first = approve(1, &shown);
    let verdict = Verdict::Reject { reason: "not now".into() };
    let second = NewDecision { verdict, ..approve(2, &shown) };
    house.store.decide(&first, &shown).await.expect("decides");
    let Decided::Joined(row) = house.store.decide(&second, &shown).await.expect("decides") else {
        panic!("the point is locked");
    };
    assert_eq!((row.decision, row.verdict), (id(&first), Verdict::Approve));
    assert_eq!(house.reader().decisions_for(&first.key).await.expect("reads").len(), 1);
    assert_eq!(house.reader().receipts().await.expect("reads").len(), 2, "key change and one decided");
}

#[tokio::test]
async fn rule_4_an_action_and_another_request_are_points_of_their_own() {
    let house = House::new().await;
    let (one, two) = (approval("r1"), approval("r2"));
    let action = NewDecision { point: Point::Action("restart-pool".into()), ..approve(2, &one) };
    for (new, shown) in [(approve(1, &one), &one), (action, &one), (approve(3, &two), &two)] {
        assert!(matches!(house.store.decide(&new, shown).await.expect("decides"), Decided::Opened(_)));
    }
    assert_eq!(house.reader().open_decisions().await.expect("reads").len(), 3);
}

#[tokio::test]
async fn rule_4_a_stop_is_possible_while_an_approve_is_still_being_carried_out_but_only_one() {
    let house = House::new().await;
    let shown = approval("r1");
    let stop =
        |n| NewDecision { verdict: Verdict::Stop { reason: "wrong pool".into() }, ..approve(n, &shown) };
    house.store.decide(&approve(1, &shown), &shown).await.expect("decides");
    assert!(matches!(house.store.decide(&stop(2), &shown).await.expect("decides"), Decided::Opened(_)));
    assert!(matches!(house.store.decide(&stop(3), &shown).await.expect("decides"), Decided::Joined(_)));
}

#[tokio::test]
async fn rule_4_the_lock_is_held_in_just_the_states_that_lock() {
    let house = House::new().await;
    for (n, state) in (10..).zip(OutboxState::ALL) {
        let shown = approval(&format!("r-{}", state.word()));
        let first = NewDecision { opening: Opening::Held, ..approve(n, &shown) };
        house.store.decide(&first, &shown).await.expect("decides");
        for next in way_to(state) {
            house.store.advance(id(&first), &Change::to(next)).await.expect("a legal move");
        }
        let second = house.store.decide(&approve(n + 100, &shown), &shown).await.expect("decides");
        assert_eq!(matches!(second, Decided::Joined(_)), state.locks(), "{state:?}");
        // And the index says the same, should a bug ever get past the question before it.
        let clash = sqlx::query(
            "INSERT INTO outbox SELECT NULL, 'copy-' || decision, gateway, request_id, point, action_id, track,
             pipeline_id, verdict, digest, identity, state, detail, status, results, superseded, created_us,
             changed_us FROM outbox WHERE decision = ?1",
        )
        .bind(id(&first).to_string())
        .execute(&house.store.decisions.pool())
        .await;
        assert_eq!(clash.is_err(), state.locks(), "{state:?}");
    }
}

/// Legal moves from held to `state`.
fn way_to(state: OutboxState) -> Vec<OutboxState> {
    match state {
        OutboxState::Held => vec![],
        OutboxState::Queued => vec![OutboxState::Queued],
        other => vec![OutboxState::Queued, other],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_4_of_many_decisions_at_once_from_two_owners_exactly_one_opens() {
    let house = House::new().await;
    let rival = own(&house.path(), 2).await;
    let shown = approval("r1");
    let tries = (1..=20).map(|n| {
        let store = if n % 2 == 0 { &house.store } else { &rival };
        let (new, shown) = (approve(n, &shown), shown.clone());
        async move { store.decide(&new, &shown).await.expect("decides") }
    });
    let mut opened = 0;
    let mut tasks = Vec::new();
    for one in tries {
        tasks.push(Box::pin(one));
    }
    for decided in join_all(tasks).await {
        opened += usize::from(matches!(decided, Decided::Opened(_)));
    }
    assert_eq!(opened, 1);
    assert_eq!(house.reader().open_decisions().await.expect("reads").len(), 1);
    assert!(house.reader().verify().await.expect("reads").is_ok());
}

/// Polls all futures together.
async fn join_all<F: Future + Unpin>(mut waiting: Vec<F>) -> Vec<F::Output> {
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        waiting.retain_mut(|future| match std::pin::Pin::new(future).poll(cx) {
            std::task::Poll::Ready(output) => {
                done.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn the_same_decision_twice_is_one_row_even_after_its_end() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = approve(1, &shown);
    house.store.decide(&new, &shown).await.expect("decides");
    house.store.advance(id(&new), &Change::to(OutboxState::Refused)).await.expect("moves");
    let again = house.store.decide(&new, &shown).await.expect("decides");
    assert!(matches!(again, Decided::Joined(row) if row.state == OutboxState::Refused));
}

#[tokio::test]
async fn rule_3_a_decision_on_something_else_than_was_shown_is_not_written() {
    let house = House::new().await;
    let shown = approval("r1");
    let other_digest = NewDecision { digest: approval("r2").computed_digest(), ..approve(1, &shown) };
    let other_request = NewDecision { key: key("r2"), ..approve(2, &shown) };
    for new in [other_digest, other_request] {
        let refused = house.store.decide(&new, &shown).await.expect_err("refused");
        assert!(matches!(refused, StoreError::NotWhatWasShown));
    }
    assert_eq!(house.reader().decisions(10).await.expect("reads"), []);
}

#[tokio::test]
async fn a_decision_for_a_gateway_that_is_not_known_is_refused() {
    let house = House::new().await;
    let shown = approval("r1");
    let stranger = RequestKey { gateway: GatewayId(Uuid::from_u128(0xb)), ..key("r1") };
    let new = NewDecision { key: stranger.clone(), ..approve(1, &shown) };
    let refused = house.store.decide(&new, &shown).await.expect_err("refused");
    assert!(matches!(refused, StoreError::UnknownGateway(gateway) if gateway == stranger.gateway));
}

#[tokio::test]
async fn rule_4_a_move_that_the_law_does_not_know_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = approve(1, &shown);
    house.store.decide(&new, &shown).await.expect("decides");
    house.store.advance(id(&new), &Change::to(OutboxState::Expired)).await.expect("moves");
    let refused = house.store.advance(id(&new), &Change::to(OutboxState::Sent)).await.expect_err("final");
    assert!(matches!(refused, StoreError::IllegalMove { from: OutboxState::Expired, to: OutboxState::Sent }));
    assert_eq!(house.reader().receipts().await.expect("reads").len(), 3);
    let unknown = house.store.advance(DecisionId(Uuid::nil()), &Change::to(OutboxState::Sent)).await;
    assert!(matches!(unknown, Err(StoreError::UnknownDecision(_))));
}

#[tokio::test]
async fn an_update_without_a_move_is_written_only_if_it_says_something_new() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = approve(1, &shown);
    house.store.decide(&new, &shown).await.expect("decides");
    let results = vec![serde_json::from_value(json!({"action_id": "a", "success": true})).expect("a result")];
    let grown = Change { results: results.clone(), ..Change::to(OutboxState::Acknowledged) };
    let taken =
        Change { detail: Some("taken".into()), status: Some("executing".into()), ..Change::to(grown.next) };
    let superseded = Superseded { by: Some("bo@example.com".into()), at: Some(at(5)), verdict: None };
    let beaten = Change { superseded: Some(superseded.clone()), ..Change::to(OutboxState::Acknowledged) };
    let mut receipts = 2;
    for (change, written) in [(&taken, 1), (&taken, 0), (&grown, 1), (&grown, 0), (&beaten, 1), (&beaten, 0)]
    {
        house.store.advance(id(&new), change).await.expect("allowed");
        receipts += written;
        assert_eq!(house.reader().receipts().await.expect("reads").len(), receipts, "{change:?}");
    }
    let row = house.store.advance(id(&new), &Change::to(OutboxState::Observed)).await.expect("moves");
    assert_eq!(
        (row.detail, row.status.as_deref()),
        (None, Some("executing")),
        "a sentence goes with its state"
    );
    assert_eq!((row.results, row.superseded), (results, Some(superseded)));
    assert!(row.changed_at > row.created_at);
}

#[tokio::test]
async fn decisions_are_listed_newest_first_and_open_ones_oldest_first() {
    let house = House::new().await;
    for n in 1..=3 {
        let shown = approval(&format!("r{n}"));
        house.store.decide(&approve(n, &shown), &shown).await.expect("decides");
    }
    let requests =
        |rows: Vec<crate::OutboxRow>| rows.into_iter().map(|r| r.key.request.0).collect::<Vec<_>>();
    assert_eq!(requests(house.reader().decisions(2).await.expect("reads")), ["r3", "r2"]);
    assert_eq!(requests(house.reader().open_decisions().await.expect("reads")), ["r1", "r2", "r3"]);
}

#[tokio::test]
async fn an_action_named_like_the_whole_request_stays_an_action() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = NewDecision { point: Point::Action("*".into()), ..approve(1, &shown) };
    house.store.decide(&new, &shown).await.expect("decides");
    let row = house.reader().decision(id(&new)).await.expect("reads").expect("is there");
    assert_eq!(row.point, Point::Action("*".into()));
}
