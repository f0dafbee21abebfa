//! The decision in the terminal: read with `holdctl show`, taken with `holdctl approve`.

use super::report;
use crate::holdctl::Console;
use crate::json;
use crate::stage::Stage;
use anyhow::{Context, Result};

/// Shown, approved.
pub(super) fn decide(stage: &Stage, console: &Console, request: &str) -> Result<()> {
    let shown = console.json(&["show", request])?;
    let digest =
        json::text(&shown, "digest").with_context(|| format!("holdctl show {request}: no digest"))?;
    let target =
        json::text(&shown, "service").with_context(|| format!("holdctl show {request}: no service"))?;
    report("shown", stage.now(), digest);

    let decision = ["approve", request, "--digest", digest, "--yes", "--target", target];
    console.json(&decision)?;
    Ok(())
}
