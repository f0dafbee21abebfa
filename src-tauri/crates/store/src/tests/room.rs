//! A disk that is really full (F38, F39) and a log that stays small (F37). The disk is a small file system in a mount
//! namespace of its own.

use super::*;
use crate::{Change, Cursor, StoreError};
use domain::OutboxState;
use std::fs;
use std::io::Write;

const CHILD: &str = "HOLDPOINT_STORE_TEST_DISK";

/// Takes all the room there is.
fn fill_up(path: &Path) {
    let mut file = fs::File::create(path).expect("creates");
    let mut size = 64 * 1024;
    while size > 0 {
        match file.write_all(&vec![7; size]) {
            Ok(()) => {}
            Err(_) => size /= 2,
        }
    }
}

fn storm(from: i64) -> Batch {
    let events = (from..from + 100).map(|n| event(n, &n.to_string(), &"long ".repeat(200))).collect();
    Batch { cursor: Some(Cursor { epoch: "e1".into(), seq: from + 99, last_id: None }), ..batch(events) }
}

async fn on_a_small_disk(dir: &Path) {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(dir).status();
    assert!(mounted.expect("mount is there").success());
    let path = dir.join("data");
    let store = own(&path, 1).await;
    store.add_gateway(&gateway()).await.expect("new");
    let shown = approval("r1");
    let first = approve(1, &shown);
    store.decide(&first, &shown).await.expect("decides");
    store.commit(&storm(1)).await.expect("commits");
    let cursor = store.reader().cursor(GATEWAY).await.expect("reads");
    let last = store.reader().last_row().await.expect("reads");
    fill_up(&dir.join("filler"));

    // Ingest waits where it is, reading goes on.
    let refused = store.commit(&storm(101)).await.expect_err("full");
    assert!(matches!(refused, StoreError::DiskFull(_)), "{refused}");
    assert_eq!(store.reader().cursor(GATEWAY).await.expect("reads"), cursor);
    assert_eq!(store.reader().last_row().await.expect("reads"), last);
    assert_eq!(store.reader().search("long", 10).await.expect("searches").len(), 10);
    // A new decision is refused whole.
    let shown = Approval { error_message: "pool exhausted ".repeat(5_000), ..approval("r2") };
    let refused = store.decide(&approve(2, &shown), &shown).await.expect_err("full");
    assert!(matches!(refused, StoreError::DiskFull(_)), "{refused}");
    assert_eq!(store.reader().decisions(10).await.expect("reads").len(), 1);
    assert!(store.condition().borrow().full_since.is_some(), "it is known");
    assert!(!store.find_room(), "there is none yet");
    // One in flight is closed with the room that was held back for it.
    store.advance(first.decision, &Change::to(OutboxState::Sent)).await.expect("moves");
    let long = Change { detail: Some("x".repeat(600_000)), ..Change::to(OutboxState::Observed) };
    store.advance(first.decision, &long).await.expect("closes");
    assert!(!path.join("ballast").exists(), "given up");
    assert!(!store.find_room(), "and not to be had again");

    // Room again: everything goes on by itself.
    fs::remove_file(dir.join("filler")).expect("ours");
    assert!(store.find_room());
    assert_eq!(store.condition().borrow().full_since, None);
    assert!(path.join("ballast").exists());
    store.commit(&storm(101)).await.expect("commits");
    assert_eq!(store.reader().cursor(GATEWAY).await.expect("reads").expect("moved").seq, 200);
    store.decide(&approve(2, &shown), &shown).await.expect("decides");
    assert!(store.reader().verify().await.expect("reads").is_ok());
}

#[tokio::test]
async fn f38_f39_a_full_disk_stops_what_is_new_and_nothing_else_until_there_is_room() {
    if let Some(dir) = std::env::var_os(CHILD) {
        return on_a_small_disk(Path::new(&dir)).await;
    }
    let dir = TempDir::new().expect("a directory");
    let name = "tests::room::f38_f39_a_full_disk_stops_what_is_new_and_nothing_else_until_there_is_room";
    let namespace: &[&str] =
        if rustix::process::geteuid().is_root() { &["unshare", "-m"] } else { &["unshare", "-Urm"] };
    alone(namespace, name, CHILD, dir.path());
}

#[tokio::test]
async fn f37_the_log_stays_small_under_a_storm_with_readers_and_a_reader_never_stops_the_writer() {
    let house = House::new().await;
    let log = house.path().join("cache.db-wal");
    let mut largest = 0;
    for round in 0..150 {
        house.store.commit(&storm(round * 100 + 1)).await.expect("commits");
        house.reader().search("long", 5).await.expect("searches");
        largest = largest.max(log.metadata().expect("is there").len());
    }
    let whole = house.path().join("cache.db").metadata().expect("is there").len();
    assert!(whole > 10 * 1024 * 1024, "{whole}");
    assert!(largest <= 64 * 1024 * 1024, "{largest}");
    // A reader that holds on to an old state for long does not stop anybody; the log is cut when it lets go.
    let mut held = house.reader().cache.pool().begin().await.expect("begins");
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut *held).await.expect("reads");
    for round in 150..250 {
        house.store.commit(&storm(round * 100 + 1)).await.expect("is not kept waiting");
    }
    let same: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut *held).await.expect("reads");
    assert_eq!(count, same);
    drop(held.rollback().await);
    for round in 250..253 {
        house.store.commit(&storm(round * 100 + 1)).await.expect("commits");
    }
    assert!(log.metadata().expect("is there").len() <= 64 * 1024 * 1024);
}
