//! Receipts to the end (rule 10): exported on one machine, verified on another that has nothing else; each way of
//! tampering with them is named by its first bad entry. And what shows that somebody else wrote into the files (A27).

use crate::support_caller::SOON;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use support::stage::{OWNER, STUCK, Stage};
use support::{Home, Run, Seat, eventually};

/// A seat on which a request was rejected, and how many receipts that left.
async fn decided(stage: &Stage, seat: &Seat) -> u64 {
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    seat.ends(0, ["reject", &id, "--reason", "not tonight"]).await;
    seat.json(0, ["receipts", "verify"]).await["count"].as_u64().unwrap()
}

fn file(seat: &Seat, name: &str) -> (PathBuf, String) {
    let path = seat.home().file(name);
    let text = path.display().to_string();
    (path, text)
}

/// Exports; the file's path and its head.
async fn exported(seat: &Seat, name: &str) -> (PathBuf, String) {
    let (path, text) = file(seat, name);
    let told = seat.json(0, ["receipts", "export", "--out", &text]).await;
    assert_eq!(told["warnings"], json!([]), "{told}");
    (path, told["head"].as_str().unwrap().to_owned())
}

/// What another machine says, which has no data directory at all.
async fn elsewhere(args: &[&str]) -> support::Finished {
    let home = Home::new();
    let ended =
        Run::holdctl(&home).args(["--json", "receipts", "verify"]).args(args.iter().copied()).output().await;
    assert!(!home.data_dir().exists(), "verifying a file leaves nothing behind");
    ended
}

/// Writes into a file of the data directory as another program would.
async fn intruder(seat: &Seat, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(seat.data_dir().join("decisions.db"));
    let mut conn = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn rule_10_an_export_is_verified_on_a_machine_that_has_nothing_else() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let count = decided(&stage, &seat).await;
    let (path, head) = exported(&seat, "receipts.ndjson").await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count() as u64, count);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["public_key"].as_str().unwrap().len(), 64, "{line}");
    }
    assert!(text.contains(OWNER), "ids stand in the clear");
    let path = path.display().to_string();
    for args in [vec![path.as_str()], vec![path.as_str(), "--head", head.as_str()]] {
        let ended = elsewhere(&args).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let told = ended.json();
        assert_eq!(
            (&told["ok"], told["count"].as_u64(), &told["export_head"]),
            (&json!(true), Some(count), &json!(head))
        );
        // There is no keychain here: a warning, not an error.
        assert!(told["warning"].as_str().unwrap().contains("unattested key"), "{told}");
    }
    assert_eq!(elsewhere(&["/no/such/file"]).await.code, Some(3));
    assert_eq!(elsewhere(&[path.as_str(), "--head", "nonsense"]).await.code, Some(2));
}

#[tokio::test]
async fn rule_10_each_way_of_tampering_with_an_export_is_named_by_its_first_bad_entry() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let count = decided(&stage, &seat).await;
    assert!(count >= 3, "{count}");
    let (path, head) = exported(&seat, "receipts.ndjson").await;
    let stranger = stage.seat();
    decided(&stage, &stranger).await;
    let (other, _) = exported(&stranger, "other.ndjson").await;
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let join = |lines: &[&str]| lines.join("\n") + "\n";
    let edited = join(&[lines[0], &lines[1].replace(OWNER, "eve@ledger.test"), lines[2]]);
    let swapped = join(&[lines[0], lines[2], lines[1]]);
    let key = serde_json::from_str::<Value>(lines[0]).unwrap()["public_key"].as_str().unwrap().to_owned();
    let another_key = whole.replace(
        &format!("\"public_key\":\"{key}\",\"seq\":2"),
        &format!("\"public_key\":\"{}\",\"seq\":2", "0".repeat(64)),
    );
    assert_ne!(another_key, whole);
    let cases: [(&str, String, Option<&str>, &[&str]); 8] = [
        ("edit", edited, None, &["receipt 2", "content"]),
        ("removal", join(&[lines[0], lines[2]]), None, &["receipt 2", "number"]),
        ("reorder", swapped, None, &["receipt 2", "number"]),
        ("key", another_key, None, &["receipt 2", "key"]),
        ("half a line", whole[..whole.len() - 20].to_owned(), None, &["cannot be read"]),
        ("truncation", join(&lines[..2]), Some(&head), &["receipt 3", "missing"]),
        ("nothing left", String::new(), Some(&head), &["receipt 1", "missing"]),
        ("rewrite", std::fs::read_to_string(&other).unwrap(), Some(&head), &["written anew"]),
    ];
    for (name, text, head, says) in cases {
        let (path, shown) = file(&seat, &format!("{name}.ndjson"));
        std::fs::write(&path, text).unwrap();
        let args: Vec<&str> = [shown.as_str()]
            .into_iter()
            .chain(head.map(|head| ["--head", head]).into_iter().flatten())
            .collect();
        support::seat::refused(&elsewhere(&args).await, 1, says);
    }
    // Where it was exported the head is remembered: the cut is found without being told of it.
    let (_, cut) = file(&seat, "truncation.ndjson");
    support::seat::refused(
        &seat.run(["--json", "receipts", "verify", &cut]).await,
        1,
        &["receipt 3", "missing"],
    );
}

