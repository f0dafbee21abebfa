//! `cargo xtask setup`: what this machine must have for building and testing, and getting what is missing.
//!
//! The needs are a table ([`needs`]); a later part of the product adds a row. System packages come by apt, as root or
//! through `sudo -n`; where that is not possible the line to run is printed. The page itself is [`crate::page`]'s.

mod apt;
mod needs;
pub(crate) mod node;

use crate::terminal::say;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use apt::Apt;
use needs::Need;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// What the machine is wanted for. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// Building the programs and the page.
    Build,
    /// Playing in a window, also where there is no screen.
    Play,
    /// Checking everything.
    Check,
}

/// How to see that something is there.
enum Probe {
    /// A program of one of these names is on the PATH.
    Program(&'static [&'static str]),
    /// pkg-config knows this library.
    Library(&'static str),
    /// This Debian package is installed. Where there is no dpkg nobody knows, and what needs it will say so.
    Package(&'static str),
    /// Cargo has this subcommand.
    CargoCommand(&'static str),
    /// See [`node`].
    Node,
}

/// Where it comes from.
#[derive(Clone, Copy)]
enum Source {
    /// A Debian package.
    Apt(&'static str),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
    /// See [`node`].
    Node,
}

/// Installs what is missing for `purpose`, saying what and why. Nothing missing: says so and changes nothing.
pub(crate) fn setup(workspace: &Workspace, purpose: Purpose) -> Result<()> {
    let missing: Vec<&Need> = needs::of(purpose).filter(|need| !need.present.holds(workspace)).collect();
    if missing.is_empty() {
        say("setup: everything needed is here");
        return Ok(());
    }
    for need in &missing {
        say(format_args!("setup: {} is missing ({})", need.what, need.why));
    }
    let plan = Plan::of(missing.iter().map(|need| need.source));
    let mut apt = Apt::default();
    if !plan.packages.is_empty() {
        apt.install(&plan.packages)?;
    }
    if !plan.components.is_empty() {
        add_components(&plan.components)?;
    }
    if plan.node {
        node::get(workspace, &mut apt)?;
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
    node: bool,
}

impl Plan {
    fn of(sources: impl Iterator<Item = Source>) -> Self {
        let mut plan = Plan::default();
        for source in sources {
            match source {
                Source::Apt(package) => plan.packages.push(package),
                Source::Rustup(component) => plan.components.push(component),
                Source::Node => plan.node = true,
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
            Probe::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
            Probe::Package(name) => !on_path("dpkg-query") || is_installed(name),
            Probe::CargoCommand(name) => succeeds(&mut workspace.cargo([name, "--version"])),
            Probe::Node => node::is_here(workspace),
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

/// Runs it without a word.
fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn is_installed(package: &str) -> bool {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${db:Status-Status}\n", package])
        .stderr(Stdio::null())
        .output();
    output.is_ok_and(|output| output.stdout.split(|byte| *byte == b'\n').any(|line| line == b"installed"))
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
        let sources = [Source::Apt("b"), Source::Rustup("clippy"), Source::Apt("a"), Source::Apt("b")];
        let plan = Plan::of(sources.into_iter());
        assert_eq!(plan, Plan { packages: vec!["a", "b"], components: vec!["clippy"], node: false });
        assert!(Plan::of([Source::Node].into_iter()).node);
    }

    #[test]
    fn a_program_or_package_that_is_not_there_is_not_found() {
        assert!(!on_path("holdpoint-has-no-such-program"));
        assert!(!is_installed("holdpoint-has-no-such-package"));
    }
}
