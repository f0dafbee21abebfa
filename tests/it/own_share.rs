//! One engine per data directory: who owns it, who is its guest, and what happens when either dies (DESIGN 4, F43).

use crate::support_caller::SOON;
use serde_json::Value;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;
use support::account::PASSWORD;
use support::seat::{states, until_live, until_told};
use support::stage::{OTHER, OWNER, STUCK, Stage};
use support::{Run, Running, Stream, eventually};

/// Longest wait for a connection to notice, or for a takeover.
const WHILE: Duration = Duration::from_secs(45);

/// Every file below, with its mode.
fn modes(dir: &Path) -> Vec<(std::path::PathBuf, u32, std::fs::FileType)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        // A log of SQLite's may go while we look.
        let Ok(meta) = std::fs::symlink_metadata(entry.path()) else { continue };
        if meta.is_dir() {
            found.extend(modes(&entry.path()));
        }
        found.push((entry.path(), meta.permissions().mode() & 0o777, meta.file_type()));
    }
    found
}

/// Ids of the events printed.
fn event_ids(watch: &Running) -> Vec<String> {
    let lines = watch.lines(Stream::Out);
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
    lines
        .filter(|line| line["event"] != "connection")
        .map(|line| line["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn f43_a_command_beside_a_running_watch_is_a_guest_of_its_engine() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let mut watch = seat.watch().await;
    assert_eq!(seat.json(0, ["status"]).await["engine"], "shared");

    let id = stage.raise(STUCK).await;
    // No password: the session is the watch's own.
    let guest = |args: &[&str]| {
        let run = Run::holdctl(seat.home()).env("HOLDPOINT_GATEWAY", stage.gateway.origin());
        run.args(["--json"]).args(args.iter().copied())
    };
    let shown = guest(&["show", &id]).output().await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let approved = guest(&["approve", &id, "--yes"]).output().await;
    assert_eq!(
        (approved.code, approved.json()["identity"].as_str().map(str::to_owned)),
        (Some(0), Some(OWNER.to_owned()))
    );
    // The owner sees what its guest did.
    let decided = until_told(&mut watch, "approval_decided", &id).await;
    assert_eq!(decided["data"]["by"], OWNER, "{decided}");
    until_told(&mut watch, "execution_completed", &id).await;

    // And all guests of a moment share the one engine.
    let id = stage.raise(STUCK).await;
    let (one, two, three) =
        tokio::join!(seat.run(["show", &id]), seat.run(["pending"]), seat.run(["runbooks", "list"]));
    assert_eq!((one.code, two.code, three.code), (Some(0), Some(0), Some(0)));
    assert_eq!(watch.terminate().await.code, Some(0), "SIGTERM ends a watch in good order");
    assert_eq!(seat.json(0, ["status"]).await["engine"], "own");
}

#[tokio::test]
async fn what_lies_on_disk_is_for_its_owner_alone() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let watch = seat.watch().await;
    let id = stage.raise(STUCK).await;
    assert_eq!(seat.show_and_approve(&id, &[]).await.code, Some(0));
    let data = seat.data_dir();
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let found = modes(&data);
    assert!(found.iter().any(|(path, ..)| path.ends_with("decisions.db")), "{found:?}");
    let sockets: Vec<_> = found.iter().filter(|(_, _, kind)| kind.is_socket()).collect();
    assert_eq!(sockets.len(), 1, "one socket: {found:?}");
    for (path, mode, kind) in &found {
        let private = if kind.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*mode, private, "{} is {mode:o}", path.display());
    }
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn the_socket_lies_in_the_runtime_directory_where_there_is_one() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let runtime = seat.home().file("run");
    std::fs::create_dir(&runtime).unwrap();
    let mut watch = seat.holdctl(["--json", "watch"]).env("XDG_RUNTIME_DIR", &runtime).spawn().await;
    until_live(&mut watch).await;
    let sockets = modes(&runtime);
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    assert!(sockets[0].2.is_socket() && sockets[0].1 == 0o600, "{sockets:?}");
    assert!(!modes(&seat.data_dir()).iter().any(|(_, _, kind)| kind.is_socket()));
    let status = seat.holdctl(["--json", "status"]).env("XDG_RUNTIME_DIR", &runtime).output().await;
    assert_eq!(status.json()["engine"], "shared");
    // Whoever looks elsewhere finds the lock taken: it never becomes a second writer.
    let lost = seat.run(["--json", "status"]).await;
    assert!(lost.code != Some(0) || lost.json()["engine"] == "shared", "two owners: {lost:?}");
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn another_account_is_refused_by_a_running_engine_and_by_its_data() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let watch = seat.watch().await;
    let ended = seat.holdctl_as(OTHER, PASSWORD, ["--json", "watch", "--for", "3"]).output().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let (_, message) = ended.error();
    assert!(message.contains(OWNER), "{message}");
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn a_watch_ends_with_0_when_its_time_is_up_and_when_it_is_told_to() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let timed = seat.run(["--json", "watch", "--for", "2"]).await;
    assert_eq!((timed.code, timed.stderr.as_str()), (Some(0), ""), "{timed:?}");
    let said: Vec<String> = timed.stdout.lines().map(str::to_owned).collect();
    assert_eq!(states(&said).last().map(String::as_str), Some("live"), "{said:?}");
    // As a guest too.
    let owner = seat.watch().await;
    let guest = seat.run(["--json", "watch", "--for", "1"]).await;
    assert_eq!((guest.code, guest.stderr.as_str()), (Some(0), ""), "{guest:?}");
    let second = seat.watch().await;
    assert_eq!(second.terminate().await.code, Some(0));
    assert_eq!(owner.terminate().await.code, Some(0));
}

