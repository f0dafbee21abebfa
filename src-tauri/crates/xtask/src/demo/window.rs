//! The decision in the real window, on a desktop without a screen: notified by a real notification daemon, opened from
//! its notification, read and approved on the card.
//!
//! Owns what a person does at the window and the pictures of it. What became of the decision it does not judge.

use super::report;
use crate::desktop::Desktop;
use crate::holdctl::Console;
use crate::json;
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use headless::{Key, Page, until};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::runtime::{self, Runtime};

/// The confirmation's button, once it may be pressed.
const ARMED: &str = "return document.querySelector('[data-confirm][aria-disabled=\"false\"]') !== null;";
/// See the module.
pub(super) struct Window {
    runtime: Runtime,
    page: Page,
    desktop: Desktop,
    pictures: PathBuf,
    taken: Cell<u32>,
}

impl Window {
    /// Starts the app, takes the first door and signs in. From then on `console` is the same console as the window.
    pub(super) fn open(pictures: &Path, app: &Path, console: &mut Console) -> Result<Self> {
        clear(pictures)?;
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let desktop = Desktop::open()?;
        let session = &desktop.session;
        let account = console.account.as_ref().context("nobody can sign in")?;
        let data = console.data.to_str().context("a path is no text")?.to_owned();
        let page = runtime.block_on(async {
            until("the notification daemon", || async { desktop.displayed() }).await?;
            let page = Page::open(session, app, &[("HOLDPOINT_DATA_DIR", &data)]).await?;
            page.fill("Address", &console.gateway).await?;
            page.click("Connect").await?;
            page.fill("Email", &account.email).await?;
            page.fill("Password", &account.password).await?;
            page.click("Sign in").await?;
            page.says("Live").await?;
            anyhow::Ok(page)
        })?;
        console.runtime = Some(session.path("run"));
        let pictures = pictures.to_path_buf();
        Ok(Self { runtime, page, desktop, pictures, taken: Cell::new(0) })
    }

    /// Notified, shown, approved.
    pub(super) fn decide(&self, stage: &Stage, console: &Console, request: &str) -> Result<()> {
        let displayed = || async { self.desktop.displayed().filter(|count| *count == 1) };
        self.runtime.block_on(until("one notification", displayed))?;
        report("notified", stage.now(), "the desktop's notification daemon shows it");
        self.screen("notified")?;

        self.desktop.session.run("dunstctl", &["action", "0"])?;
        let shown = console.json(&["show", request])?;
        let digest = json::text(&shown, "digest").context("holdctl show tells no digest")?;
        let digest = digest.rsplit(':').next().unwrap_or(digest);
        let words = digest.get(..4).zip(digest.get(4..8)).context("a digest is longer than that")?;
        self.runtime.block_on(self.page.says(&format!("{} {}", words.0, words.1)))?;
        report(
            "shown",
            stage.now(),
            "its notification opened the card; digest and effects are the gateway's",
        );
        self.window("shown")?;

        self.runtime.block_on(async {
            self.page.type_keys("a").await?;
            let armed = || async { self.page.script(ARMED).await.ok().filter(|is| *is == true) };
            until("the confirmation", armed).await
        })?;
        self.window("confirm")?;
        self.runtime.block_on(self.page.type_keys(&char::from(Key::Enter).to_string()))
    }

    /// The card must say by itself what became of it.
    pub(super) fn tells_the_end(&self) -> Result<()> {
        self.runtime.block_on(self.page.says("took effect"))?;
        self.window("took-effect")
    }

    /// Ends the app as the driver ends it.
    pub(super) fn close(self) -> Result<()> {
        self.runtime.block_on(self.page.close())
    }

    fn screen(&self, step: &str) -> Result<()> {
        self.desktop.session.picture(&self.next(step))
    }

    /// Not the driver's own screenshot: after one it may answer nothing for a minute.
    fn window(&self, step: &str) -> Result<()> {
        self.desktop.window(&self.next(step))
    }

    fn next(&self, step: &str) -> PathBuf {
        self.taken.set(self.taken.get() + 1);
        self.pictures.join(format!("{}-{step}.png", self.taken.get()))
    }
}

/// What an earlier demo has left would be taken for this one's.
fn clear(pictures: &Path) -> Result<()> {
    fs::create_dir_all(pictures).with_context(|| format!("{} cannot be made", pictures.display()))?;
    for entry in fs::read_dir(pictures)?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|kind| kind == "png") {
            fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    let left = fs::read_dir(pictures)?
        .flatten()
        .any(|entry| entry.path().extension().is_some_and(|kind| kind == "png"));
    ensure!(!left, "{} still holds pictures", pictures.display());
    Ok(())
}
