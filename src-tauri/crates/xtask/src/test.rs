//! `cargo xtask test`: everything that is checked, in order, with the time of each, and one last line that counts.
//!
//! A suite that fails does not hide the next: only what cannot work without it is left out, and said to be.

mod demos;
mod junit;
mod libtest;
mod page;
mod runner;
mod tally;

use crate::clock::Stopwatch;
use crate::setup::{Purpose, setup};
use crate::terminal::{say, seconds};
use crate::workspace::{Binaries, Targets, Workspace};
use anyhow::Result;
use std::process::{Command, ExitCode};
use tally::{Report, Tally};

/// Sets the machine up and checks everything.
pub(crate) fn test(workspace: &Workspace) -> Result<ExitCode> {
    let mut report = Report::default();
    let whole = Stopwatch::start();
    match setup(workspace, Purpose::Check) {
        Ok(()) => check(workspace, &mut report),
        Err(error) => report.add("setup", Stopwatch::start(), Tally::failed(format!("{error:#}"))),
    }
    say(report.summary());
    say(format_args!("whole time {}", seconds(whole.elapsed())));
    say(report.last_line());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Quick ones first, and one after another: what is measured here must not wait for another's processors.
fn check(workspace: &Workspace, report: &mut Report) {
    suite(report, "fmt", || one(workspace.cargo(["fmt", "--all", "--check"])));
    let page = suite(report, "page build", || done(crate::page::build(workspace)));
    if !page {
        report.leave_out(&["page", "page tests", "page axe"], "the page could not be built");
        // The window's program holds the page: without it there is nothing to compile.
        report.leave_out(&["clippy", "build"], "the page could not be built");
        return report.leave_out(&WITH_PROGRAMS, "the page could not be built");
    }
    suite(report, "page", || page::check(workspace));
    suite(report, "page tests", || page::tests(workspace));
    suite(report, "clippy", || {
        one(workspace.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    let mut built = None;
    suite(report, "build", || {
        done(Binaries::build(workspace, Targets::WithTests).map(|binaries| built = Some(binaries)))
    });
    match built {
        Some(binaries) => check_programs(workspace, &binaries, report),
        None => report.leave_out(&WITH_PROGRAMS, "the build failed"),
    }
    suite(report, "page axe", || page::access(workspace));
}

/// The suites of [`check_programs`].
const WITH_PROGRAMS: [&str; 5] = ["tests", "doc tests", "demo", "demo --headless", "demo --sabotage"];

fn check_programs(workspace: &Workspace, binaries: &Binaries, report: &mut Report) {
    suite(report, "tests", || runner::run(workspace, binaries));
    if runner::has_doc_tests(&workspace.root) {
        suite(report, "doc tests", || runner::run_doc_tests(workspace));
    }
    suite(report, "demo", || demos::windowed(workspace, binaries));
    suite(report, "demo --headless", || demos::headless(workspace, binaries));
    suite(report, "demo --sabotage", || demos::sabotaged(workspace, binaries));
}

/// Runs a suite and reports it; whether nothing in it failed.
fn suite(report: &mut Report, name: &'static str, run: impl FnOnce() -> Tally) -> bool {
    say(format_args!("\n== {name}"));
    let time = Stopwatch::start();
    let tally = run();
    say(format_args!("== {name}: {tally} in {}", seconds(time.elapsed())));
    let good = tally.failures.is_empty();
    report.add(name, time, tally);
    good
}

/// Something that is one check.
fn done(result: Result<()>) -> Tally {
    result.map_or_else(|error| Tally::failed(format!("{error:#}")), |()| Tally::passed(1))
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
