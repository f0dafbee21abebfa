//! What holdctl writes for elsewhere: the history in three forms, a backup, the way of a decision, a bundle for whoever
//! helps. Offline, whole, and without a secret in it (A17).

use crate::support_caller::SOON;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection};
use support::account::PASSWORD;
use support::stage::{OWNER, STUCK, Stage};
use support::{Home, Run, Seat, Stream, eventually};

/// In a reason, where a person should not have put it; of a known pattern.
const CANARY: &str = "canary-in-reason-31c7";

/// A seat with a live watch behind it, on which one request was rejected and one approved. The two ids.
async fn evening(stage: &Stage, seat: &Seat) -> [String; 2] {
    let watch = seat.watch().await;
    let [rejected, approved] = [stage.raise(STUCK).await, stage.raise(STUCK).await];
    seat.ends(0, ["show", &rejected]).await;
    let reason = format!("=HYPERLINK(\"x\") token={CANARY}");
    seat.ends(0, ["reject", &rejected, "--reason", &reason]).await;
    assert_eq!(seat.show_and_approve(&approved, &[]).await.code, Some(0));
    let committed = async || {
        watch.lines(Stream::Out).iter().any(|line| line.contains("execution_completed")).then_some(())
    };
    eventually(SOON, committed).await;
    assert_eq!(watch.terminate().await.code, Some(0));
    [rejected, approved]
}

fn path(seat: &Seat, name: &str) -> String {
    seat.home().file(name).display().to_string()
}

/// The directory holds no temporary file any more.
fn nothing_half_done(seat: &Seat) {
    let dir = seat.home().file("x");
    let entries = dir.parent().unwrap().read_dir().unwrap();
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| !name.contains("partial")), "{names:?}");
}

#[tokio::test]
async fn every_event_and_decision_is_exported_once_in_each_form_and_no_cell_is_a_formula() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let ids = evening(&stage, &seat).await;
    let whole = seat.json(0, ["history", "search", "", "--limit", "1000"]).await;
    let count = whole["count"].as_u64().unwrap();
    assert!(count >= 6, "{count}");

    let lines = seat.ends(0, ["history", "export", "--format", "ndjson"]).await.stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as u64, count);
    assert_eq!(lines.iter().filter(|line| line["kind"] == "decision").count(), 2);
    for id in &ids {
        assert!(
            lines.iter().any(|line| line["kind"] == "event" && line["request_id"] == id.as_str()),
            "{id}"
        );
    }
    let array = path(&seat, "history.json");
    let told = seat.json(0, ["history", "export", "--format", "json", "--out", &array]).await;
    assert_eq!(told["count"].as_u64(), Some(count));
    let array: Value = serde_json::from_str(&std::fs::read_to_string(array).unwrap()).unwrap();
    assert_eq!(array.as_array(), Some(&lines));

    let table = path(&seat, "history.csv");
    seat.json(0, ["history", "export", "--format", "csv", "--out", &table]).await;
    let table = std::fs::read_to_string(table).unwrap();
    assert!(table.starts_with("kind,at,"), "{table}");
    assert_eq!(table.matches("\r\n").count() as u64, count + 1, "one line each, and the head");
    assert!(table.contains("\"'=HYPERLINK(\"\"x\"\")"), "{table}");
    nothing_half_done(&seat);
    // Offline and without any history it is empty, and whole.
    let nobody = Home::new();
    let empty = Run::holdctl(&nobody).args(["history", "export", "--format", "json"]).output().await;
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(0), "[\n]\n"));
    let lost = seat.run(["history", "export", "--format", "csv", "--out", "/no/such/dir/x.csv"]).await;
    assert!(lost.code == Some(1) && lost.stderr.contains("/no/such/dir/x.csv"), "{lost:?}");
}

#[tokio::test]
async fn a_backup_made_beside_a_running_console_is_a_history_of_its_own() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let [rejected, _] = evening(&stage, &seat).await;
    let watch = seat.watch().await;
    let to = path(&seat, "backup.db");
    let told = seat.json(0, ["history", "backup", &to]).await;
    assert_eq!(told["decisions"], to.as_str());
    let again = seat.run(["history", "backup", &to]).await;
    assert!(again.code == Some(2) && again.stderr.contains("already"), "{again:?}");
    assert_eq!(watch.terminate().await.code, Some(0));
    nothing_half_done(&seat);

    let elsewhere = Home::new();
    std::fs::create_dir(elsewhere.data_dir()).unwrap();
    std::fs::copy(&to, elsewhere.data_dir().join("decisions.db")).unwrap();
    std::fs::copy(told["cache"].as_str().unwrap(), elsewhere.data_dir().join("cache.db")).unwrap();
    let ask = async |args: &[&str]| {
        let ended = Run::holdctl(&elsewhere).args(["--json"]).args(args.iter().copied()).output().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    };
    assert_eq!(ask(&["receipts", "verify"]).await["ok"], true);
    let here = seat.json(0, ["history", "search", &rejected]).await;
    assert_eq!(ask(&["history", "search", &rejected]).await, here);
}

