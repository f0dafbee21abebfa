//! The Autobahn suite as a server, our client's WebSocket against it: no case fails, and what is NON-STRICT is named.
//!
//! Left out: 9 (messages beyond our limits, which are refused on purpose) and 12, 13 (compression, which is never offered).

use super::{Found, Verdict, suite};
use crate::terminal::say;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// What counts as done: the third is close behaviour that the RFC leaves open.
const GOOD: [&str; 3] = ["OK", "INFORMATIONAL", "NON-STRICT"];

/// The suite's server. Dropped, it is ended.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn prove(workspace: &Workspace) -> Result<Found> {
    let program = wstest()?;
    let binaries = suite::built(workspace)?;
    let work = workspace.root.join("target/prove/autobahn");
    fs::create_dir_all(&work).with_context(|| format!("{} cannot be made", work.display()))?;
    let (server, address) = serve(&program, &work)?;
    let settings = [("HOLDPOINT_AUTOBAHN", OsStr::new(&address))];
    let ended = suite::run(workspace, &binaries, "the_autobahn_suite", &settings)?;
    drop(server);
    let cases = read(&work.join("reports/index.json"))?;
    let mut figures = Map::new();
    let count = |word: &str| cases.iter().filter(|(_, behaviour)| behaviour == word).count();
    for word in GOOD {
        figures.insert(word.to_lowercase().replace('-', "_"), json!(count(word)));
    }
    let named = |good: &dyn Fn(&str) -> bool| -> Vec<String> {
        cases.iter().filter(|(_, word)| good(word)).map(|(id, word)| format!("{id} {word}")).collect()
    };
    let bad = named(&|word| !GOOD.contains(&word));
    figures.insert("cases".into(), json!(cases.len()));
    figures.insert("non_strict_cases".into(), json!(named(&|word| word == "NON-STRICT")));
    figures.insert("failed_cases".into(), json!(bad));
    say(format_args!("{} cases, {} failed", cases.len(), bad.len()));
    let good = ended.is_ok() && bad.is_empty() && cases.len() > 200;
    Ok(Found { figures, verdict: if good { Verdict::Holds } else { Verdict::Fails } })
}

/// The suite's program: named by `WSTEST`, else on the path. It is written for Python 2.7, which most systems no longer
/// have, so it is not fetched from here.
fn wstest() -> Result<PathBuf> {
    if let Some(named) = env::var_os("WSTEST") {
        return Ok(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join("wstest")).find(|program| program.is_file());
    found.context(
        "the Autobahn suite is not here: install autobahntestsuite 0.8.2 for Python 2.7 and name its program in WSTEST",
    )
}

/// Starts the server on a free port; it listens when this returns.
fn serve(program: &Path, work: &Path) -> Result<(Server, String)> {
    let free = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    let address = free.local_addr()?.to_string();
    drop(free);
    let _ = fs::remove_dir_all(work.join("reports"));
    let spec = json!({
        "url": format!("ws://{address}"), "outdir": work.join("reports"), "webport": 0,
        "cases": ["*"], "exclude-cases": ["9.*", "12.*", "13.*"], "exclude-agent-cases": {},
    });
    let path = work.join("spec.json");
    fs::write(&path, spec.to_string()).with_context(|| format!("{} cannot be written", path.display()))?;
    let child = Command::new(program)
        .args(["--mode", "fuzzingserver", "--spec"])
        .arg(&path)
        .current_dir(work)
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let mut server = Server(child);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(headless::until("the suite's server listens", || {
        let ended = server.0.try_wait().ok().flatten();
        let listens = TcpStream::connect(&address).is_ok();
        std::future::ready((listens || ended.is_some()).then_some(()))
    }))?;
    if let Some(status) = server.0.try_wait()? {
        bail!("the suite's server ended with {status}");
    }
    Ok((server, address))
}

/// Case and behaviour, from the suite's own report.
fn read(path: &Path) -> Result<Vec<(String, String)>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} is not there", path.display()))?;
    let report: Value = serde_json::from_str(&text).context("the report is no JSON")?;
    let agent = report.as_object().and_then(|agents| agents.values().next()).context("no agent in it")?;
    let cases = agent.as_object().context("no cases in it")?;
    let worst = |case: &Value| {
        let word = |name: &str| case[name].as_str().unwrap_or("MISSING").to_owned();
        match (word("behavior"), word("behaviorClose")) {
            (behaviour, close) if GOOD.contains(&behaviour.as_str()) && close != "OK" => close,
            (behaviour, _) => behaviour,
        }
    };
    Ok(cases.iter().map(|(id, case)| (id.clone(), worst(case))).collect())
}
