//! `holdpoint`: the desktop app. Owns the order of start and end; what is decided and kept is the engine's.

mod app;
mod desk;
mod desktop;
mod gateways;
mod ipc;
mod place;
mod tray;
mod window;

use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// The desktop approval console. Data live in HOLDPOINT_DATA_DIR, else in the XDG data directory.
#[derive(Clone, Debug, Parser)]
#[command(name = "holdpoint", version, about)]
pub(crate) struct Arguments {
    /// Start in the tray, without a window.
    #[arg(long)]
    hidden: bool,
    /// Start the rehearsal at once, in a data directory inside this one; its steps go to standard output, one JSON
    /// object a line.
    #[arg(long)]
    rehearse: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before anything else runs: it is read when the first page is made, and half the memory of one.
    #[cfg(target_os = "linux")]
    if let Err(error) = glib::setenv("WEBKIT_DISABLE_DMABUF_RENDERER", "1", false) {
        tracing::warn!(%error, "the renderer could not be chosen");
    }
    let filter = EnvFilter::try_from_env("HOLDPOINT_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match app::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("Holdpoint could not start: {error:#}");
            ExitCode::FAILURE
        }
    }
}
