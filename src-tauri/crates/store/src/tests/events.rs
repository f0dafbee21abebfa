//! Events: once each, in order, together with their cursor.

use super::*;
use crate::{Cursor, LocalRow};

fn cursor(epoch: &str, seq: i64) -> Option<Cursor> {
    Some(Cursor { epoch: epoch.into(), seq, last_id: Some(format!("id-{seq}")) })
}

async fn stored(house: &House) -> Vec<crate::StoredEvent> {
    house.reader().events_after(LocalRow(0), 1000).await.expect("reads")
}

#[tokio::test]
async fn f13_the_same_event_three_times_is_one_row_and_only_the_first_is_new() {
    let house = House::new().await;
    let twice = batch(vec![event(1, "a", "first"), event(1, "a", "again")]);
    assert_eq!(house.store.commit(&twice).await.expect("commits").len(), 1);
    let more = batch(vec![event(1, "a", "third"), event(2, "b", "next")]);
    let new = house.store.commit(&more).await.expect("commits");
    let titles: Vec<_> = stored(&house).await.into_iter().map(|e| (e.row, e.title)).collect();
    assert_eq!(titles.len(), 2);
    assert_eq!((titles[0].1.as_str(), &titles[1]), ("first", &(new[0], "next".to_owned())));
    assert_eq!(house.reader().search("again", 10).await.expect("searches").len(), 0);
}

#[tokio::test]
async fn f13_the_same_id_in_another_epoch_or_at_another_gateway_is_another_event() {
    let house = House::new().await;
    let other_epoch = EventRow { epoch: "e2".into(), ..event(1, "a", "x") };
    house.store.commit(&batch(vec![event(1, "a", "x"), other_epoch])).await.expect("commits");
    let elsewhere = Batch { gateway: GatewayId(Uuid::from_u128(0xb)), ..batch(vec![event(1, "a", "x")]) };
    house.store.commit(&elsewhere).await.expect("commits");
    assert_eq!(stored(&house).await.len(), 3);
}

#[tokio::test]
async fn an_event_comes_back_as_it_went_in_whatever_is_in_it() {
    let house = House::new().await;
    let odd = EventRow {
        request: Some("APR-\"'%_/é".into()),
        subtype: None,
        pipeline: None,
        raw: json!({"text": "a\u{0}b\u{202e}\u{1f600}\"\\", "n": 1e300, "big": u64::MAX, "deep": [[[{}]]]}),
        seq: i64::MAX,
        ..event(1, "id with \"quotes\" and 'more'", "title\nin two lines")
    };
    house.store.commit(&batch(vec![odd.clone()])).await.expect("commits");
    let back = stored(&house).await.remove(0);
    assert_eq!((back.raw, back.id, back.title, back.seq), (odd.raw, odd.id, odd.title, i64::MAX));
    assert_eq!((back.request, back.subtype, back.pipeline, back.at), (odd.request, None, None, odd.at));
    assert_eq!(back.gateway, GATEWAY);
}

#[tokio::test]
async fn ids_that_differ_only_behind_a_nul_stay_two_events() {
    let house = House::new().await;
    let rows = house.store.commit(&batch(vec![event(1, "a\0b", "x"), event(2, "a\0c", "x")])).await;
    assert_eq!(rows.expect("commits").len(), 2);
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_rows_are_never_given_twice() {
    let house = House::new().await;
    let many = (0..500).map(|n| event(n, &format!("id{n}"), "x")).collect();
    let rows = house.store.commit(&batch(many)).await.expect("commits");
    assert_eq!(rows.len(), 500);
    let seqs: Vec<_> = stored(&house).await.into_iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (0..500).collect::<Vec<_>>());
    house.intruder("cache.db", "DELETE FROM events").await;
    let next = house.store.commit(&batch(vec![event(1, "fresh", "x")])).await.expect("commits");
    assert!(next[0] > rows[499]);
    let page = house.reader().events_after(rows[499], 1).await.expect("reads");
    assert_eq!(page[0].row, next[0]);
}

#[tokio::test]
async fn i7_the_cursor_never_moves_backwards_inside_an_epoch() {
    let house = House::new().await;
    for (given, expected) in [
        (cursor("e1", 5), cursor("e1", 5)),
        (cursor("e1", 3), cursor("e1", 5)),
        (cursor("e1", 5), cursor("e1", 5)),
        (cursor("e1", 6), cursor("e1", 6)),
        (cursor("e2", 1), cursor("e2", 1)),
    ] {
        house.store.commit(&Batch { cursor: given, ..batch(vec![]) }).await.expect("commits");
        assert_eq!(house.reader().cursor(GATEWAY).await.expect("reads"), expected);
    }
    house.store.reset_cursor(GATEWAY).await.expect("resets");
    assert_eq!(house.reader().cursor(GATEWAY).await.expect("reads"), None);
}

#[tokio::test]
async fn events_approvals_and_cursor_are_committed_together_or_not_at_all() {
    let house = House::new().await;
    let whole = Batch {
        cursor: cursor("e1", 1),
        approvals: vec![(approval("r1"), at(1))],
        ..batch(vec![event(1, "a", "x")])
    };
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON cursors BEGIN SELECT RAISE(ABORT, 'trap'); END";
    house.intruder("cache.db", trap).await;
    house.store.commit(&whole).await.expect_err("trapped");
    assert_eq!(stored(&house).await, []);
    assert_eq!(house.reader().open_approvals(GATEWAY).await.expect("reads"), []);
    house.intruder("cache.db", "DROP TRIGGER trap").await;
    house.store.commit(&whole).await.expect("commits");
    assert_eq!(stored(&house).await.len(), 1);
    assert_eq!(house.reader().open_approvals(GATEWAY).await.expect("reads").len(), 1);
    assert_eq!(house.reader().cursor(GATEWAY).await.expect("reads"), cursor("e1", 1));
}
