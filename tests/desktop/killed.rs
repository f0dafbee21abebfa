//! kill -9 of the real app at points drawn from a seed, while it owns the engine through which a terminal decides: nothing
//! acknowledged is lost, no effect happens twice, and it opens at once.

use anyhow::{Context, Result, ensure};
use headless::{Running, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::ready;
use std::pin::pin;
use std::process::{Output, Stdio};
use std::time::Duration;
use support::account::PASSWORD;
use support::bins::Bin;
use support::desktop::Desk;
use support::kills::{Draw, rounds, said_the_truth};
use support::stage::{DRY, OWNER, Stage};

/// In the ordinary test; `cargo xtask prove kill` asks for more.
const ROUNDS: u64 = 5;
/// A kill falls within this time after the approve was started, in milliseconds.
const SPREAD_MS: u64 = 400;

/// A terminal beside the app, on the same data and the same desktop.
fn holdctl(desk: &Desk, stage: &Stage, arguments: &[&str]) -> tokio::process::Command {
    let mut command = desk.session().command(Bin::Holdctl.path());
    command.env("HOLDPOINT_DATA_DIR", desk.data_dir()).env("HOLDPOINT_GATEWAY", stage.gateway.origin());
    command.env("HOLDPOINT_EMAIL", OWNER).env("HOLDPOINT_PASSWORD", PASSWORD);
    command.arg("--json").args(arguments).stdin(Stdio::null());
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    command
}

async fn json(desk: &Desk, stage: &Stage, arguments: &[&str]) -> Result<Value> {
    let Output { status, stdout, stderr } = holdctl(desk, stage, arguments).output().await?;
    ensure!(status.success(), "holdctl {arguments:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).context("holdctl answers with JSON")
}

/// Starts the app in the tray and waits until it owns the data directory.
async fn owned_by_the_app(desk: &Desk) -> Result<Running> {
    let app = desk.start(&["--hidden"])?;
    until("the app owns the data", || {
        let free = engine::lock::take(desk.data_dir()).ok().flatten();
        ready(free.is_none().then_some(()))
    })
    .await
    .with_context(|| desk.session().said())?;
    Ok(app)
}

#[tokio::test]
async fn rounds_of_kill_9_of_the_app_lose_nothing_acknowledged_and_do_nothing_twice() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    std::fs::create_dir_all(desk.data_dir())?;
    let mut draw = Draw::wanted();
    let (mut paths, mut ended) = (BTreeMap::new(), BTreeMap::new());
    let mut app = owned_by_the_app(&desk).await?;
    for number in 0..rounds(ROUNDS) {
        let pool = format!("a{number}");
        let id = stage.raise_with(DRY, json!({"pool": pool})).await;
        let path = format!("/pools/{pool}/drain");
        paths.insert(id.clone(), path.clone());
        json(&desk, &stage, &["show", &id]).await?;
        // Sometimes the action is under way for certain.
        let held = draw.below(2) == 0;
        if held {
            stage.target.hold(&path);
        }
        let mut approve = holdctl(&desk, &stage, &["approve", &id, "--yes", "--wait", "5"]);
        approve.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut approving = pin!(approve.spawn()?.wait_with_output());
        // The point is drawn, not waited for: whatever is true then is what is killed.
        let point = Duration::from_millis(draw.below(SPREAD_MS));
        let early = tokio::time::timeout(point, &mut approving).await.ok();
        drop(app);
        if held {
            stage.target.release(&path);
        }
        app = owned_by_the_app(&desk).await?;
        let done = match early {
            Some(done) => done?,
            None => approving.await?,
        };
        ended.insert(id, done.status.code());
    }
    said_the_truth(&paths, &ended, &stage.target);
    for (id, path) in &paths {
        is_settled(&desk, &stage, id, path).await?;
    }
    let receipts = json(&desk, &stage, &["receipts", "verify"]).await?;
    ensure!(receipts["ok"] == true, "{receipts}");
    ensure!(!app.has_ended(), "the app goes on");
    Ok(())
}

/// Each decision has an end here, and what is still open can be decided and runs once.
async fn is_settled(desk: &Desk, stage: &Stage, id: &str, path: &str) -> Result<()> {
    until(&format!("an end of the decision on {id}"), || async {
        let found = json(desk, stage, &["history", "search", id, "--limit", "200"]).await.ok()?;
        let entries = found["entries"].as_array()?.clone();
        let open = |state: &Value| {
            matches!(state.as_str(), Some("held" | "queued" | "sent" | "acknowledged" | "unknown"))
        };
        let settled = entries.iter().filter(|e| e["kind"] == "decision").all(|e| !open(&e["state"]));
        settled.then_some(())
    })
    .await?;
    let (approval, before) = (stage.approval(id).await, stage.target.count(path));
    match approval["status"].as_str() {
        Some("pending") => {
            ensure!(before == 0, "{id} ran without a decision");
            json(desk, stage, &["show", id]).await?;
            json(desk, stage, &["approve", id, "--yes"]).await?;
            ensure!(stage.target.count(path) == 1, "{id}");
        }
        Some("completed") => ensure!(before == 1, "{id} ran {before} times"),
        other => anyhow::bail!("{id} is {other:?}"),
    }
    Ok(())
}
