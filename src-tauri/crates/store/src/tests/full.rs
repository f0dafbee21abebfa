//! A full disk: new decisions are refused, those in flight can still be closed. SQLite is told that the file may not
//! grow, which is what it sees of a full disk.

use super::*;
use crate::{Change, StoreError};
use domain::OutboxState;

async fn fill(pool: &sqlx::SqlitePool) {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(pool).await.expect("a number");
    let limit = format!("PRAGMA max_page_count = {pages}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(limit)).execute(pool).await.expect("takes it");
}

/// A request so large that its row needs new pages.
fn large(request: &str) -> Approval {
    Approval { error_message: "pool exhausted ".repeat(5_000), ..approval(request) }
}

#[tokio::test]
async fn f39_a_new_decision_on_a_full_disk_is_refused_whole_and_leaves_the_ballast_alone() {
    let house = House::new().await;
    fill(&house.store.decisions.pool()).await;
    let shown = large("r1");
    let refused = house.store.decide(&approve(1, &shown), &shown).await.expect_err("full");
    assert!(matches!(refused, StoreError::DiskFull(_)), "{refused}");
    assert!(refused.to_string().contains("nothing was written"));
    assert_eq!(house.reader().decisions(10).await.expect("reads"), []);
    assert_eq!(house.reader().receipts().await.expect("reads"), []);
    assert_eq!(house.path().join("ballast").metadata().expect("is there").len(), 4 * 1024 * 1024);
}

#[tokio::test]
async fn a_decision_in_flight_on_a_full_disk_takes_the_ballast_once() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = approve(1, &shown);
    house.store.decide(&new, &shown).await.expect("decides");
    fill(&house.store.decisions.pool()).await;
    let change = Change { detail: Some("x".repeat(60_000)), ..Change::to(OutboxState::Observed) };
    let refused = house.store.advance(new.decision, &change).await.expect_err("still full");
    assert!(matches!(refused, StoreError::DiskFull(_)), "{refused}");
    assert!(!house.path().join("ballast").exists(), "given up");
    let row = house.reader().decision(new.decision).await.expect("reads").expect("is there");
    assert_eq!(row.state, OutboxState::Queued);

    sqlx::raw_sql("PRAGMA max_page_count = 100000")
        .execute(&house.store.decisions.pool())
        .await
        .expect("room again");
    house.store.advance(new.decision, &change).await.expect("closes");
    let path = house.path();
    let House { store, dir } = house;
    drop(store);
    own(&path, 1).await;
    assert!(path.join("ballast").exists(), "taken on again at the next start");
    drop(dir);
}

#[tokio::test]
async fn f38_events_on_a_full_disk_do_not_move_the_cursor_and_decisions_go_on() {
    let house = House::new().await;
    fill(&house.store.cache.pool()).await;
    let events = (1..=200).map(|n| event(n, &n.to_string(), &"long ".repeat(200))).collect();
    let cursor = Some(crate::Cursor { epoch: "e1".into(), seq: 200, last_id: None });
    let full = Batch { cursor, ..batch(events) };
    let refused = house.store.commit(&full).await.expect_err("full");
    assert!(matches!(refused, StoreError::DiskFull(_)), "{refused}");
    assert_eq!(house.reader().cursor(GATEWAY).await.expect("reads"), None);
    assert_eq!(house.reader().last_row().await.expect("reads"), crate::LocalRow(0));
    let shown = approval("r1");
    house.store.decide(&approve(1, &shown), &shown).await.expect("the other file has room");
}
