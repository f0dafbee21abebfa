//! `cargo xtask demo`: the rehearsal played unattended, one line per step with its time: in the real window, or with
//! `--headless` in the terminal.
//!
//! Owns the order of the steps and the judgement. It believes no report of success: what counts in the end is the
//! answer of the service itself, and what the console can still prove with the gateway gone.

mod terminal;
mod window;

use crate::child::Voice;
use crate::clock::Deadline;
use crate::health::{self, Health};
use crate::holdctl::{Console, Keychain};
use crate::json;
use crate::rehearsal::{self, Account, RAISE, Restart, START, Step};
use crate::setup::Purpose;
use crate::stage::{Said, Stage};
use crate::terminal::{complain, say, seconds};
use crate::workspace::{Binaries, Workspace};
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tempfile::TempDir;
use window::Window;

/// Exit code: every step was taken, and the service is still not healthy.
pub(crate) const NOT_RECOVERED: u8 = 1;
/// Exit code: a step could not be taken at all. (2 is clap's, for wrong usage.)
pub(crate) const COULD_NOT_BE_PLAYED: u8 = 3;

/// An event must reach the console within this.
const PUSH: Duration = Duration::from_secs(30);
/// An approved action must have run within this.
const EXECUTE: Duration = Duration::from_secs(60);
/// The service must answer healthy within this of the executed restart.
const RECOVER: Duration = Duration::from_secs(30);
/// Between two questions to the service.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// So many healthy answers in a row count as recovered; one alone may be a lucky moment.
const HEALTHY_IN_A_ROW: u32 = 3;
/// A decision leaves at least these receipts: the key, what was decided, what came of it.
const RECEIPTS_AT_LEAST: u64 = 3;

/// How it is played.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// In the terminal, without a window.
    #[arg(long)]
    headless: bool,
    /// The restart says it worked and does nothing: the demo must notice and exit non-zero.
    #[arg(long)]
    sabotage: bool,
}

/// What the service said last.
enum Ending {
    Recovered,
    StillFailing(String),
}

/// Plays it and says how it ended; the exit code is the judgement.
pub(crate) fn demo(workspace: &Workspace, options: &Options) -> ExitCode {
    let purpose = if options.headless { Purpose::Build } else { Purpose::Play };
    match Binaries::ready(workspace, purpose).and_then(|binaries| play(workspace, &binaries, options)) {
        Ok(Ending::Recovered) => ExitCode::SUCCESS,
        Ok(Ending::StillFailing(why)) => {
            complain(format_args!(
                "not recovered: the actions ran, but the service did not answer healthy within {} s. It says {why}",
                RECOVER.as_secs()
            ));
            ExitCode::from(NOT_RECOVERED)
        }
        Err(error) => {
            complain(format_args!("the demo could not be played: {error:#}"));
            ExitCode::from(COULD_NOT_BE_PLAYED)
        }
    }
}

fn play(workspace: &Workspace, binaries: &Binaries, options: &Options) -> Result<Ending> {
    let restart = if options.sabotage { Restart::Sabotaged } else { Restart::Real };
    let directory = TempDir::with_prefix("holdpoint-demo-").context("no temporary directory can be made")?;
    let mut stage = Stage::open()?;
    let account = Account::random()?;
    let child = rehearsal::start(&binaries.rehearsal, directory.path(), &account, restart, &stage.inbox)?;
    stage.enter(Voice::Rehearsal, child);
    let (_, service) = stage.step(Step::ServiceUp, START)?;
    let (_, gateway) = stage.step(Step::GatewayUp, START)?;
    let service = health::loopback(&service)?;
    let mut console = console(binaries, directory.path(), gateway, account);
    let window = match options.headless {
        true => None,
        false => Some(Window::open(&workspace.target.join("demo"), &binaries.app, &mut console)?),
    };
    let watch = console.watch(&["--json", "watch", "--for", "300"], &stage.inbox)?;
    stage.enter(Voice::Watch, watch);
    // Only now, with somebody there to be told.
    stage.tell(Voice::Rehearsal, "begin")?;

    let request = raised(&mut stage, service)?;
    arrived(&mut stage, &console, &request)?;
    match &window {
        Some(window) => window.decide(&stage, &console, &request)?,
        None => terminal::decide(&stage, &console, &request)?,
    }
    executed(&mut stage, &console, &request)?;
    let still_failing = wait_for_health(&mut stage, service)?;
    if let Some(window) = &window {
        window.tells_the_end()?;
    }
    if let Some(why) = still_failing {
        return Ok(Ending::StillFailing(why));
    }
    recorded(&mut stage, console, window, &request)?;
    Ok(Ending::Recovered)
}

