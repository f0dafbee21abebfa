//! Running a few of the workspace's tests for longer than usual: by `cargo test`, which ends no test early.

use crate::workspace::{Binaries, Targets, Workspace};
use anyhow::{Context, Result};
use std::ffi::OsStr;

/// Builds everything and gives the programs.
pub(super) fn built(workspace: &Workspace) -> Result<Binaries> {
    Binaries::build(workspace, Targets::WithTests)
}

/// Runs the tests whose name holds `name`, also those that are left out otherwise; why they failed, if they did.
pub(super) fn run(
    workspace: &Workspace,
    binaries: &Binaries,
    name: &str,
    settings: &[(&str, &OsStr)],
) -> Result<Result<(), String>> {
    let mut command = workspace.cargo(["test", "--workspace", "--lib", "--bins", "--tests"]);
    command.args(["--", "--include-ignored", "--nocapture", name]);
    command.envs(binaries.environment()).envs(settings.iter().copied());
    let status = command.status().context("cargo test could not be started")?;
    Ok(if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) })
}
