//! The gateway's command line: `serve`, `user add`, `workflow add`.
//!
//! Owns arguments, signals and the one line on stderr that says where it listens.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "this is the terminal's side of the program")]

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use gateway::{Asking, Config, Gateway, NewWorkflow, Role, ServeError};
use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Longest password that is read from stdin, in bytes.
const PASSWORD_BYTES: u64 = 4_096;

#[derive(Parser)]
#[command(
    name = "holdpoint-gateway",
    version,
    about = "Holds what needs a person's word, and runs what got it."
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the gateway until SIGTERM or SIGINT.
    Serve(Serve),
    /// Manage users.
    #[command(subcommand)]
    User(User),
    /// Manage workflows.
    #[command(subcommand)]
    Workflow(Workflow),
}

#[derive(Args)]
struct Database {
    /// sqlite:PATH, sqlite::memory: or a plain path.
    #[arg(long, value_name = "URL", env = "HOLDPOINT_GATEWAY_DATABASE")]
    database: String,
}

#[derive(Args)]
struct Serve {
    /// Loopback only; put a TLS proxy in front for anyone else. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    #[command(flatten)]
    database: Database,
    /// A JSON file of secrets by pipeline: {"PIPELINE":{"NAME":"VALUE"}}. Read once, kept in memory.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
}

#[derive(Subcommand)]
enum User {
    /// Add a user, as a member of every workflow unless some are named.
    Add {
        email: String,
        /// admin, owner, viewer or machine.
        #[arg(long)]
        role: Role,
        /// A workflow to be a member of; may be repeated.
        #[arg(long, value_name = "ID")]
        workflow: Vec<String>,
        /// Read the password from stdin: it never stands in the argument list.
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Subcommand)]
enum Workflow {
    /// Add a workflow.
    Add {
        name: String,
        /// Made up when absent.
        #[arg(long)]
        id: Option<String>,
        /// Ask a person for every match, however certain and harmless.
        #[arg(long)]
        always_ask: bool,
        #[command(flatten)]
        database: Database,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::parse();
    trace();
    match run(line.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdpoint-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(serve) => self::serve(serve).await,
        Command::User(User::Add { email, role, workflow, password_stdin: _, database }) => {
            let password = password()?;
            let gateway = Gateway::open(Config::new(database.database)).await?;
            let id = if workflow.is_empty() {
                gateway.add_user(&email, role, &password).await?
            } else {
                gateway.add_user_to(&email, role, &password, &workflow).await?
            };
            println!("{id}");
            Ok(())
        }
        Command::Workflow(Workflow::Add { name, id, always_ask, database }) => {
            let gateway = Gateway::open(Config::new(database.database)).await?;
            let asking = if always_ask { Asking::Always } else { Asking::WhenNeeded };
            let id = gateway.add_workflow(NewWorkflow { id, name, asking, ..NewWorkflow::default() }).await?;
            println!("{id}");
            Ok(())
        }
    }
}

async fn serve(serve: Serve) -> anyhow::Result<()> {
    let mut config = Config::new(serve.database.database);
    if let Some(path) = serve.secrets {
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        config.secrets = serde_json::from_str::<BTreeMap<String, BTreeMap<String, String>>>(&text)
            .with_context(|| {
                format!("{} is not of the form {{pipeline: {{name: value}}}}", path.display())
            })?;
    }
    if !serve.listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(serve.listen.ip()).into());
    }
    let gateway = Gateway::open(config).await?;
    let listener = TcpListener::bind(serve.listen)
        .await
        .with_context(|| format!("cannot listen on {}", serve.listen))?;
    let address = listener.local_addr()?;
    let closing = CancellationToken::new();
    let ending = closing.clone();
    let signals = signals()?;
    tokio::spawn(async move {
        signals.await;
        ending.cancel();
    });
    // Said only once the database is this process's own: whoever waits for this line takes it at its word.
    gateway.serve_telling(listener, closing, move || eprintln!("listening on http://{address}")).await?;
    Ok(())
}

#[cfg(unix)]
fn signals() -> anyhow::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> anyhow::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Without a signal handler the gateway ends with its terminal.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(PASSWORD_BYTES).read_to_string(&mut text).context("cannot read the password")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("no password came on stdin");
    }
    Ok(password.to_owned())
}

fn trace() {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
