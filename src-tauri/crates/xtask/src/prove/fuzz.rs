//! Coverage-guided fuzzing (libFuzzer) of what reads foreign text, for a minute each: no input makes it panic.
//!
//! The targets are the package `tests/fuzz`; the corpora begin in `tests/fixtures`, and what is found is
//! put under `target/prove/fuzz`.

use super::{Extent, Found, Verdict};
use crate::terminal::say;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The targets, by the names that the program takes, each with where its inputs begin.
const TARGETS: [(&str, &[&str]); 5] = [
    ("frame", &["fuzz/frame", "wire"]),
    ("event", &["fuzz/event", "wire"]),
    ("error", &["wire"]),
    ("canonical", &["fuzz/event", "wire"]),
    ("search", &["fuzz/search"]),
];
/// Seconds for each.
const SECONDS: u64 = 60;
/// Coverage for libFuzzer, by flags that the stable compiler takes. Kept from build scripts and macros by naming the target.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions=on -Coverflow-checks=on -Copt-level=1 \
    -Ccodegen-units=1";

pub(super) fn prove(workspace: &Workspace, extent: Extent) -> Result<Found> {
    let program = build(workspace)?;
    let mut figures = Map::new();
    let mut verdict = Verdict::Holds;
    let seconds = extent.amount.unwrap_or(SECONDS);
    for (target, seeds) in TARGETS {
        say(format_args!("-- {target}, {seconds} s"));
        let (figure, held) = fuzz(workspace, Path::new(&program), target, seeds, seconds, extent.seed)?;
        figures.insert(target.to_owned(), figure);
        if held == Verdict::Fails {
            verdict = Verdict::Fails;
        }
    }
    Ok(Found { figures, verdict })
}

/// The program with the targets, in a target directory of its own: everything in it is built another way.
fn build(workspace: &Workspace) -> Result<String> {
    let host = host()?;
    let mut command = workspace.cargo(["build", "--package", "fuzz", "--features", "libfuzzer"]);
    command.args(["--target", &host, "--message-format", "json-render-diagnostics"]);
    command.env("CARGO_TARGET_DIR", workspace.target.join("fuzz")).env("RUSTFLAGS", FLAGS);
    let output = command.stderr(Stdio::inherit()).output().context("cargo build could not be started")?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message.pointer("/target/name").and_then(Value::as_str) == Some("fuzz");
        ours.then(|| message.get("executable")?.as_str().map(str::to_owned)).flatten()
    };
    match messages.lines().find_map(executable) {
        Some(program) if output.status.success() => Ok(program),
        _ => bail!("the targets could not be built: mend what is said above"),
    }
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc could not be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    Ok(host.to_owned())
}

fn fuzz(
    workspace: &Workspace,
    program: &Path,
    target: &str,
    seeds: &[&str],
    seconds: u64,
    seed: Option<u64>,
) -> Result<(Value, Verdict)> {
    let work = workspace.root.join("target/prove/fuzz").join(target);
    let found = work.join("corpus");
    fs::create_dir_all(&found).with_context(|| format!("{} cannot be made", found.display()))?;
    let mut command = Command::new(program);
    command.env("HOLDPOINT_FUZZ", target).arg(&found);
    command.args(seeds.iter().map(|seeds| workspace.root.join("tests/fixtures").join(seeds)));
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", work.display()));
    command.args(["-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    command.args(seed.map(|seed| format!("-seed={seed}")));
    let output = command.output().with_context(|| format!("{} could not be started", program.display()))?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    fs::write(work.join("log"), &log).context("the log cannot be written")?;
    let stat = |name: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix(&format!("stat::{name}:")))?;
        line.trim().parse::<u64>().ok()
    };
    let held = if output.status.success() { Verdict::Holds } else { Verdict::Fails };
    if held == Verdict::Fails {
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        say(tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    let figure = json!({
        "executions": stat("number_of_executed_units"),
        "new_inputs": stat("new_units_added"),
        "seconds": seconds,
        "log": work.join("log").display().to_string(),
    });
    Ok((figure, held))
}
