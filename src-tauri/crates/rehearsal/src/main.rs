//! `holdpoint-rehearsal`: plays the incident until it is told to stop. One JSON object per step on standard output.

use anyhow::{Context, bail};
use clap::Parser;
use rehearsal::{Begin, Incident, Restart, Script};
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A service that breaks, a gateway that asks, a probe that raises the alarm. Ends on Ctrl-C, SIGTERM or when standard
/// input is closed. The password of the person who decides comes from HOLDPOINT_PASSWORD; without it a random one is
/// made and shown on the terminal.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where the gateway's database is kept; without it, in memory.
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Address of the person who decides.
    #[arg(long, default_value = "oncall@rehearsal.invalid")]
    email: String,
    /// The restart answers as always and frees nothing.
    #[arg(long)]
    sabotage: bool,
    /// Break the service only once something comes on standard input.
    #[arg(long)]
    wait: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match play(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error there is still the exit code.
            let _ = writeln!(std::io::stderr(), "holdpoint-rehearsal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play(arguments: Arguments) -> anyhow::Result<()> {
    let password = match std::env::var("HOLDPOINT_PASSWORD") {
        Ok(password) => password,
        Err(_) => shown_password(&arguments.email)?,
    };
    let stop = CancellationToken::new();
    let (steps, mut reported) = mpsc::unbounded_channel();
    let printing = tokio::spawn({
        let stop = stop.clone();
        async move {
            while let Some(step) = reported.recv().await {
                if print(&step).is_err() {
                    // Nobody reads any more.
                    stop.cancel();
                }
            }
        }
    });
    let begun = CancellationToken::new();
    listen_to_input(begun.clone(), stop.clone());
    stop_with_signals(stop.clone())?;
    let script = Script {
        directory: arguments.directory,
        email: arguments.email,
        password,
        restart: if arguments.sabotage { Restart::Sabotaged } else { Restart::Works },
        begin: if arguments.wait { Begin::When(begun) } else { Begin::AtOnce },
    };
    tokio::select! {
        incident = Incident::start(script, steps) => incident?.run_until(stop.cancelled()).await?,
        () = stop.cancelled() => {}
    }
    // The steps' senders are gone or going; what is still unprinted is at most the last line.
    printing.abort();
    Ok(())
}

fn print(step: &rehearsal::Reported) -> std::io::Result<()> {
    let line = serde_json::to_string(step)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Random, and shown only where a person can see it.
fn shown_password(email: &str) -> anyhow::Result<String> {
    let mut terminal = std::io::stderr().lock();
    if !terminal.is_terminal() {
        bail!("there is no terminal to show a password on; set HOLDPOINT_PASSWORD");
    }
    let password = rehearsal::random_password();
    writeln!(terminal, "sign in as {email} with the password {password}")?;
    Ok(password)
}

/// Whoever started us holds our standard input: something on it is the sign to begin, and when it closes nobody needs us
/// any more.
fn listen_to_input(begun: CancellationToken, stop: CancellationToken) {
    // A thread of its own, not tokio's: a read that never ends must not hold up the end of the process.
    std::thread::spawn(move || {
        let mut byte = [0; 64];
        while matches!(std::io::stdin().read(&mut byte), Ok(1..)) {
            begun.cancel();
        }
        stop.cancel();
    });
}

fn stop_with_signals(stop: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be listened for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be listened for")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
}