fn console(binaries: &Binaries, directory: &Path, gateway: String, account: Account) -> Console {
    Console {
        program: binaries.holdctl.clone(),
        data: directory.join("console"),
        runtime: None,
        logs: directory.to_path_buf(),
        gateway,
        account: Some(account),
        keychain: Keychain::Hidden,
    }
}

/// The probe has asked; the service really is broken, or recovering would prove nothing.
fn raised(stage: &mut Stage, service: SocketAddr) -> Result<String> {
    let (at, request) = stage.step(Step::Raised, RAISE)?;
    match health::ask(service)? {
        Health::Healthy => {
            bail!("{request} was raised, but the service answers healthy: there is nothing to heal")
        }
        Health::Failing(why) => report("raised", at, format_args!("{request}, the service says {why}")),
    }
    Ok(request)
}

/// Pushed, stored.
fn arrived(stage: &mut Stage, console: &Console, request: &str) -> Result<()> {
    let pushed = stage.until("pushed", PUSH, |said| about(said, request))?;
    report("pushed", pushed.at, "the event came over the socket to holdctl watch");

    let found = console.json(&["history", "search", request])?;
    ensure!(
        json::holds(&found, request),
        "holdctl watch printed {request}, but the history does not hold it"
    );
    report("stored", stage.now(), "the history finds it");
    Ok(())
}

/// Decided, executed.
fn executed(stage: &mut Stage, console: &Console, request: &str) -> Result<()> {
    let is = |word: &'static str| move |said: &Said| about(said, request) && json::holds(&said.line, word);
    let decided = stage.until("approval_decided", PUSH, is("approval_decided"))?;
    let by = console.account.as_ref().map_or("nobody", |account| &account.email);
    report("decided", decided.at, format_args!("approved by {by}"));
    let executed = stage.until("execution_completed", EXECUTE, is("execution_completed"))?;
    report("executed", executed.at, "the gateway has run the actions as they were shown");
    Ok(())
}

/// `None` once the service is healthy; else what it said when the time was over.
fn wait_for_health(stage: &mut Stage, service: SocketAddr) -> Result<Option<String>> {
    let deadline = Deadline::within(RECOVER);
    let mut in_a_row = 0;
    loop {
        // A service that cannot be asked is not healthy; why not is worth saying.
        let said = health::ask(service).unwrap_or_else(|error| Health::Failing(format!("{error:#}")));
        match said {
            Health::Healthy => in_a_row += 1,
            Health::Failing(why) if deadline.left().is_none() => return Ok(Some(why)),
            Health::Failing(_) => in_a_row = 0,
        }
        if in_a_row == HEALTHY_IN_A_ROW {
            report("recovered", stage.now(), format_args!("the service at {service} answers healthy"));
            return Ok(None);
        }
        stage.listen(ASK_EVERY)?;
    }
}

/// With console and gateway gone, the history and the receipts still tell it.
fn recorded(stage: &mut Stage, mut console: Console, window: Option<Window>, request: &str) -> Result<()> {
    stage.leave(Voice::Watch);
    if let Some(window) = window {
        window.close()?;
        console.runtime = None;
    }
    stage.leave(Voice::Rehearsal);
    let gateway = health::loopback(&console.gateway)?;
    ensure!(!health::listens(gateway), "the rehearsal has ended, but its gateway still listens at {gateway}");

    let found = console.json(&["history", "search", request])?;
    ensure!(json::holds(&found, request), "with the gateway gone, the history does not hold {request}");
    let verified = console.json(&["receipts", "verify"])?;
    let count = json::seek(&verified, "count").and_then(serde_json::Value::as_u64).unwrap_or_default();
    ensure!(
        count >= RECEIPTS_AT_LEAST,
        "{count} receipts hold, but a decision leaves {RECEIPTS_AT_LEAST} or more"
    );
    report("recorded", stage.now(), format_args!("offline: the history finds it, {count} receipts verify"));
    Ok(())
}

fn about(said: &Said, request: &str) -> bool {
    said.from == Voice::Watch && json::holds(&said.line, request)
}

fn report(step: &str, at: Duration, note: impl std::fmt::Display) {
    say(format_args!("{step:<10} {:>8}   {note}", seconds(at)));
}
