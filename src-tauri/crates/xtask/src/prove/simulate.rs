//! The simulation of the pure cores: seeds without a violation of I1 to I8, and every planted bug found.

use super::{Extent, Found, Verdict, suite};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::ffi::OsStr;
use std::fs;

const SEEDS: u64 = 100_000;

pub(super) fn prove(workspace: &Workspace, extent: Extent) -> Result<Found> {
    let binaries = suite::built(workspace)?;
    let figures_file = workspace.root.join("target/prove/simulate.seeds.json");
    if let Some(folder) = figures_file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let seeds = extent.amount.unwrap_or(SEEDS).to_string();
    let from = extent.seed.unwrap_or(0).to_string();
    let settings = [
        ("HOLDPOINT_SIM_SEEDS", OsStr::new(&seeds)),
        ("HOLDPOINT_SIM_FROM", OsStr::new(&from)),
        ("HOLDPOINT_SIM_OUT", figures_file.as_os_str()),
    ];
    // Figures of an earlier run must not pass for this one's.
    let _ = fs::remove_file(&figures_file);
    let seeds_hold = suite::run(workspace, &binaries, "no_seed_breaks_an_invariant", &settings)?;
    let plants_found = suite::run(workspace, &binaries, "every_planted_bug_is_found", &settings)?;
    let told = fs::read_to_string(&figures_file).ok().and_then(|text| serde_json::from_str(&text).ok());
    let mut figures = match told {
        Some(Value::Object(told)) => told,
        _ => Map::new(),
    };
    figures.insert("failure".into(), json!(seeds_hold.as_ref().err()));
    figures.insert("planted_bugs_missed".into(), json!(plants_found.as_ref().err()));
    Ok(Found { figures, verdict: Verdict::of(&seeds_hold.and(plants_found)) })
}
