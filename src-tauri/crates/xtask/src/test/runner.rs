//! Running the workspace's tests: by cargo-nextest where it is installed, else by `cargo test`.
//!
//! The built programs are handed to the tests by their paths in the environment, so no test guesses where they are.

use super::tally::Tally;
use super::{junit, libtest};
use crate::terminal::say;
use crate::workspace::{Binaries, Workspace};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

/// All tests but doc tests.
pub(super) fn run(workspace: &Workspace, binaries: &Binaries) -> Tally {
    if has_nextest(workspace) {
        by_nextest(workspace, binaries)
    } else {
        say(
            "cargo-nextest is not installed (cargo install --locked cargo-nextest): using cargo test instead",
        );
        let mut command =
            workspace.cargo(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        command.envs(binaries.environment());
        by_libtest("cargo test", command)
    }
}

/// The examples in the documentation.
pub(super) fn run_doc_tests(workspace: &Workspace) -> Tally {
    by_libtest("cargo test --doc", workspace.cargo(["test", "--workspace", "--no-fail-fast", "--doc"]))
}

/// Whether any documentation of the workspace holds an example: compiling it all for none takes minutes.
pub(super) fn has_doc_tests(root: &Path) -> bool {
    ["src-tauri", "tests"].iter().any(|dir| holds_example(&root.join(dir)))
}

fn has_nextest(workspace: &Workspace) -> bool {
    let mut command = workspace.cargo(["nextest", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn by_nextest(workspace: &Workspace, binaries: &Binaries) -> Tally {
    // nextest's own store lies in the repository, wherever cargo's target directory is (`[store]` in its settings).
    let record = workspace.root.join("target/nextest/xtask/junit.xml");
    // A record of an earlier run must never be counted as this one's.
    if let Err(error) = fs::remove_file(&record)
        && error.kind() != ErrorKind::NotFound
    {
        return Tally::failed(format!("{} cannot be replaced: {error}", record.display()));
    }
    let mut command =
        workspace.cargo(["nextest", "run", "--workspace", "--profile", "xtask", "--no-fail-fast"]);
    let ended = outcome(command.envs(binaries.environment()));
    let tally = match fs::read_to_string(&record) {
        Ok(text) => junit::read(&text),
        Err(_) => Tally::default(),
    };
    tally.of_a_runner("cargo nextest", ended)
}

fn by_libtest(name: &str, mut command: Command) -> Tally {
    let mut tally = Tally::default();
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Tally::failed(format!("{name} could not be started: {error}")),
    };
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            say(&line);
            libtest::read(&line, &mut tally);
        }
    }
    let ended = child.wait().map_err(|error| error.to_string()).and_then(good);
    tally.of_a_runner(name, ended)
}

/// Runs it; why it ended badly, if it did.
pub(super) fn outcome(command: &mut Command) -> Result<(), String> {
    command.status().map_err(|error| format!("it could not be started: {error}")).and_then(good)
}

/// A status as what it means for a runner.
pub(super) fn good(status: std::process::ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
}

fn holds_example(path: &Path) -> bool {
    if let Ok(entries) = fs::read_dir(path) {
        return entries.flatten().any(|entry| holds_example(&entry.path()));
    }
    path.extension().is_some_and(|extension| extension == "rs")
        && fs::read_to_string(path).is_ok_and(|text| text.lines().any(opens_example))
}

fn opens_example(line: &str) -> bool {
    let line = line.trim_start();
    let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
    doc.is_some_and(|text| text.trim_start().starts_with("```"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fence_in_documentation_is_an_example() {
        assert!(opens_example("    /// ```"));
        assert!(opens_example("//! ```rust"));
        assert!(!opens_example("// ```"));
        assert!(!opens_example("/// code `like this`"));
    }
}
