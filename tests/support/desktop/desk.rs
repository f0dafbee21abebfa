//! One person's desktop with the app on it, and the way to a gateway through the page.

use super::words;
use crate::account::PASSWORD;
use crate::bins::Bin;
use anyhow::{Context, Result, ensure};
use headless::{Page, Running, Screen, Session, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Room for the window and what lies beside it.
const SCREEN: Screen = Screen { width: 1280, height: 900 };
/// The window's title, and nothing beside it.
const TITLE: &str = "^Holdpoint$";

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

    /// `holdctl` beside the app, on the same data: what it answers with `--json`.
    ///
    /// # Errors
    /// It did not end well, or answered no JSON.
    pub fn holdctl(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = self.session.command(Bin::Holdctl.path());
        command.env("HOLDPOINT_DATA_DIR", &self.data_dir).arg("--json").args(arguments);
        let output = command.stdin(Stdio::null()).output().context("holdctl cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "holdctl {arguments:?} ended with {}: {said}", output.status);
        serde_json::from_slice(&output.stdout).context("holdctl answers with JSON")
    }

    /// Closes the window as a person does, by the window manager's key for it.
    ///
    /// # Errors
    /// There is no window, or it does not take the focus.
    pub async fn close_window(&self) -> Result<()> {
        let window = self.until_window().await?;
        // A window manager that has just been started takes its place a moment after the first window.
        let press = || async {
            self.session.run("xdotool", &["windowactivate", "--sync", &window, "key", "alt+F4"]).ok()
        };
        until("the window manager takes the key", press).await.map(drop)
    }

    /// Waits until the window is on the screen; its number on the X server.
    ///
    /// # Errors
    /// It did not come.
    pub async fn until_window(&self) -> Result<String> {
        until("the window on the screen", || async { self.visible() }).await
    }

    /// Waits until no window is on the screen: closed or minimised.
    ///
    /// # Errors
    /// It stays.
    pub async fn until_no_window(&self) -> Result<()> {
        until("the window leaves the screen", || async { self.visible().is_none().then_some(()) }).await
    }

    /// Waits until somebody on the session bus owns this name.
    ///
    /// # Errors
    /// Nobody did; the error tells what was said on the desktop.
    pub async fn until_owned(&self, name: &str) -> Result<()> {
        let bus = zbus::connection::Builder::address(self.session.bus())?.build().await?;
        let bus = zbus::fdo::DBusProxy::new(&bus).await?;
        let owned = || async { bus.name_has_owner(name.try_into().ok()?).await.ok()?.then_some(()) };
        until(name, owned).await.with_context(|| self.session.said())
    }

    /// The number of the window that can be seen.
    fn visible(&self) -> Option<String> {
        let found = self.session.run("xdotool", &["search", "--onlyvisible", "--name", TITLE]).ok()?;
        found.lines().next().map(str::to_owned)
    }
}

/// Whether a process shows a page right now: a web process of WebKit's runs for it.
pub fn shows_a_page(app: u32) -> bool {
    headless::children(app).iter().any(|(_, name)| name.starts_with("WebKitWebProc"))
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
