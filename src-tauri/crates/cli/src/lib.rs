//! `holdctl`: the console in a terminal, for scripts, SSH and headless hosts. The same engine, the same history.
//!
//! Owns words, JSON shapes and exit codes. Decides nothing: every verdict on a decision is the engine's.

mod args;
pub mod card;
mod commands;
mod draft;
mod exit;
mod gate;
mod out;
mod place;
mod results;
mod shapes;

use clap::Parser;
use exit::{Exit, Stop};
use out::Out;

/// Runs the program with the process's arguments; returns its exit code.
pub fn main() -> u8 {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    let out = Out::new(wants_json);
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&out, &error).code(),
    };
    logging(args.verbose);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let stopped = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(args, &out));
            // What still runs in the background has nothing left to tell.
            runtime.shutdown_timeout(std::time::Duration::from_millis(200));
            result
        }
        Err(error) => Err(Stop::other("runtime", format!("The program could not start: {error}"))),
    };
    match stopped {
        Ok(exit) => exit.code(),
        Err(stop) => {
            out.error(&stop);
            stop.exit.code()
        }
    }
}

/// `--help` and `--version` are answers, everything else clap says is a usage error.
fn usage(out: &Out, error: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            Exit::Done
        }
        _ => {
            out.error(&Stop::usage(
                error.render().to_string().trim_start_matches("error: ").trim().to_owned(),
            ));
            Exit::Usage
        }
    }
}

/// Logs go to stderr, and only when asked for: `-v`, or `HOLDPOINT_LOG`.
fn logging(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "warn",
        2 => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("HOLDPOINT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
}
