//! `cargo xtask test`: everything that is checked, in order, with the time of each, and one last line that counts.
//!
//! A suite that fails does not hide the next: only what cannot work without it is left out, and said to be.

mod demos;
mod junit;
mod libtest;
mod runner;
mod tally;

use crate::clock::Stopwatch;
use crate::setup::setup;
use crate::terminal::{say, seconds};
use crate::workspace::{Binaries, Workspace};
use anyhow::Result;
use std::process::{Command, ExitCode};
use tally::{Report, Tally};

/// Sets the machine up and checks everything.
pub(crate) fn test(workspace: &Workspace) -> Result<ExitCode> {
    let mut report = Report::default();
    let whole = Stopwatch::start();
    match setup(workspace) {
        Ok(()) => check(workspace, &mut report),
        Err(error) => report.add("setup", Stopwatch::start(), Tally::failed(format!("{error:#}"))),
    }
    say(report.summary());
    say(format_args!("whole time {}", seconds(whole.elapsed())));
    say(report.last_line());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(workspace: &Workspace, report: &mut Report) {
    let suite = |report: &mut Report, name: &'static str, run: &mut dyn FnMut() -> Tally| {
        say(format_args!("\n== {name}"));
        let time = Stopwatch::start();
        let tally = run();
        say(format_args!("== {name}: {tally} in {}", seconds(time.elapsed())));
        report.add(name, time, tally);
    };
    suite(report, "fmt", &mut || one(workspace.cargo(["fmt", "--all", "--check"])));
    suite(report, "clippy", &mut || {
        one(workspace.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    let mut built = None;
    suite(report, "build", &mut || match Binaries::build(workspace) {
        Ok(binaries) => {
            built = Some(binaries);
            Tally::passed(1)
        }
        Err(error) => Tally::failed(format!("{error:#}")),
    });
    let Some(binaries) = built else {
        report.leave_out(&["tests", "doc tests", "demo", "demo --sabotage"], "the build failed");
        return;
    };
    suite(report, "tests", &mut || runner::run(workspace, &binaries));
    if runner::has_doc_tests(&workspace.root) {
        suite(report, "doc tests", &mut || runner::run_doc_tests(workspace));
    }
    suite(report, "demo", &mut || demos::healthy(workspace, &binaries));
    suite(report, "demo --sabotage", &mut || demos::sabotaged(workspace, &binaries));
}

/// A command that is one check.
fn one(mut command: Command) -> Tally {
    match command.status() {
        Ok(status) if status.success() => Tally::passed(1),
        Ok(status) => Tally::failed(format!("{} ended with {status}", line(&command))),
        Err(error) => Tally::failed(format!("{} could not be started: {error}", line(&command))),
    }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
