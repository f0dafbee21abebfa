//! `cargo xtask setup`: what this machine must have for building and testing, and getting what is missing.
//!
//! The needs are a table; a later part of the product adds a row. System packages come by apt, as root or through
//! `sudo -n`; where that is not possible the line to run is printed.

mod apt;

use crate::terminal::say;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// One thing that is needed.
struct Need {
    what: &'static str,
    why: &'static str,
    present: Probe,
    source: Source,
}

/// How to see that it is there.
enum Probe {
    /// A program of one of these names is on the PATH.
    Program(&'static [&'static str]),
    /// Cargo has this subcommand.
    CargoCommand(&'static str),
}

/// Where it comes from.
#[derive(Clone, Copy)]
enum Source {
    /// Debian packages.
    Apt(&'static [&'static str]),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
}

const NEEDS: [Need; 4] = [
    Need {
        what: "a C compiler",
        why: "SQLite and ring are compiled from source",
        present: Probe::Program(&["cc", "gcc", "clang"]),
        source: Source::Apt(&["build-essential"]),
    },
    Need {
        what: "dbus-daemon",
        why: "the keychain's tests run against buses of their own",
        present: Probe::Program(&["dbus-daemon"]),
        source: Source::Apt(&["dbus"]),
    },
    Need {
        what: "rustfmt",
        why: "the format is checked",
        present: Probe::CargoCommand("fmt"),
        source: Source::Rustup("rustfmt"),
    },
    Need {
        what: "clippy",
        why: "the lints are checked",
        present: Probe::CargoCommand("clippy"),
        source: Source::Rustup("clippy"),
    },
];

/// Installs what is missing, saying what and why. Nothing missing: says so and changes nothing.
pub(crate) fn setup(workspace: &Workspace) -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !need.present.holds(workspace)).collect();
    if missing.is_empty() {
        say("setup: everything needed is here");
        return Ok(());
    }
    for need in &missing {
        say(format_args!("setup: {} is missing ({})", need.what, need.why));
    }
    let plan = Plan::of(missing.iter().map(|need| need.source));
    if !plan.packages.is_empty() {
        apt::install(&plan.packages)?;
    }
    if !plan.components.is_empty() {
        add_components(&plan.components)?;
    }
    match missing.iter().find(|need| !need.present.holds(workspace)) {
        Some(need) => {
            bail!("{} is still missing after installing it: look at what was said above", need.what)
        }
        None => Ok(()),
    }
}

/// What to get from where.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    packages: Vec<&'static str>,
    components: Vec<&'static str>,
}

impl Plan {
    fn of(sources: impl Iterator<Item = Source>) -> Self {
        let mut plan = Plan::default();
        for source in sources {
            match source {
                Source::Apt(packages) => plan.packages.extend(packages),
                Source::Rustup(component) => plan.components.push(component),
            }
        }
        plan.packages.sort_unstable();
        plan.packages.dedup();
        plan
    }
}

impl Probe {
    fn holds(&self, workspace: &Workspace) -> bool {
        match self {
            Probe::Program(names) => names.iter().any(|name| on_path(name)),
            Probe::CargoCommand(name) => workspace
                .cargo([name, "--version"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
        }
    }
}

/// Whether a program of that name is on the PATH.
fn on_path(name: &str) -> bool {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| is_file(&dir.join(&file))))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

fn add_components(components: &[&str]) -> Result<()> {
    let line = format!("rustup component add {}", components.join(" "));
    if !on_path("rustup") {
        bail!(
            "there is no rustup here to add them with: get the equivalent of `{line}` from where Rust came from"
        );
    }
    say(format_args!("setup: {line}"));
    let status = Command::new("rustup").args(["component", "add"]).args(components).status();
    let status = status.context("rustup could not be started")?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_each_package_once_and_keeps_the_sources_apart() {
        let sources = [Source::Apt(&["b", "a"]), Source::Rustup("clippy"), Source::Apt(&["a"])];
        let plan = Plan::of(sources.into_iter());
        assert_eq!(plan, Plan { packages: vec!["a", "b"], components: vec!["clippy"] });
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        assert!(!on_path("holdpoint-has-no-such-program"));
    }
}
