//! The page's suites: types and markup, its tests, and access for everyone. npm carries them out; here they are counted.

use super::tally::Tally;
use super::{junit, runner};
use crate::page;
use crate::workspace::Workspace;
use std::fs;
use std::io::ErrorKind;

/// Types, markup and styles.
pub(super) fn check(workspace: &Workspace) -> Tally {
    super::one(page::npm(workspace, &["run", "check"]))
}

/// The page's own tests.
pub(super) fn tests(workspace: &Workspace) -> Tally {
    recorded(workspace, "test", "page-tests.xml")
}

/// Every view in both themes in a real browser: axe finds nothing, and nothing breaks the page's policy.
pub(super) fn access(workspace: &Workspace) -> Tally {
    recorded(workspace, "test:axe", "page-access.xml")
}

/// Runs one of the page's scripts and counts from the record it leaves.
fn recorded(workspace: &Workspace, script: &str, record: &str) -> Tally {
    let record = workspace.target.join(record);
    // A record of an earlier run must never be counted as this one's.
    if let Err(error) = fs::remove_file(&record)
        && error.kind() != ErrorKind::NotFound
    {
        return Tally::failed(format!("{} cannot be replaced: {error}", record.display()));
    }
    let file = format!("--outputFile.junit={}", record.display());
    let words = ["run", script, "--", "--reporter=default", "--reporter=junit", &file];
    let ended = runner::outcome(&mut page::npm(workspace, &words));
    let tally = fs::read_to_string(&record).map(|text| junit::read(&text)).unwrap_or_default();
    tally.of_a_runner(&format!("npm run {script}"), ended)
}