#[tokio::test]
async fn rule_10_a_chain_that_lost_its_exported_end_is_found_here_too() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let count = decided(&stage, &seat).await;
    let (first, _) = exported(&seat, "first.ndjson").await;
    let more = decided(&stage, &seat).await;
    assert!(more > count);
    exported(&seat, "second.ndjson").await;
    let here = seat.json(0, ["receipts", "verify"]).await;
    assert!(here["compared_with"].as_str().unwrap().contains("export"), "{here}");
    // An older export ends before the last one, and rightly so.
    seat.json(0, ["receipts", "verify", &first.display().to_string()]).await;
    intruder(&seat, "DELETE FROM receipts WHERE seq >= (SELECT max(seq) FROM receipts)").await;
    let says = format!("receipt {more}");
    support::seat::refused(&seat.run(["--json", "receipts", "verify"]).await, 1, &[&says, "missing"]);
    let doctor = seat.run(["--json", "doctor"]).await;
    assert!(doctor.stdout.contains(&says), "{doctor:?}");
}

#[tokio::test]
async fn a_console_that_runs_remembers_the_export_of_another_process() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let watch = seat.watch().await;
    decided(&stage, &seat).await;
    exported(&seat, "receipts.ndjson").await;
    assert!(seat.json(0, ["receipts", "verify"]).await["compared_with"].is_string());
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn a27_another_program_that_writes_into_a_running_console_is_found_and_its_row_is_not_sent() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let watch = seat.watch().await;
    decided(&stage, &seat).await;
    let pending = stage.raise(STUCK).await;
    // As if somebody had approved it here: the row of the reject, copied onto the other request.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(seat.data_dir().join("decisions.db"));
    let mut conn = options.connect().await.unwrap();
    sqlx::query(
        "INSERT INTO outbox (decision, gateway, request_id, point, track, pipeline_id, verdict, digest, identity, state,
                             results, created_us, changed_us)
         SELECT '00000000-0000-0000-0000-0000000000ff', gateway, ?1, point, track, pipeline_id,
                '{\"verdict\":\"approve\"}', ?2, identity, 'queued', '[]', created_us, changed_us FROM outbox LIMIT 1",
    )
    .bind(&pending)
    .bind(stage.approval(&pending).await["digest"].as_str().unwrap())
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    let told = async || {
        let told = seat.json(0, ["receipts", "verify"]).await;
        told["findings"]
            .as_array()?
            .iter()
            .find(|one| one.as_str().is_some_and(|one| one.contains(&pending)))
            .cloned()
    };
    let told = eventually(SOON * 2, told).await;
    assert!(told.as_str().unwrap().contains("not sent"), "{told}");
    assert_eq!(watch.terminate().await.code, Some(0));
    // The next owner reads the file anew and still does not send it.
    let watch = seat.watch().await;
    seat.json(0, ["status"]).await;
    assert_eq!(watch.terminate().await.code, Some(0));
    assert_eq!(stage.approval(&pending).await["status"], "pending");
    assert!(stage.target.calls().is_empty());
}

/// A database that nobody has open, with what its log still holds.
fn copy_database(from: &Path, to: &Path) {
    for part in ["", "-wal", "-shm"] {
        let (from, to) = (format!("{}{part}", from.display()), format!("{}{part}", to.display()));
        let _ = std::fs::remove_file(&to);
        if Path::new(&from).exists() {
            std::fs::copy(from, to).unwrap();
        }
    }
}

#[tokio::test]
async fn f17_a_gateway_that_was_put_back_from_a_backup_is_told_in_doctor_and_with_the_receipts() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    stage.gateway.terminate().await;
    let backup = seat.home().file("backup.db");
    copy_database(&stage.gateway.database(), &backup);
    stage.gateway.restart().await;
    decided(&stage, &seat).await;
    seat.json(0, ["pending"]).await;
    let findings =
        async || seat.json(0, ["receipts", "verify"]).await["findings"].as_array().unwrap().clone();
    assert_eq!(findings().await, Vec::<Value>::new());
    stage.gateway.terminate().await;
    copy_database(&backup, &stage.gateway.database());
    stage.gateway.restart().await;
    seat.json(0, ["pending"]).await;
    let found = findings().await;
    assert!(found[0].as_str().unwrap().contains("went back"), "{found:?}");
    let doctor = seat.run(["--json", "doctor"]).await;
    assert!(doctor.stdout.contains("went back"), "{doctor:?}");
}
