//! The page's suites: types and markup, its tests, and access for everyone. npm carries them out; here they are counted.

use super::tally::Tally;
use super::{junit, runner};
use crate::page;
use crate::terminal::say;
use crate::workspace::Workspace;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::process::Stdio;

/// Types, markup and styles.
pub(super) fn check(workspace: &Workspace) -> Tally {
    super::one(page::npm(workspace, &["run", "check"]))
}

/// The page's own tests.
pub(super) fn tests(workspace: &Workspace) -> Tally {
    let record = workspace.target.join("page-tests.xml");
    // A record of an earlier run must never be counted as this one's.
    if let Err(error) = fs::remove_file(&record)
        && error.kind() != ErrorKind::NotFound
    {
        return Tally::failed(format!("{} cannot be replaced: {error}", record.display()));
    }
    let file = format!("--outputFile.junit={}", record.display());
    let words = ["run", "test", "--", "--reporter=default", "--reporter=junit", &file];
    let ended = runner::outcome(&mut page::npm(workspace, &words));
    let tally = fs::read_to_string(&record).map(|text| junit::read(&text)).unwrap_or_default();
    tally.of_a_runner("npm run test", ended)
}

/// Every view in both themes in a real browser: axe finds nothing, and nothing breaks the page's policy.
pub(super) fn access(workspace: &Workspace) -> Tally {
    let mut tally = Tally::default();
    let mut child = match page::npm(workspace, &["run", "test:axe"]).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Tally::failed(format!("npm run test:axe could not be started: {error}")),
    };
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            say(&line);
            tally = counted(&line).unwrap_or(tally);
        }
    }
    let ended = child.wait().map_err(|error| error.to_string()).and_then(runner::good);
    tally.of_a_runner("npm run test:axe", ended)
}

/// `N passed, N failed`, alone on its line; what failed is named on the lines before it.
fn counted(line: &str) -> Option<Tally> {
    let (passed, failed) = line.trim().strip_suffix(" failed")?.split_once(" passed, ")?;
    let (passed, failed) = (passed.parse().ok()?, failed.parse::<usize>().ok()?);
    let failures = (1..=failed).map(|n| format!("npm run test:axe, {n} of {failed} named above")).collect();
    Some(Tally { passed, failures, skipped: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_that_counts_is_counted() {
        let tally = counted("12 passed, 2 failed").expect("it counts");
        assert_eq!((tally.passed, tally.failures.len()), (12, 2));
        assert_eq!(counted("12 passed, 0 failed"), Some(Tally::passed(12)));
        for other in ["inbox-dark: color-contrast", "12 passed", "x passed, 0 failed", " passed,  failed"] {
            assert_eq!(counted(other), None, "{other}");
        }
    }
}
