//! `cargo xtask`: what a person does with this repository, one subcommand per file.
//!
//! Owns the order of things and the words on the terminal. It knows the product only from outside, by its binaries:
//! it deliberately links none of the product's crates, so that it builds first and judges without sharing their code.

mod bindings;
mod child;
mod clock;
mod demo;
mod desktop;
mod health;
mod holdctl;
mod json;
mod page;
mod prove;
mod rehearsal;
mod run;
mod screens;
mod setup;
mod stage;
mod stamp;
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
    /// Install what is missing on this machine for building and testing, and build the window's page.
    Setup,
    /// Open Holdpoint in rehearsal: a service breaks, and you decide. Ctrl-C ends it.
    Run,
    /// Play the rehearsal unattended: exit 0 only if the service answers healthy again.
    Demo(demo::Options),
    /// Write the types that cross to the window as TypeScript.
    Bindings,
    /// Photograph every view of the page into target/screens, without Rust behind it.
    Screens(screens::Options),
    /// Check everything; ends with "N passed, N failed".
    Test,
    /// Prove what takes too long for every change; figures go to target/prove.
    Prove(prove::Options),
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let done = Workspace::find().and_then(|workspace| match task {
        Task::Setup => everything(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Run => run::run(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Demo(options) => Ok(demo::demo(&workspace, &options)),
        Task::Bindings => bindings::bindings(&workspace).map(|()| ExitCode::SUCCESS),
        Task::Screens(options) => screens::screens(&workspace, &options),
        Task::Test => test::test(&workspace),
        Task::Prove(options) => prove::prove(&workspace, &options),
    });
    done.unwrap_or_else(|error| {
        complain(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn everything(workspace: &Workspace) -> anyhow::Result<()> {
    setup::setup(workspace, setup::Purpose::Check)?;
    page::build(workspace)
}
