//! `cargo xtask prove [ID]`: what takes too long for every change, each with its figures in `target/prove/ID.json`.
//!
//! Owns the order, the record and the words; each proof is a file of its own and a name in [`Proof`].

mod autobahn;
mod fuzz;
mod kill;
mod simulate;
mod suite;

use crate::clock::Stopwatch;
use crate::setup::{Purpose, setup};
use crate::terminal::{complain, say, seconds};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use std::fs;
use std::process::ExitCode;

/// What is to be proved.
#[derive(Args)]
pub(crate) struct Options {
    /// One proof; all of them, one after another, if none is named.
    proof: Option<Proof>,
    /// How many rounds, cases or seconds instead of the proof's own number.
    #[arg(long)]
    amount: Option<u64>,
    /// The first seed, where the proof draws.
    #[arg(long)]
    seed: Option<u64>,
}

/// The proofs, in the order in which they are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Proof {
    /// kill -9 of the real holdctl and of the real app, 200 rounds each.
    Kill,
    /// The Autobahn suite against the client's WebSocket.
    Autobahn,
    /// Coverage-guided fuzzing of every decoder, 60 s each.
    Fuzz,
    /// 100,000 seeds of the simulated consoles and gateways.
    Simulate,
}

/// How much, and from which seed.
#[derive(Clone, Copy)]
struct Extent {
    amount: Option<u64>,
    seed: Option<u64>,
}

/// What a proof found: its figures, and whether it holds.
struct Found {
    figures: Map<String, Value>,
    verdict: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Holds,
    Fails,
}

impl Verdict {
    fn of(good: &Result<(), String>) -> Self {
        if good.is_ok() { Verdict::Holds } else { Verdict::Fails }
    }
}

/// Runs them; fails if one does not hold.
pub(crate) fn prove(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup(workspace, Purpose::Check)?;
    let wanted = options.proof.map_or_else(|| Proof::value_variants().to_vec(), |one| vec![one]);
    let extent = Extent { amount: options.amount, seed: options.seed };
    let mut all = Verdict::Holds;
    for proof in wanted {
        say(format_args!("\n== {}", proof.id()));
        let time = Stopwatch::start();
        let found = match proof {
            Proof::Kill => kill::prove(workspace, extent),
            Proof::Autobahn => autobahn::prove(workspace),
            Proof::Fuzz => fuzz::prove(workspace, extent),
            Proof::Simulate => simulate::prove(workspace, extent),
        };
        let found = found.unwrap_or_else(|error| {
            complain(format_args!("error: {error:#}"));
            let figures = Map::from_iter([("error".to_owned(), json!(format!("{error:#}")))]);
            Found { figures, verdict: Verdict::Fails }
        });
        if found.verdict == Verdict::Fails {
            all = Verdict::Fails;
        }
        record(workspace, proof, &found, time)?;
    }
    Ok(if all == Verdict::Holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Proof {
    fn id(self) -> &'static str {
        match self {
            Proof::Kill => "kill",
            Proof::Autobahn => "autobahn",
            Proof::Fuzz => "fuzz",
            Proof::Simulate => "simulate",
        }
    }
}

/// Writes the figures down and says them.
fn record(workspace: &Workspace, proof: Proof, found: &Found, time: Stopwatch) -> Result<()> {
    let holds = found.verdict == Verdict::Holds;
    let record = json!({
        "id": proof.id(),
        "commit": commit(workspace),
        "holds": holds,
        "seconds": time.elapsed().as_secs(),
        "figures": found.figures,
    });
    let path = workspace.root.join("target/prove").join(format!("{}.json", proof.id()));
    let text = serde_json::to_string_pretty(&record)?;
    fs::create_dir_all(workspace.root.join("target/prove"))
        .and_then(|()| fs::write(&path, format!("{text}\n")))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let word = if holds { "holds" } else { "does NOT hold" };
    say(format_args!("== {} {word}, in {}: {}", proof.id(), seconds(time.elapsed()), path.display()));
    Ok(())
}

/// What is proved: the commit, with a mark where the files differ from it.
fn commit(workspace: &Workspace) -> String {
    let git = |arguments: &[&str]| {
        let output = workspace.program("git").current_dir(&workspace.root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    match git(&["status", "--porcelain"]) {
        Some(changes) if !changes.is_empty() => format!("{head} and changes"),
        _ => head,
    }
}
