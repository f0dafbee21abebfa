//! kill -9 of console and gateway at points drawn from a seed, twenty rounds: nothing acknowledged is lost, no effect
//! happens twice, no decision is claimed that was not made.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use support::kills::{Draw, rounds, said_the_truth};
use support::seat::until_live;
use support::stage::{DRY, Stage};
use support::{Finished, Running, Seat, Stream, eventually};
use tokio::task::JoinSet;

const ROUNDS: u64 = 20;
/// Requests raised in each round.
const EACH: usize = 2;
/// Longest until both are open and live again.
const AGAIN: Duration = Duration::from_secs(60);
/// A kill falls within this time after the approves were started, in milliseconds.
const SPREAD_MS: u64 = 350;

/// Who is killed in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Console,
    Gateway,
    Both,
}

/// The stage, the console on it, and what has happened so far.
struct Play {
    stage: Stage,
    seat: Seat,
    watch: Option<Running>,
    draw: Draw,
    /// Target path by request.
    raised: BTreeMap<String, String>,
    /// What the approve of a request ended with.
    ended: BTreeMap<String, Finished>,
}

impl Victim {
    fn drawn(draw: &mut Draw) -> Self {
        [Victim::Console, Victim::Gateway, Victim::Both][draw.below(3) as usize]
    }
}

impl Play {
    async fn begin() -> Self {
        let stage = Stage::ready().await;
        let seat = stage.seat();
        let watch = Some(seat.watch().await);
        Self { stage, seat, watch, draw: Draw::wanted(), raised: BTreeMap::new(), ended: BTreeMap::new() }
    }

    /// Raises, approves, and kills somewhere in between.
    async fn round(&mut self, number: u64) {
        let mut ids = Vec::new();
        for one in 0..EACH {
            let pool = format!("r{number}-{one}");
            let id = self.stage.raise_with(DRY, json!({"pool": pool})).await;
            self.raised.insert(id.clone(), format!("/pools/{pool}/drain"));
            ids.push(id);
        }
        // Sometimes before anybody has looked, else while they decide.
        if self.draw.below(4) == 0 {
            self.kill().await;
            self.rise_again().await;
        }
        for id in &ids {
            self.seat.ends(0, ["show", id]).await;
        }
        // Sometimes the action is under way for certain.
        let held = (self.draw.below(2) == 0).then(|| self.raised[&ids[0]].clone());
        if let Some(path) = &held {
            self.stage.target.hold(path);
        }
        let mut approving = JoinSet::new();
        for id in ids {
            let run = self.seat.holdctl(["--json", "approve", &id, "--yes", "--wait", "4"]);
            approving.spawn(async move { (id, run.output().await) });
        }
        // The point is drawn, not waited for: whatever is true then is what is killed.
        let point = Duration::from_millis(self.draw.below(SPREAD_MS));
        if let Ok(Some(done)) = tokio::time::timeout(point, approving.join_next()).await {
            let (id, ended) = done.expect("an approve is run to its end");
            self.ended.insert(id, ended);
        }
        self.kill().await;
        if let Some(path) = &held {
            self.stage.target.release(path);
        }
        self.rise_again().await;
        while let Some(done) = approving.join_next().await {
            let (id, ended) = done.expect("an approve is run to its end");
            self.ended.insert(id, ended);
        }
    }

    async fn kill(&mut self) {
        let victim = Victim::drawn(&mut self.draw);
        if matches!(victim, Victim::Console | Victim::Both)
            && let Some(watch) = self.watch.take()
        {
            is_told_once(&watch.kill_9().await);
        }
        if matches!(victim, Victim::Gateway | Victim::Both) {
            self.stage.gateway.kill_9().await;
        }
    }

    /// Both are open again at once, and live.
    async fn rise_again(&mut self) {
        if self.stage.gateway.running().is_none() {
            self.stage.gateway.restart().await;
        }
        match &mut self.watch {
            None => self.watch = Some(self.seat.watch().await),
            Some(watch) => {
                let live = async || {
                    (support::seat::states(&watch.lines(Stream::Out)).last()? == "live").then_some(())
                };
                eventually(AGAIN, live).await;
                until_live(watch).await;
            }
        }
    }

    async fn history(&self, id: &str) -> Vec<Value> {
        let found = self.seat.json(0, ["history", "search", id, "--limit", "200"]).await;
        found["entries"].as_array().expect("entries").clone()
    }
}

/// Every event the gateway has, page by page.
async fn all_events(stage: &Stage) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event["seq"].as_u64().unwrap());
        let (status, page) = stage.admin.get(&format!("/events?after={after}&limit=500")).await;
        assert_eq!(status, 200, "{page}");
        let page = page["events"].as_array().unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.iter().cloned());
    }
}

/// No watch prints an event twice in its life.
fn is_told_once(watch: &Finished) {
    let mut seen = BTreeSet::new();
    for line in watch.stdout.lines() {
        // kill -9 may have cut the last line short.
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        if let Some(id) = line["id"].as_str().filter(|_| line["event"] != "connection") {
            assert!(seen.insert(id.to_owned()), "printed twice: {line}");
        }
    }
}

#[tokio::test]
async fn twenty_rounds_of_kill_9_lose_nothing_acknowledged_and_do_nothing_twice() {
    let mut play = Play::begin().await;
    for number in 0..rounds(ROUNDS) {
        play.round(number).await;
    }
    let (stage, seat) = (&play.stage, &play.seat);

    let ended = play.ended.iter().map(|(id, ended)| (id.clone(), ended.code)).collect();
    said_the_truth(&play.raised, &ended, &stage.target);

    // Whatever the gateway took is known here: each event, and an end of each decision.
    let served = all_events(stage).await;
    for (id, path) in &play.raised {
        let of_it: BTreeSet<&str> = served
            .iter()
            .filter(|event| event["data"]["request_id"] == json!(id))
            .filter_map(|event| event["id"].as_str())
            .collect();
        assert!(!of_it.is_empty(), "the gateway lost {id}, which it had acknowledged");
        let whole = async || {
            let history = play.history(id).await;
            let known: BTreeSet<&str> =
                history.iter().filter_map(|entry| entry["event"]["id"].as_str()).collect();
            let ended = |state: &Value| {
                !matches!(state.as_str(), Some("queued" | "sent" | "acknowledged" | "unknown"))
            };
            let settled = history.iter().filter(|e| e["kind"] == "decision").all(|e| ended(&e["state"]));
            (of_it.is_subset(&known) && settled).then_some(())
        };
        eventually(AGAIN, whole).await;

        // What is still open can be decided; what broke off is not run again.
        let (approval, before) = (stage.approval(id).await, stage.target.count(path));
        match approval["status"].as_str() {
            Some("pending") => {
                assert_eq!(before, 0, "{id} ran without a decision");
                let ended = seat.show_and_approve(id, &[]).await;
                assert_eq!(ended.code, Some(0), "{id}: {ended:?}");
                assert_eq!(stage.target.count(path), 1);
            }
            Some("completed") => assert_eq!(before, 1, "{id}"),
            Some("interrupted" | "failed") => {
                assert!(before <= 1, "{id}");
                assert_eq!(seat.show_and_approve(id, &[]).await.code, Some(4), "{id}");
                assert_eq!(stage.target.count(path), before, "{id} was run again");
            }
            other => panic!("{id} is {other:?}"),
        }
    }
    let receipts = seat.json(0, ["receipts", "verify"]).await;
    assert_eq!(receipts["ok"], true, "{receipts}");
    if let Some(watch) = play.watch.take() {
        let ended = watch.terminate().await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        is_told_once(&ended);
    }
}
