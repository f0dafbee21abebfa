//! Counting what passed and what failed, and saying it.

use crate::clock::Stopwatch;
use crate::terminal::seconds;
use std::fmt;
use std::time::Duration;

/// What one suite found. A check that did not run is in neither number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many passed.
    pub(super) passed: usize,
    /// One name or sentence for each that failed.
    pub(super) failures: Vec<String>,
    /// How many were not run though they exist.
    pub(super) skipped: usize,
}

impl Tally {
    pub(super) fn passed(count: usize) -> Self {
        Tally { passed: count, ..Tally::default() }
    }

    pub(super) fn failed(why: String) -> Self {
        Tally { failures: vec![why], ..Tally::default() }
    }

    /// A runner that ends badly although every test it counted is fine has failed itself; so has one that ends well
    /// and counted nothing.
    pub(super) fn of_a_runner(mut self, name: &str, succeeded: Result<(), String>) -> Self {
        match succeeded {
            Err(why) if self.failures.is_empty() => self.failures.push(format!("{name}: {why}")),
            Ok(()) if self.passed == 0 && self.failures.is_empty() => {
                self.failures.push(format!("{name}: not a single test ran"));
            }
            _ => {}
        }
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failures.len())?;
        match self.skipped {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped"),
        }
    }
}

/// All suites of a run.
#[derive(Default)]
pub(super) struct Report {
    suites: Vec<(&'static str, Duration, Tally)>,
    left_out: Vec<String>,
}

impl Report {
    pub(super) fn add(&mut self, name: &'static str, time: Stopwatch, tally: Tally) {
        self.suites.push((name, time.elapsed(), tally));
    }

    /// Suites that could not run because of another's failure, which is counted there.
    pub(super) fn leave_out(&mut self, names: &[&str], why: &str) {
        self.left_out.extend(names.iter().map(|name| format!("{name}: not run, {why}")));
    }

    /// Suites with their times, then what failed.
    pub(super) fn summary(&self) -> String {
        let mut text = String::from("\nsuites:");
        for (name, time, tally) in &self.suites {
            text.push_str(&format!("\n  {name:<16} {:>12}   {tally}", seconds(*time)));
        }
        for line in &self.left_out {
            text.push_str(&format!("\n  {line}"));
        }
        for (name, _, tally) in self.suites.iter().filter(|(_, _, tally)| !tally.failures.is_empty()) {
            text.push_str(&format!("\nfailed in {name}:"));
            for failure in &tally.failures {
                text.push_str(&format!("\n  - {failure}"));
            }
        }
        text
    }

    /// `N passed, N failed`, and nothing else.
    pub(super) fn last_line(&self) -> String {
        let (passed, failed) = self.count();
        format!("{passed} passed, {failed} failed")
    }

    /// Something ran, and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        let (passed, failed) = self.count();
        passed > 0 && failed == 0
    }

    fn count(&self) -> (usize, usize) {
        self.suites.iter().fold((0, 0), |(passed, failed), (_, _, tally)| {
            (passed + tally.passed, failed + tally.failures.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(tallies: Vec<Tally>) -> Report {
        let mut report = Report::default();
        for tally in tallies {
            report.add("suite", Stopwatch::start(), tally);
        }
        report
    }

    #[test]
    fn the_last_line_counts_all_suites() {
        let failed = Tally { passed: 2, failures: vec!["a::b".into()], skipped: 4 };
        let report = report(vec![Tally::passed(3), failed]);
        assert_eq!(report.last_line(), "5 passed, 1 failed");
        assert!(!report.is_good());
        assert!(report.summary().contains("  - a::b"));
    }

    #[test]
    fn a_run_in_which_nothing_ran_is_not_good() {
        let report = report(vec![]);
        assert_eq!(report.last_line(), "0 passed, 0 failed");
        assert!(!report.is_good());
    }

    #[test]
    fn a_runner_that_ends_badly_or_runs_nothing_is_itself_a_failure() {
        let crashed = Tally::passed(4).of_a_runner("nextest", Err("signal 9".into()));
        assert_eq!((crashed.passed, crashed.failures), (4, vec!["nextest: signal 9".to_owned()]));
        let idle = Tally::default().of_a_runner("nextest", Ok(()));
        assert_eq!(idle.failures, ["nextest: not a single test ran"]);
        let counted = Tally::failed("a::b".into()).of_a_runner("nextest", Err("exit 100".into()));
        assert_eq!(counted.failures, ["a::b"]);
        assert_eq!(Tally::passed(1).of_a_runner("nextest", Ok(())), Tally::passed(1));
    }
}
