//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand};
use domain::receipt::Head;
use domain::{ActionId, Digest, PipelineId, RequestId};
use std::path::PathBuf;

/// Holdpoint in a terminal: see what waits for approval, decide it, follow it.
#[derive(Debug, Parser)]
#[command(name = "holdctl", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Print JSON on stdout and errors as JSON on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The pipeline meant; lists show all without it.
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) pipeline: Option<PipelineId>,
    /// The gateway's address; not needed where only one is known.
    #[arg(long, global = true, env = "HOLDPOINT_GATEWAY", value_name = "ADDRESS", hide_env_values = true)]
    pub(crate) gateway: Option<String>,
    /// The account to sign in with.
    #[arg(long, global = true, env = "HOLDPOINT_EMAIL", value_name = "EMAIL", hide_env_values = true)]
    pub(crate) email: Option<String>,
    /// Log to stderr; twice for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 anything else, 2 usage, 3 no such thing, 4 conflict (decided, changed, expired), 5 gateway
unreachable (nothing was sent), 6 sign-in, 7 not taken or outcome unknown, 8 not allowed, 9 decided but an action failed.

HOLDPOINT_GATEWAY, HOLDPOINT_EMAIL and HOLDPOINT_PASSWORD sign in for scripts; HOLDPOINT_DATA_DIR says where the
history is kept.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in; the password comes from HOLDPOINT_PASSWORD, --password-stdin or a prompt.
    Login {
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show gateway, account and connection state.
    Status,
    /// Print every event as it is committed, and each change of the connection state.
    Watch {
        /// End after this many seconds.
        #[arg(long = "for", value_name = "SECONDS")]
        for_s: Option<u64>,
    },
    /// List the open requests.
    Pending,
    /// Show one request: what broke and exactly what will be sent.
    Show {
        /// The request.
        id: RequestId,
    },
    /// Approve a request, or one action of it.
    Approve(Approve),
    /// Reject a request, with a reason.
    Reject {
        /// The request.
        id: RequestId,
        /// Why not: at least three letters or digits.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Seconds to wait for the outcome.
        #[arg(long, value_name = "S", default_value_t = 65)]
        wait: u64,
    },
    /// Stop a running request after its current action, with a reason.
    Stop {
        /// The request.
        id: RequestId,
        /// Why: at least three letters or digits.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Seconds to wait for the outcome.
        #[arg(long, value_name = "S", default_value_t = 65)]
        wait: u64,
    },
    /// Runbook actions.
    #[command(subcommand)]
    Runbooks(Runbooks),
    /// Error mappings.
    #[command(subcommand)]
    Mappings(Mappings),
    /// The local history; needs no gateway.
    #[command(subcommand)]
    History(History),
    /// Receipts of decisions; need no gateway.
    #[command(subcommand)]
    Receipts(Receipts),
    /// Check that everything needed to decide is in place.
    Doctor,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Approve {
    /// The request.
    pub(crate) id: RequestId,
    /// One action of it, where it waits for a decision of its own.
    #[arg(long, value_name = "A")]
    pub(crate) action: Option<ActionId>,
    /// The digest that was looked at; without it, what `show` last printed here.
    #[arg(long, value_name = "D", value_parser = digest)]
    pub(crate) digest: Option<Digest>,
    /// Answer the confirmation with yes.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The service's name: needed when a high-risk action is covered.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Seconds to wait for the outcome.
    #[arg(long, value_name = "S", default_value_t = 65)]
    pub(crate) wait: u64,
}

fn digest(text: &str) -> Result<Digest, std::convert::Infallible> {
    Ok(Digest(text.to_owned()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Runbooks {
    /// List the actions.
    List,
    /// Show one action.
    Show {
        /// The action.
        action: ActionId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mappings {
    /// List the mappings.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum History {
    /// Find events and decisions, newest first.
    Search {
        /// Words; all must match.
        query: String,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Receipts {
    /// Check the chain of receipts and name the first bad one; with FILE an exported one, on any machine.
    Verify {
        /// What `receipts export` wrote; without it, the receipts of this machine.
        file: Option<PathBuf>,
        /// Where the chain ended at an export: it must still hold that.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Head>,
    },
    /// Write all receipts to a file, one line of JSON each, with the key that signs them; remembers where they end.
    Export {
        /// The file; one that is there is replaced as a whole.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}
