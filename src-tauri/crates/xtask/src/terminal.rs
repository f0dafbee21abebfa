//! What this tool says: plain lines, on stdout what was asked for, on stderr what went wrong.
//!
//! A reader that has gone away is not an error of the task, so failed writes are dropped.

use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

/// One line on stdout.
pub(crate) fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// One line on stderr.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A duration as people read it: `0.42 s`, `12.3 s`, `3 min 07 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let s = time.as_secs_f64();
    if s < 10.0 {
        format!("{s:.2} s")
    } else if s < 120.0 {
        format!("{s:.1} s")
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_the_precision_a_person_wants() {
        assert_eq!(seconds(Duration::from_millis(421)), "0.42 s");
        assert_eq!(seconds(Duration::from_millis(12_345)), "12.3 s");
        assert_eq!(seconds(Duration::from_secs(187)), "3 min 07 s");
    }
}
