//! `cargo xtask screens`: a picture of every view of the page in both themes and all sizes, and a sheet that shows them
//! side by side. The pictures are taken by `npm run shots`, on a page that needs no Rust behind it.

mod sheet;

use crate::page;
use crate::setup::{Purpose, setup};
use crate::terminal::{complain, say};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

/// Which pictures.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these scenes (`inbox confirm`); all of them if none is named.
    scenes: Vec<String>,
}

/// Takes them. The exit code says whether all could be taken and nothing was wrong on any.
pub(crate) fn screens(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup(workspace, Purpose::Check)?;
    page::install(workspace)?;
    let folder = workspace.target.join("screens");
    if options.scenes.is_empty() {
        clear(&folder)?;
    }
    let place = folder.display().to_string();
    let mut command = page::npm(workspace, &["run", "shots", "--", "--every-size", "--out", &place]);
    let status = command.args(&options.scenes).status().context("npm could not be started")?;
    let sheet = folder.join("index.html");
    let pictures = sheet::pictures(&folder)?;
    fs::write(&sheet, sheet::html(&pictures))
        .with_context(|| format!("{} cannot be written", sheet.display()))?;
    say(format_args!("screens: {} pictures, side by side in {}", pictures.len(), sheet.display()));
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    complain(format_args!("screens: something is wrong on them ({status}): see what is said above"));
    Ok(ExitCode::FAILURE)
}

/// A scene that is gone leaves no picture behind.
fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}
