//! kill -9 of the real programs at drawn points: nothing acknowledged is lost, no effect happens twice, they open at once.

use super::{Extent, Found, Verdict, suite};
use crate::workspace::Workspace;
use anyhow::Result;
use serde_json::{Map, json};
use std::ffi::OsStr;

const ROUNDS: u64 = 200;

pub(super) fn prove(workspace: &Workspace, extent: Extent) -> Result<Found> {
    let binaries = suite::built(workspace)?;
    let rounds = extent.amount.unwrap_or(ROUNDS).to_string();
    let seed = extent.seed.map(|seed| seed.to_string());
    let mut settings = vec![("HOLDPOINT_KILL_ROUNDS", OsStr::new(&rounds))];
    settings.extend(seed.as_deref().map(|seed| ("HOLDPOINT_KILL_SEED", OsStr::new(seed))));
    let ended = suite::run(workspace, &binaries, "rounds_of_kill_9", &settings)?;
    let mut figures = Map::new();
    figures.insert("rounds_of_each".into(), json!(rounds));
    figures.insert("seed".into(), json!(seed.as_deref().unwrap_or("the test's own")));
    figures.insert("failure".into(), json!(ended.as_ref().err()));
    Ok(Found { figures, verdict: Verdict::of(&ended) })
}
