//! Debian packages: who may install them here, and installing them in one go.
//!
//! apt-get installs nothing at all when one name is unknown to it, so each name is asked for first.

use crate::setup::on_path;
use crate::terminal::say;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// How this person becomes root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    /// Is it already.
    Already,
    /// By sudo, without being asked for a password.
    BySudo,
}

/// apt, with its lists as old as they are until something is installed.
#[derive(Default)]
pub(super) struct Apt {
    refreshed: bool,
}

impl Apt {
    /// Refreshes the lists, once, and installs `packages`. Where that cannot be done, the error holds the line to run.
    pub(super) fn install(&mut self, packages: &[&str]) -> Result<()> {
        let line = by_hand(packages);
        if !on_path("apt-get") {
            bail!("there is no apt on this system: install the equivalents of what `{line}` would");
        }
        let Some(root) = root() else {
            bail!("installing needs root and sudo would ask for a password. Run this yourself: {line}");
        };
        if !self.refreshed {
            run(root, &["apt-get", "update"])?;
            self.refreshed = true;
        }
        install(root, packages)
    }
}

fn install(root: Root, packages: &[&str]) -> Result<()> {
    let (known, unknown) = sort_out(packages, is_known);
    if !known.is_empty() {
        let mut install = vec!["apt-get", "install", "--yes", "--no-install-recommends"];
        install.extend(&known);
        run(root, &install)?;
    }
    if !unknown.is_empty() {
        bail!(
            "apt knows no package named {}: this system names it otherwise, install it by hand",
            unknown.join(", ")
        );
    }
    Ok(())
}

fn by_hand(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install --yes {}", packages.join(" "))
}

fn root() -> Option<Root> {
    let first_line = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).stderr(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
    };
    if first_line("id", "-u").as_deref() == Some("0") {
        return Some(Root::Already);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    sudo.is_ok_and(|status| status.success()).then_some(Root::BySudo)
}

fn run(root: Root, words: &[&str]) -> Result<()> {
    let whole = as_root(root, words);
    let line = whole.join(" ");
    say(format_args!("setup: {line}"));
    let (program, arguments) = whole.split_first().context("an empty command")?;
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("`{line}` could not be started"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

fn as_root<'a>(root: Root, words: &[&'a str]) -> Vec<&'a str> {
    let mut whole = match root {
        Root::Already => vec![],
        Root::BySudo => vec!["sudo", "-n"],
    };
    // sudo drops the caller's environment, so the variable goes along as a word of the command.
    whole.extend(["env", "DEBIAN_FRONTEND=noninteractive"]);
    whole.extend(words);
    whole
}

fn sort_out<'a>(packages: &[&'a str], is_known: impl Fn(&str) -> bool) -> (Vec<&'a str>, Vec<&'a str>) {
    packages.iter().partition(|package| is_known(package))
}

fn is_known(package: &str) -> bool {
    Command::new("apt-cache")
        .args(["show", "--no-all-versions", package])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_name_does_not_hold_up_the_others() {
        let (known, unknown) = sort_out(&["gcc", "no-such", "make"], |name| name != "no-such");
        assert_eq!((known, unknown), (vec!["gcc", "make"], vec!["no-such"]));
    }

    #[test]
    fn the_command_is_the_same_for_root_and_through_sudo() {
        assert_eq!(
            as_root(Root::Already, &["apt-get", "update"]).join(" "),
            "env DEBIAN_FRONTEND=noninteractive apt-get update"
        );
        assert_eq!(
            as_root(Root::BySudo, &["apt-get", "update"]).join(" "),
            "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update"
        );
    }
}