#[tokio::test]
async fn the_way_of_a_decision_is_told_from_the_request_to_its_outcome() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let [_, approved] = evening(&stage, &seat).await;
    let told = seat.json(0, ["trace", &approved]).await;
    let trace = &told["traces"][0];
    let steps: Vec<&str> =
        trace["points"].as_array().unwrap().iter().map(|point| point["step"].as_str().unwrap()).collect();
    let place =
        |step: &str| steps.iter().position(|one| *one == step).unwrap_or_else(|| panic!("{step}: {steps:?}"));
    let order = ["created", "printed", "decided", "on_the_wire", "observed"].map(place);
    assert!(order.is_sorted(), "{steps:?}");
    assert!(steps.contains(&"event"), "{steps:?}");
    let decision = trace["decision"].as_str().unwrap();
    assert_eq!(seat.json(0, ["trace", decision]).await["traces"][0], *trace);
    let text = seat.ends(0, ["trace", &approved]).await.stdout;
    assert!(text.contains(OWNER) && text.contains("put on the wire") && text.contains("receipt"), "{text}");
    support::seat::refused(
        &seat.run(["--json", "trace", "APR-000000000000"]).await,
        3,
        &["APR-000000000000"],
    );
}

#[tokio::test]
async fn rule_13_a17_nothing_that_is_written_for_elsewhere_holds_a_secret() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let ids = evening(&stage, &seat).await;
    let bundle = path(&seat, "bundle.json");
    seat.json(0, ["doctor", "--bundle", &bundle]).await;
    let text = std::fs::read_to_string(&bundle).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["store"]["counts"]["decisions"], 2, "{told}");
    assert!(told["store"]["schema"]["decisions"].as_u64() >= Some(2), "{told}");
    assert!(told["checks"].as_array().unwrap().len() >= 6, "{told}");
    assert!(text.contains(&ids[0]), "ids are what one asks about");
    assert!(!text.contains("restart"), "what was decided upon is nobody's but the team's: {text}");

    let files = ["receipts.ndjson", "history.ndjson", "backup.db"].map(|name| path(&seat, name));
    seat.json(0, ["receipts", "export", "--out", &files[0]]).await;
    seat.json(0, ["history", "export", "--format", "ndjson", "--out", &files[1]]).await;
    seat.json(0, ["history", "backup", &files[2]]).await;
    let cache = path(&seat, "backup.cache.db");
    let trace = seat.ends(0, ["trace", &ids[0]]).await.stdout;
    let mut outputs = vec![("trace".to_owned(), trace.into_bytes())];
    for file in [&bundle, &files[0], &files[1], &files[2], &cache] {
        outputs.push((file.clone(), std::fs::read(file).unwrap()));
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(file).unwrap());
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    for (name, bytes) in &outputs {
        assert!(!bytes.is_empty());
        for secret in [CANARY, PASSWORD] {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{secret} is in {name}"
            );
        }
    }
    let history = String::from_utf8_lossy(&outputs[3].1).into_owned();
    assert!(history.contains("[redacted]"), "the reason was there, without its secret");
}

#[tokio::test]
async fn f41_a_console_older_than_its_files_reads_them_and_says_what_to_do() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let [rejected, approved] = evening(&stage, &seat).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(seat.data_dir().join("decisions.db"));
    let mut conn = options.connect().await.unwrap();
    sqlx::raw_sql("UPDATE meta SET schema_version = 12, min_writer = 12").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let pending = stage.raise(STUCK).await;
    for args in
        [vec!["pending"], vec!["approve", &pending, "--yes", "--digest", "sha-256:00"], vec!["status"]]
    {
        let ended = seat.run(std::iter::once("--json").chain(args)).await;
        support::seat::refused(&ended, 1, &["v12 > v", "update or start fresh copy", "HOLDPOINT_DATA_DIR"]);
    }
    assert_eq!(stage.approval(&pending).await["status"], "pending");
    assert!(seat.json(0, ["history", "search", &rejected]).await["count"].as_u64() >= Some(1));
    assert_eq!(seat.json(0, ["receipts", "verify"]).await["ok"], true);
    assert_eq!(seat.json(0, ["trace", &approved]).await["traces"][0]["state"], json!("observed"));
}

#[tokio::test]
async fn f40_damaged_files_are_told_and_the_console_opens_all_the_same() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let [rejected, _] = evening(&stage, &seat).await;
    for (file, kind) in [("decisions.db", "decisions.db was damaged"), ("cache.db", "cache.db was damaged")] {
        let place = seat.data_dir().join(file);
        // The log would bring a damaged first page back.
        let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(&place).connect().await.unwrap();
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let mut bytes = std::fs::read(&place).unwrap();
        bytes[..100].fill(0);
        std::fs::write(&place, bytes).unwrap();
        seat.json(0, ["pending"]).await;
        let doctor = seat.run(["--json", "doctor"]).await;
        assert!(doctor.stdout.contains(kind), "{doctor:?}");
    }
    assert_eq!(seat.json(0, ["receipts", "verify"]).await["ok"], true);
    let found = seat.json(0, ["history", "search", &rejected]).await;
    assert!(found["entries"].as_array().unwrap().iter().any(|one| one["kind"] == "decision"), "{found}");
    let id = stage.raise(STUCK).await;
    assert_eq!(seat.show_and_approve(&id, &[]).await.code, Some(0), "it goes on");
}
