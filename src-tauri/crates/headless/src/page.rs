//! The page in a window of the desktop, driven as a person would: by what can be read on it, and by keys.

use crate::process::Running;
use crate::session::Session;
use crate::wait::until;
use anyhow::{Context, Result, anyhow, ensure};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Map, Value, json};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

/// See the module. Dropped, the driver and the program it drives are killed.
#[derive(Debug)]
pub struct Page {
    client: Client,
    driver: Running,
}

impl Page {
    /// Starts the program through WebKit's driver and takes hold of the page in its first window.
    ///
    /// # Errors
    /// The driver is not there, or the program opened no window.
    pub async fn open(session: &Session, program: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let port = free_port()?;
        let mut driver = session.command("WebKitWebDriver");
        driver.arg(format!("--port={port}")).arg("--host=127.0.0.1");
        // Without it the program's window does not answer the driver.
        driver.env("TAURI_WEBVIEW_AUTOMATION", "true");
        driver.envs(settings.iter().copied());
        let driver = session.start(driver)?;
        let listens = || async { TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok() };
        until("WebKitWebDriver listens", listens).await?;
        let mut wanted = Map::new();
        wanted.insert("webkitgtk:browserOptions".to_owned(), json!({"binary": program, "args": []}));
        let client = ClientBuilder::new(hyper_connector())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .map_err(|error| {
                anyhow!("{} did not answer the driver: {error}{}", program.display(), session.said())
            })?;
        let page = Self { client, driver };
        page.script("window.__violations = []; addEventListener('securitypolicyviolation', (e) => window.__violations.push(`${e.effectiveDirective} ${e.blockedURI}`)); return true;").await?;
        Ok(page)
    }

    /// The driver's own client, for what has no word here.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The number of the program that shows the page.
    ///
    /// # Errors
    /// It has ended.
    pub fn program(&self) -> Result<u32> {
        let children = format!("/proc/{0}/task/{0}/children", self.driver.id());
        let text =
            std::fs::read_to_string(&children).with_context(|| format!("{children} cannot be read"))?;
        let first = text.split_whitespace().next().context("the program has ended")?;
        first.parse().with_context(|| format!("{first} is no number of a process"))
    }

    /// Runs a function body in the page.
    ///
    /// # Errors
    /// The page is gone, or the script failed.
    pub async fn script(&self, body: &str) -> Result<Value> {
        self.client.execute(body, vec![]).await.with_context(|| format!("in the page: {body}"))
    }

    /// All that can be read on the page.
    ///
    /// # Errors
    /// The page is gone.
    pub async fn text(&self) -> Result<String> {
        let text = self.script("return document.body.innerText;").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page says `words`.
    ///
    /// # Errors
    /// It does not; the error tells what it says instead.
    pub async fn says(&self, words: &str) -> Result<()> {
        let said =
            until(words, || async { self.text().await.ok().filter(|text| text.contains(words)) }).await;
        match said {
            Ok(_) => Ok(()),
            Err(error) => {
                Err(anyhow!("{error:#}; the page says:\n{}", self.text().await.unwrap_or_default()))
            }
        }
    }

    /// Waits for the button, link or field with that accessible name and clicks it once it can be clicked.
    ///
    /// # Errors
    /// There is none.
    pub async fn click(&self, name: &str) -> Result<()> {
        let clicked = until(name, || async { self.named(name).await?.click().await.ok() }).await;
        match clicked {
            Ok(()) => Ok(()),
            Err(error) => {
                Err(anyhow!("{error:#}; the page says:\n{}", self.text().await.unwrap_or_default()))
            }
        }
    }

    /// Types into the field that has the focus, or gives a key to the page.
    ///
    /// # Errors
    /// Nothing has the focus, or the page is gone.
    pub async fn type_keys(&self, keys: &str) -> Result<()> {
        let element = self.client.active_element().await.context("nothing has the focus")?;
        element.send_keys(keys).await.with_context(|| format!("{keys:?} could not be typed"))
    }

    /// Empties the field with that name and types into it.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = until(name, || self.named(name)).await?;
        field.clear().await.with_context(|| format!("{name} cannot be emptied"))?;
        field.send_keys(text).await.with_context(|| format!("{name} cannot be written to"))
    }

    /// A picture of the page, as PNG.
    ///
    /// # Errors
    /// The page is gone, or the file cannot be written.
    pub async fn picture(&self, to: &Path) -> Result<()> {
        let png = self.client.screenshot().await.context("no picture could be taken")?;
        std::fs::write(to, png).with_context(|| format!("{} cannot be written", to.display()))
    }

    /// What the page tried although its policy forbids it. Any is a defect.
    ///
    /// # Errors
    /// The page is gone.
    pub async fn violations(&self) -> Result<Vec<String>> {
        let found = self.script("return window.__violations;").await?;
        serde_json::from_value(found).context("the page was loaded anew")
    }

    /// Ends the session, and with it the program; fails if the page tried what its policy forbids.
    ///
    /// # Errors
    /// It did.
    pub async fn close(self) -> Result<()> {
        let violations = self.violations().await?;
        ensure!(violations.is_empty(), "the page broke its own policy: {violations:?}");
        self.client.clone().close().await.context("the driver did not end the session")
    }

    /// The first that can be seen and used of those with that name.
    async fn named(&self, name: &str) -> Option<Element> {
        let quoted = quoted(name);
        let is = "self::button or self::a or self::input or self::textarea or self::select or @role";
        let by_text = format!("//*[{is}][normalize-space()={quoted} or @aria-label={quoted}]");
        let by_label = format!("//*[@id=//label[normalize-space()={quoted}]/@for]");
        for path in [by_text, by_label] {
            for element in self.client.find_all(Locator::XPath(&path)).await.ok()? {
                if element.is_displayed().await.unwrap_or(false)
                    && element.is_enabled().await.unwrap_or(false)
                {
                    return Some(element);
                }
            }
        }
        None
    }
}

/// XPath 1.0 has no escapes.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

/// Free a moment ago; the driver takes no port 0.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr().context("a port has no number")?.port())
}

fn hyper_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}
