//! Files of older and newer builds (F41, F42).

use super::*;
use crate::schema::{DECISIONS, Schema, Step};
use crate::{Change, StoreError};
use domain::OutboxState;
use sqlx::Connection;
use std::fs;

const CHILD: &str = "HOLDPOINT_STORE_TEST_MIGRATION";

/// A file as the first build left it, with a decision of that time in it.
async fn first_build(path: &Path) {
    let store = own(path, 1).await;
    store.add_gateway(&gateway()).await.expect("new");
    let shown = approval("r1");
    store.decide(&approve(1, &shown), &shown).await.expect("decides");
    store.close().await;
    let mut conn = open(&path.join("decisions.db")).await;
    let back = "DROP TABLE exports; DROP TABLE audit_heads; DROP TABLE incidents; DROP INDEX receipts_of_decision;
                ALTER TABLE receipts DROP COLUMN decision; DROP TABLE settings;
                ALTER TABLE printed DROP COLUMN approval; ALTER TABLE printed DROP COLUMN holes; UPDATE meta SET schema_version = 1, min_writer = 1";
    sqlx::raw_sql(back).execute(&mut conn).await.expect("goes back");
    conn.close().await.expect("closes");
}

async fn open(path: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    sqlx::SqliteConnection::connect_with(&options).await.expect("opens")
}

fn copies(path: &Path) -> Vec<String> {
    let names = path.read_dir().expect("readable").map(|entry| entry.expect("an entry").file_name());
    names.filter_map(|name| name.into_string().ok()).filter(|name| name.contains(".before-")).collect()
}

#[tokio::test]
async fn f42_a_file_of_the_first_build_is_brought_up_to_date_and_its_copy_kept_until_the_next_clean_start() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("data");
    first_build(&path).await;
    let store = own(&path, 1).await;
    assert_eq!(copies(&path), ["decisions.before-v2.db"]);
    let mode = std::os::unix::fs::MetadataExt::mode(
        &path.join("decisions.before-v2.db").metadata().expect("is there"),
    );
    assert_eq!(mode & 0o777, 0o600);
    let mut copy = open(&path.join("decisions.before-v2.db")).await;
    let version: i64 =
        sqlx::query_scalar("SELECT schema_version FROM meta").fetch_one(&mut copy).await.expect("reads");
    assert_eq!(version, 1, "the copy is of before");
    copy.close().await.expect("closes");
    // Old receipts are found by their decision and the row still fits them.
    let row = store.reader().decisions(10).await.expect("reads").remove(0);
    assert_eq!(store.reader().receipts_of(row.decision).await.expect("reads").len(), 1);
    assert_eq!(
        (row.state, store.attest(crate::Scope::All).await.expect("looks").len()),
        (OutboxState::Queued, 0)
    );
    store.close().await;
    let store = own(&path, 1).await;
    assert_eq!(copies(&path), Vec::<String>::new());
    store.advance(row.decision, &Change::to(OutboxState::Sent)).await.expect("moves");
}

/// Steps of which the second takes longer than anybody waits.
const SLOW: Schema = Schema {
    file: "slow.db",
    steps: &[
        Step { sql: "CREATE TABLE one (n INTEGER) STRICT", min_writer: 1 },
        Step {
            sql: "CREATE TABLE two (n INTEGER) STRICT; INSERT INTO two
                  WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 9000000000000) SELECT count(*) FROM c",
            min_writer: 1,
        },
    ],
};
const QUICK: Schema = Schema {
    file: "slow.db",
    steps: &[
        Step { sql: "CREATE TABLE one (n INTEGER) STRICT", min_writer: 1 },
        Step { sql: "CREATE TABLE two (n INTEGER) STRICT; INSERT INTO two VALUES (2)", min_writer: 1 },
    ],
};

#[tokio::test]
async fn f42_a_migration_killed_in_the_middle_of_a_step_goes_on_after_the_last_whole_one() {
    if let Some(file) = std::env::var_os(CHILD) {
        let mut conn = open(Path::new(&file)).await;
        SLOW.migrate(&mut conn).await.expect("is killed before");
        return;
    }
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("slow.db");
    let mut conn = open(&file).await;
    sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut conn).await.expect("takes it");
    let name =
        "tests::upgrade::f42_a_migration_killed_in_the_middle_of_a_step_goes_on_after_the_last_whole_one";
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    let mut child = child.args(["--exact", name]).env(CHILD, &file).spawn().expect("runs");
    // The first step is there as soon as it is whole.
    loop {
        let there: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'one'")
            .fetch_one(&mut conn)
            .await
            .expect("reads");
        assert!(child.try_wait().expect("waits").is_none(), "the second step never ends");
        if there == 1 {
            break;
        }
    }
    child.kill().expect("ours");
    child.wait().expect("dies");
    let two = "SELECT count(*) FROM sqlite_schema WHERE name = 'two'";
    let there: i64 = sqlx::query_scalar(two).fetch_one(&mut conn).await.expect("reads");
    assert_eq!(there, 0, "nothing of the second");
    QUICK.migrate(&mut conn).await.expect("goes on");
    let value: i64 = sqlx::query_scalar("SELECT n FROM two").fetch_one(&mut conn).await.expect("reads");
    assert_eq!(value, 2);
}

#[tokio::test]
async fn f41_a_newer_file_is_looked_at_and_nothing_in_it_can_be_changed() {
    let house = House::new().await;
    let shown = approval("r1");
    let new = approve(1, &shown);
    house.store.decide(&new, &shown).await.expect("decides");
    house.intruder("decisions.db", "UPDATE meta SET schema_version = 12, min_writer = 12").await;
    let path = house.path();
    let House { store, dir } = house;
    store.close().await;
    let newer = Store::open(&path, keys(1), clock()).await.err().expect("refused");
    let before = fs::read(path.join("decisions.db")).expect("readable");
    let store = Store::look(&path, keys(1), clock(), newer.to_string()).await.expect("may look");
    let versions = format!("v12 > v{}", DECISIONS.version());
    assert!(store.read_only().expect("says why").contains(&versions));
    assert_eq!(store.reader().search("pool", 10).await.expect("searches").len(), 1);
    assert!(store.reader().verify().await.expect("reads").is_ok());
    let other = approval("r2");
    let refusals = [
        store.decide(&approve(2, &other), &other).await.map(|_| ()),
        store.advance(new.decision, &Change::to(OutboxState::Sent)).await.map(|_| ()),
        store.commit(&batch(vec![event(1, "a", "x")])).await.map(|_| ()),
        store.remember_printed(&key("r1"), &shown.computed_digest(), &shown).await,
        store.add_gateway(&gateway()).await,
    ];
    for refused in refusals {
        let refused = refused.expect_err("read-only");
        assert!(matches!(&refused, StoreError::ReadOnly(_)), "{refused}");
        assert!(refused.to_string().contains("update or start fresh copy"), "{refused}");
    }
    store.close().await;
    assert_eq!(fs::read(path.join("decisions.db")).expect("readable"), before);
    drop(dir);
}
