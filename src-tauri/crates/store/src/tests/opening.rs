//! Opening and reopening, beside one another and where it must be refused.

use super::*;
use crate::StoreError;
use std::os::unix::fs::PermissionsExt;

fn mode(path: &Path) -> u32 {
    path.metadata().expect("is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn the_directory_is_0700_and_every_file_in_it_0600() {
    let house = House::new().await;
    house.store.commit(&batch(vec![event(1, "a", "x")])).await.expect("commits");
    assert_eq!(mode(&house.path()), 0o700);
    let mut names = Vec::new();
    for entry in house.path().read_dir().expect("readable") {
        let entry = entry.expect("an entry");
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().expect("ascii"));
    }
    names.sort();
    let expected = [
        "ballast",
        "cache.db",
        "cache.db-shm",
        "cache.db-wal",
        "decisions.db",
        "decisions.db-shm",
        "decisions.db-wal",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_shared_directory_that_was_there_before_keeps_its_mode_but_the_files_are_private() {
    let dir = TempDir::new().expect("a directory");
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("ours");
    std::fs::write(dir.path().join("notes.txt"), "mine").expect("writable");
    own(dir.path(), 1).await.close().await;
    assert_eq!(mode(dir.path()), 0o755);
    assert_eq!(mode(&dir.path().join("decisions.db")), 0o600);
}

#[tokio::test]
async fn the_files_run_in_wal_mode_and_only_decisions_are_synced_in_full() {
    let house = House::new().await;
    let pragma = |pool: &sqlx::SqlitePool, name: &'static str| {
        let pool = pool.clone();
        async move { sqlx::query_scalar::<_, i64>(name).fetch_one(&pool).await.expect("a number") }
    };
    assert_eq!(pragma(&house.store.decisions.pool(), "PRAGMA synchronous").await, 2);
    assert_eq!(pragma(&house.store.cache.pool(), "PRAGMA synchronous").await, 1);
    assert_eq!(pragma(&house.store.decisions.pool(), "PRAGMA foreign_keys").await, 1);
    for pool in &[house.store.decisions.pool(), house.store.cache.pool()] {
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.expect("a word");
        assert_eq!(mode, "wal");
    }
}

#[tokio::test]
async fn a_reader_where_no_owner_ever_ran_is_told_so() {
    let dir = TempDir::new().expect("a directory");
    let absent = dir.path().join("nothing");
    assert!(matches!(Reader::open(&absent).await, Err(StoreError::Missing(path)) if path == absent));
    assert!(!absent.exists(), "a reader creates nothing");
    for file in ["decisions.db", "cache.db"] {
        std::fs::write(dir.path().join(file), "").expect("writable");
    }
    assert!(matches!(Reader::open(dir.path()).await, Err(StoreError::Missing(_))), "prepared, not set up");
}

#[tokio::test]
async fn a_reader_beside_a_writing_owner_sees_each_commit_and_cannot_write() {
    let house = House::new().await;
    let reader = Reader::open(&house.path()).await.expect("opens");
    for seq in 1..=3 {
        let rows =
            house.store.commit(&batch(vec![event(seq, &seq.to_string(), "x")])).await.expect("commits");
        assert_eq!(reader.last_row().await.expect("reads"), rows[0]);
    }
    for pool in &[reader.decisions.pool(), reader.cache.pool()] {
        let refused = sqlx::raw_sql("UPDATE meta SET schema_version = 7").execute(pool).await;
        assert!(refused.expect_err("read-only").to_string().contains("readonly"));
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_after_a_plain_drop() {
    let house = House::new().await;
    let shown = approval("r1");
    house.store.decide(&approve(1, &shown), &shown).await.expect("decides");
    let path = house.path();
    let House { store, dir } = house;
    drop(store);
    let again = own(&path, 1).await;
    assert_eq!(again.reader().open_decisions().await.expect("reads").len(), 1);
    again.commit(&batch(vec![event(1, "a", "x")])).await.expect("commits");
    again.close().await;
    let alone = Reader::open(&path).await.expect("opens without an owner");
    assert_eq!(alone.gateways().await.expect("reads"), [gateway()]);
    assert_eq!(alone.events_after(crate::LocalRow(0), 10).await.expect("reads").len(), 1);
    drop(dir);
}

#[tokio::test]
async fn f41_a_file_that_only_newer_builds_may_write_is_refused_to_a_writer_and_open_to_a_reader() {
    let house = House::new().await;
    house.intruder("decisions.db", "UPDATE meta SET schema_version = 12, min_writer = 11").await;
    let refused = Store::open(&house.path(), keys(1), clock()).await.err().expect("refused");
    let StoreError::Newer { file: "decisions.db", found: 12, supported } = refused else {
        panic!("{refused}");
    };
    let said = refused.to_string();
    let told = format!("decisions.db: database is newer (v12 > v{supported}), update or start fresh copy");
    assert!(said.starts_with(&told), "{said}");
    assert!(said.contains("HOLDPOINT_DATA_DIR"), "{said}");
    Reader::open(&house.path()).await.expect("may look");
}

#[tokio::test]
async fn f41_a_newer_file_that_still_takes_older_writers_is_written() {
    let house = House::new().await;
    house.intruder("cache.db", "UPDATE meta SET schema_version = 12, min_writer = 1").await;
    let older = own(&house.path(), 1).await;
    older.commit(&batch(vec![event(1, "a", "x")])).await.expect("commits");
}

#[tokio::test]
async fn a_file_that_was_not_brought_up_to_date_yet_is_refused_to_a_reader() {
    let house = House::new().await;
    house.intruder("cache.db", "UPDATE meta SET schema_version = 0").await;
    let refused = Reader::open(&house.path()).await.expect_err("refused");
    assert!(matches!(refused, StoreError::Older { file: "cache.db", found: 0, needed: 1 }));
}

#[tokio::test]
async fn f40_a_damaged_cache_is_set_aside_and_decisions_live_on() {
    let house = House::new().await;
    let shown = approval("r1");
    house.store.decide(&approve(1, &shown), &shown).await.expect("decides");
    let path = house.path();
    let House { store, dir } = house;
    store.close().await;
    std::fs::write(path.join("cache.db"), vec![0; 8192]).expect("writable");
    let again = own(&path, 1).await;
    assert_eq!(again.reader().last_row().await.expect("reads"), crate::LocalRow(0));
    assert_eq!(again.reader().search("pool", 10).await.expect("searches").len(), 1);
    let aside = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("cache.corrupt-");
    assert!(path.read_dir().expect("readable").any(|entry| aside(entry.expect("an entry"))), "kept");
    drop(dir);
}

const CHILD: &str = "HOLDPOINT_STORE_TEST_DIR";

/// Root may write anywhere, so the check runs in a process of an unprivileged user.
#[tokio::test]
async fn f44_a_directory_that_cannot_be_written_is_refused_with_its_path_and_a_way_out() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let dir = PathBuf::from(dir);
        for path in [dir.clone(), dir.join("data")] {
            let refused = Store::open(&path, keys(1), clock()).await.err().expect("refused");
            assert!(
                matches!(&refused, StoreError::NotWritable { path: named, .. } if named.starts_with(&path))
            );
            assert!(refused.to_string().contains(&*path.to_string_lossy()), "{refused}");
            assert!(refused.to_string().contains("HOLDPOINT_DATA_DIR"), "{refused}");
        }
        return;
    }
    let dir = TempDir::new().expect("a directory");
    // The build may lie where only root can go.
    let program = dir.path().join("this-test");
    std::fs::copy(std::env::current_exe().expect("this test"), &program).expect("room");
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o555)).expect("ours");
    let name =
        "tests::opening::f44_a_directory_that_cannot_be_written_is_refused_with_its_path_and_a_way_out";
    let mut child = Command::new(program);
    child.args(["--exact", name]).env(CHILD, dir.path());
    if rustix::process::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut child, 65534);
    }
    let output = child.output().expect("runs");
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("ours");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
