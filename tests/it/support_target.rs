//! The target fixture and the way binaries are run.

use crate::support_caller::SOON;
use serde_json::Value;
use std::path::Path;
use support::target::Fault;
use support::{Home, Run, Stream, Target, eventually};

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn shell(home: &Home, script: &str) -> Run {
    Run::program(Path::new("/bin/sh"), home).args(["-c", script])
}

#[tokio::test]
async fn a_target_records_fails_resets_and_waits() {
    let (target, http) = (Target::start().await, client());
    let url = format!("{}/restart", target.origin());
    assert_eq!(http.post(&url).body("{}").send().await.unwrap().status(), 200);
    target.fail("/restart", Fault::Answer(503, "busy".into()));
    assert_eq!(http.post(&url).send().await.unwrap().status(), 503);
    target.fail("/restart", Fault::Reset);
    assert!(http.post(&url).send().await.is_err());
    target.mend("/restart");
    target.hold("/restart");
    let held = tokio::spawn(http.post(format!("{url}?why=x")).send());
    eventually(SOON, async || (target.count("/restart") == 4).then_some(())).await;
    assert!(!held.is_finished());
    target.release("/restart");
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    assert_eq!((target.calls()[0].body.as_str(), target.calls()[3].path.as_str()), ("{}", "/restart?why=x"));
}

#[tokio::test]
async fn a_target_describes_itself_and_can_be_cut_off() {
    let (target, http) = (Target::start().await, client());
    let read = http.get(target.openapi_url()).send().await.unwrap();
    assert_eq!(read.json::<Value>().await.unwrap(), target.openapi());
    assert_eq!(target.calls().len(), 0);
    target.go_down().await;
    assert!(http.get(target.openapi_url()).send().await.is_err());
    target.come_back().await;
    assert_eq!(http.get(target.openapi_url()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_program_gets_nothing_but_what_it_is_given() {
    let home = Home::new();
    let run = shell(&home, "cat; env | cut -d= -f1 | sort | tr '\\n' ' '; echo x >&2; exit 9");
    let ended = run.env("HOLDPOINT_EMAIL", "a@b").input("typed\n").output().await;
    assert_eq!(ended.code, Some(9));
    assert!(ended.stdout.starts_with("typed\n"));
    assert!(ended.stdout.contains("HOLDPOINT_EMAIL HOME PATH"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("CARGO"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "x\n");
}

#[tokio::test]
async fn a_running_program_is_read_line_by_line_and_ended_by_signal() {
    let home = Home::new();
    let script = "trap 'echo bye; exit 3' TERM; echo one; echo two >&2; while :; do read x; done";
    let mut running = shell(&home, script).spawn().await;
    assert_eq!(running.wait_for(Stream::Out, SOON, |line| line == "one").await, "one");
    assert_eq!(running.wait_for(Stream::Err, SOON, |line| line.starts_with('t')).await, "two");
    let ended = running.terminate().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "one\nbye\n"));

    let mut running = shell(&home, script).spawn().await;
    running.wait_for(Stream::Out, SOON, |line| line == "one").await;
    assert_eq!(running.kill_9().await.code, None);
}
