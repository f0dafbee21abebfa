//! `cargo xtask bindings`: the types that cross to the window, from Rust into ui/src/bindings. A test fails while they
//! are stale.

use crate::terminal::say;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};

/// Where the window's code finds them.
const PLACE: &str = "ui/src/bindings";

/// Writes them all; files of types that are gone go too.
pub(crate) fn bindings(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo([
        "run",
        "--quiet",
        "--package",
        "engine",
        "--features",
        "bindings",
        "--example",
        "bindings",
        "--",
        PLACE,
    ]);
    let status = command.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("the bindings could not be written: mend what is said above");
    }
    say(format_args!("bindings: {PLACE} is up to date"));
    Ok(())
}