#[tokio::test]
async fn when_the_owner_is_killed_a_waiting_watch_takes_over_from_disk() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let owner = seat.watch().await;
    let mut second = seat.watch().await;
    let before = stage.raise(STUCK).await;
    until_told(&mut second, "approval_required", &before).await;
    owner.kill_9().await;
    let after = stage.raise(STUCK).await;
    second.wait_for(Stream::Out, WHILE, |line| line.contains(&after)).await;
    assert_eq!(seat.json(0, ["status"]).await["engine"], "shared");
    assert_eq!(seat.show_and_approve(&after, &[]).await.code, Some(0));
    until_told(&mut second, "execution_completed", &after).await;
    let mut ids = event_ids(&second);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an event was printed twice");
    assert_eq!(second.terminate().await.code, Some(0));
}

#[tokio::test]
async fn when_the_owner_is_killed_an_approve_in_flight_is_answered_from_its_row() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let owner = seat.watch().await;
    let id = stage.raise(STUCK).await;
    seat.ends(0, ["show", &id]).await;
    stage.target.hold("/restart");
    let approve = seat.holdctl(["--json", "approve", &id, "--yes"]).spawn().await;
    eventually(SOON, async || (stage.target.count("/restart") == 1).then_some(())).await;
    owner.kill_9().await;
    stage.target.release("/restart");
    let ended = approve.finish().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["execution_results"][0]["outcome"], "succeeded");
    assert_eq!(stage.target.count("/restart"), 1);
    assert_eq!(seat.json(0, ["receipts", "verify"]).await["ok"], true);
}

#[tokio::test]
async fn rule_9_stale_is_said_when_the_gateway_is_gone_and_live_only_after_catching_up() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    let mut watch = seat.watch().await;
    let said = states(&watch.lines(Stream::Out));
    assert_eq!(said.first().map(String::as_str), Some("stale"), "it starts as stale: {said:?}");
    let live = said.iter().position(|state| state == "live").unwrap();
    assert!(said[..live].contains(&"catching_up".to_owned()), "live without catching up: {said:?}");

    let first = stage.raise(STUCK).await;
    until_told(&mut watch, "approval_required", &first).await;
    stage.gateway.kill_9().await;
    let stale = async || (states(&watch.lines(Stream::Out)).last()? == "stale").then_some(());
    eventually(WHILE, stale).await;
    assert_eq!(seat.ends(5, ["--json", "status"]).await.json()["connection"]["state"], "stale");

    stage.gateway.restart().await;
    let live = async || (states(&watch.lines(Stream::Out)).last()? == "live").then_some(());
    eventually(WHILE, live).await;
    let second = stage.raise(STUCK).await;
    until_told(&mut watch, "approval_required", &second).await;
    let said = states(&watch.lines(Stream::Out));
    for (at, state) in said.iter().enumerate().filter(|(_, state)| *state == "live") {
        assert_eq!(said[at - 1], "catching_up", "{state} at {at} in {said:?}");
    }
    let mut ids = event_ids(&watch);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an event was printed twice");
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn a_gateway_that_says_goodbye_is_told_as_such_and_nothing_of_its_absence_is_lost() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    let mut watch = seat.watch().await;
    stage.gateway.terminate().await;
    let stale = async || (states(&watch.lines(Stream::Out)).last()? == "stale").then_some(());
    eventually(WHILE, stale).await;
    assert!(
        watch.lines(Stream::Out).iter().any(|line| line.contains("going_away")),
        "{:?}",
        watch.lines(Stream::Out)
    );
    stage.gateway.restart().await;
    // Raised while the console may not be back yet: caught up with.
    let id = stage.raise(STUCK).await;
    let line = watch
        .wait_for(Stream::Out, WHILE, |line| line.contains("approval_required") && line.contains(&id))
        .await;
    assert!(line.contains(&id));
    assert_eq!(watch.terminate().await.code, Some(0));
}

#[tokio::test]
async fn a_watch_started_without_its_gateway_says_stale_and_goes_live_when_it_comes() {
    let mut stage = Stage::ready().await;
    let seat = stage.seat();
    stage.gateway.kill_9().await;
    let mut watch = seat.holdctl(["--json", "watch"]).spawn().await;
    watch.wait_for(Stream::Out, SOON, |line| line.contains("\"stale\"")).await;
    stage.gateway.restart().await;
    until_live(&mut watch).await;
    let id = stage.raise(STUCK).await;
    until_told(&mut watch, "approval_required", &id).await;
    assert_eq!(watch.terminate().await.code, Some(0));
}
