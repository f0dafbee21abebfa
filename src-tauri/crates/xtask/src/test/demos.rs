//! The demo as checks: played as a person plays it, it heals the service; sabotaged, it says that it did not.

use super::tally::Tally;
use crate::demo::NOT_RECOVERED;
use crate::workspace::{Binaries, Workspace};
use std::io;

/// `demo` must exit with 0 in the real window.
pub(super) fn windowed(workspace: &Workspace, binaries: &Binaries) -> Tally {
    judge("demo", 0, play(workspace, binaries, ["xtask", "demo"]))
}

/// `demo --headless` must exit with 0.
pub(super) fn headless(workspace: &Workspace, binaries: &Binaries) -> Tally {
    judge("demo --headless", 0, play(workspace, binaries, ["xtask", "demo", "--headless"]))
}

/// `demo --sabotage` must exit with the one code that says "not recovered": a demo that breaks down early exits
/// non-zero too and proves nothing.
pub(super) fn sabotaged(workspace: &Workspace, binaries: &Binaries) -> Tally {
    let played = play(workspace, binaries, ["xtask", "demo", "--headless", "--sabotage"]);
    judge("demo --headless --sabotage", NOT_RECOVERED, played)
}

fn play<const N: usize>(
    workspace: &Workspace,
    binaries: &Binaries,
    words: [&str; N],
) -> io::Result<Option<i32>> {
    // Through cargo and not by the path of this program: building the workspace may just have replaced its file.
    Ok(workspace.cargo(words).envs(binaries.environment()).status()?.code())
}

fn judge(name: &str, wanted: u8, played: io::Result<Option<i32>>) -> Tally {
    match played {
        Ok(Some(code)) if code == i32::from(wanted) => Tally::passed(1),
        Ok(Some(code)) => Tally::failed(format!("{name} exited with {code}, but {wanted} was due")),
        Ok(None) => Tally::failed(format!("{name} was killed")),
        Err(error) => Tally::failed(format!("{name} could not be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sabotaged_demo_passes_only_by_not_recovering() {
        let judge = |code| judge("demo", NOT_RECOVERED, Ok(code));
        assert_eq!(judge(Some(1)), Tally::passed(1));
        assert_eq!(judge(Some(0)).failures.len(), 1);
        assert_eq!(judge(Some(3)).failures, ["demo exited with 3, but 1 was due"]);
        assert_eq!(judge(None).failures, ["demo was killed"]);
    }
}
