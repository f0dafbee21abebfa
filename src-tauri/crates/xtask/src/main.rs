//! `cargo xtask`: what a person does with this repository, one subcommand per file.
//!
//! Owns the order of things and the words on the terminal. It knows the product only from outside, by its binaries:
//! it deliberately links none of the product's crates, so that it builds first and judges without sharing their code.

mod bindings;
mod child;
mod clock;
mod demo;
mod health;
mod holdctl;
mod json;
mod rehearsal;
mod run;
mod setup;
mod stage;
mod terminal;
mod test;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use terminal::complain;
use workspace::Workspace;

/// Build, try and check Holdpoint.
#[derive(Parser)]
#[command(name = "cargo xtask", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing on this machine for building and testing.
    Setup,
    /// Start the rehearsal, to be decided by hand from a second terminal. Ctrl-C ends it.
    Run,
    /// Play the rehearsal unattended: exit 0 only if the service answers healthy again.
    Demo(demo::Options),
    /// Write the types that cross to the window as TypeScript.
    Bindings,
    /// Check everything; ends with "N passed, N failed".
    Test,
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let done = Workspace::find().and_then(|workspace| match task {
        Task::Setup => setup::setup(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Run => run::run(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Demo(options) => Ok(demo::demo(&workspace, &options)),
        Task::Bindings => bindings::bindings(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Test => test::test(&workspace),
    });
    done.unwrap_or_else(|error| {
        complain(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
