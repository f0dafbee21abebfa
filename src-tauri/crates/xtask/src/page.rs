//! The window's page: its packages by `npm ci` and its build in `ui/dist`, each only when something it is made from has
//! changed. Both come before cargo, for the window's program takes `ui/dist` in when it is compiled.
//!
//! What the page is checked for is [`crate::test`]'s, its pictures are [`crate::screens`]'s.

use crate::clock::Stopwatch;
use crate::stamp::Stamp;
use crate::terminal::{say, seconds};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Folders of the page that are made anew each time, or are in nobody's window.
const NO_SOURCES: [&str; 3] = ["node_modules", "dist", "test"];

/// Gets the packages and builds the page, as far as either is out of date.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    install(workspace)?;
    let root = folder(workspace);
    let stamp = Stamp::new(&workspace.target, "page", vec![root.clone()], root.join("dist"));
    once(&stamp.without(&NO_SOURCES), workspace, &["run", "build"])
}

/// Gets the packages that `package-lock.json` names.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    let root = folder(workspace);
    let from = ["package.json", "package-lock.json", ".npmrc"].map(|name| root.join(name));
    // npm writes down there what it has put in place.
    let made = root.join("node_modules/.package-lock.json");
    once(&Stamp::new(&workspace.target, "page-packages", from.into(), made), workspace, &["ci"])
}

/// npm in the page's folder.
pub(crate) fn npm(workspace: &Workspace, words: &[&str]) -> Command {
    let mut command = workspace.program("npm");
    command.current_dir(folder(workspace)).args(words).stdin(Stdio::null());
    command.env("NO_UPDATE_NOTIFIER", "1");
    command
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("ui")
}

fn once(stamp: &Stamp, workspace: &Workspace, words: &[&str]) -> Result<()> {
    if stamp.fits() {
        return Ok(());
    }
    let line = words.join(" ");
    say(format_args!("page: npm {line}"));
    let time = Stopwatch::start();
    let status = npm(workspace, words).status();
    let status = status.context("npm could not be started: run cargo xtask setup")?;
    if !status.success() {
        bail!("`npm {line}` in ui/ ended with {status}: mend what it says above");
    }
    say(format_args!("page: npm {line} took {}", seconds(time.elapsed())));
    stamp.set()
}
