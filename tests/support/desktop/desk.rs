//! One person's desktop with the app on it, and the way to a gateway through the page.

use super::words;
use crate::account::PASSWORD;
use crate::bins::Bin;
use anyhow::{Context, Result};
use headless::{Page, Running, Screen, Session};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Room for the window and what lies beside it.
const SCREEN: Screen = Screen { width: 1280, height: 900 };

/// See the module. Dropped, everything on it ends.
#[derive(Debug)]
pub struct Desk {
    session: Session,
    data_dir: PathBuf,
}

impl Desk {
    /// An empty desktop: nobody on its bus keeps secrets, shows notifications or tray icons.
    ///
    /// # Errors
    /// One of the programs that make it is missing; the error names the command that installs it.
    pub fn open() -> Result<Self> {
        let session = Session::open(SCREEN)?;
        let data_dir = session.path("data").join("holdpoint");
        Ok(Self { session, data_dir })
    }

    /// The desktop itself.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The app's data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Starts the app with its window and takes hold of the page.
    ///
    /// # Errors
    /// It did not open.
    pub async fn window(&self) -> Result<Page> {
        let data_dir = self.data_dir.to_str().context("a temporary path is text")?;
        let settings = [("HOLDPOINT_DATA_DIR", data_dir), ("HOLDPOINT_LOG", "info")];
        Page::open(&self.session, &Bin::App.path(), &settings).await
    }

    /// The app as a command, for a start that nobody drives.
    pub fn app(&self, arguments: &[&str]) -> Command {
        let mut command = self.session.command(Bin::App.path());
        command.env("HOLDPOINT_DATA_DIR", &self.data_dir).env("HOLDPOINT_LOG", "info").args(arguments);
        command
    }

    /// Starts the app without anybody who drives it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        self.session.start(self.app(arguments))
    }

    /// Starts the app and goes through its first door as `email`; the inbox is live at the end.
    ///
    /// # Errors
    /// One of the steps did not come; the error tells what the page says.
    pub async fn connected(&self, origin: &str, email: &str) -> Result<Page> {
        let page = self.window().await?;
        page.says(words::DOORS).await?;
        connect(&page, origin, email).await?;
        Ok(page)
    }
}

/// Address, sign-in, live: by pointer, on the page of a first start.
///
/// # Errors
/// One of the steps did not come.
async fn connect(page: &Page, origin: &str, email: &str) -> Result<()> {
    page.fill(words::ADDRESS, origin).await?;
    page.click(words::CONNECT).await?;
    page.fill(words::EMAIL, email).await?;
    page.fill(words::PASSWORD, PASSWORD).await?;
    page.click(words::SIGN_IN).await?;
    page.says_line(words::LIVE).await
}
