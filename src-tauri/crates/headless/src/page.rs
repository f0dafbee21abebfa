//! The page in a window of the desktop, driven as a person would: by what can be read on it, and by keys.

use crate::Key;
use crate::process::{Running, has_ended};
use crate::scripts::{FOCUSED, NAMED, ROW, VIOLATIONS, WATCH_VIOLATIONS};
use crate::session::Session;
use crate::wait::{PATIENCE, until};
use anyhow::{Context, Result, anyhow, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value, json};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use tokio::time::timeout;

/// Of what the program said, so many lines stand in an error.
const LAST_LINES: usize = 20;

/// See the module. Dropped, the driver and the program it drives are killed.
#[derive(Debug)]
pub struct Page {
    client: Client,
    driver: Running,
    /// Where the program writes what it has to say.
    log: PathBuf,
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
        let page = Self { client, driver, log: session.log("WebKitWebDriver") };
        page.script(WATCH_VIOLATIONS).await?;
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

    /// Runs a function body in the page that calls its last argument, `arguments[0]`, once it has its answer.
    ///
    /// # Errors
    /// The page is gone, or the script never answered.
    pub async fn script_that_answers(&self, body: &str) -> Result<Value> {
        self.client.execute_async(body, vec![]).await.with_context(|| format!("in the page: {body}"))
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
        self.explained(said.map(drop)).await
    }

    /// Waits until `words` stand in the page, seen or not. For pages so long that reading what can be seen takes minutes.
    ///
    /// # Errors
    /// They do not come.
    pub async fn holds(&self, words: &str) -> Result<()> {
        let script = "return document.body.textContent.includes(arguments[0]) ? true : null;";
        let held = || async { self.client.execute(script, vec![json!(words)]).await.ok()?.as_bool() };
        until(words, held).await.map(drop)
    }

    /// Waits until the page says `words` no more.
    ///
    /// # Errors
    /// It goes on saying so.
    pub async fn stops_saying(&self, words: &str) -> Result<()> {
        let gone = || async { self.text().await.ok().filter(|text| !text.contains(words)) };
        let gone = until(&format!("the end of {words}"), gone).await;
        self.explained(gone.map(drop)).await
    }

    /// Waits until one line of the page says `words` and nothing else.
    ///
    /// # Errors
    /// None does; the error tells what the page says instead.
    pub async fn says_line(&self, words: &str) -> Result<()> {
        let is_line = |text: &String| text.lines().any(|line| line.trim() == words);
        let said = until(words, || async { self.text().await.ok().filter(is_line) }).await;
        self.explained(said.map(drop)).await
    }

    /// Waits for the button, link or field with that accessible name and clicks it once it can be clicked.
    ///
    /// # Errors
    /// There is none.
    pub async fn click(&self, name: &str) -> Result<()> {
        let clicked = until(name, || async { self.found(&NAMED, name).await?.click().await.ok() }).await;
        self.explained(clicked).await
    }

    /// Waits for the row of a list that has these words, and clicks it.
    ///
    /// # Errors
    /// There is none.
    pub async fn choose(&self, words: &str) -> Result<()> {
        let chosen = until(words, || async { self.found(&ROW, words).await?.click().await.ok() }).await;
        self.explained(chosen).await
    }

    /// Whether there is a button, link or field with that accessible name that can be used right now.
    pub async fn offers(&self, name: &str) -> bool {
        self.found(&NAMED, name).await.is_some()
    }

    /// Presses Tab until the control with that accessible name has the focus.
    ///
    /// # Errors
    /// It cannot be reached so.
    pub async fn tab_to(&self, name: &str) -> Result<()> {
        let reached = || async {
            if self.focused().await.ok()?.iter().any(|focused| focused == name) {
                return Some(());
            }
            self.type_keys(&Key::Tab).await.ok()?;
            None
        };
        let reached = until(&format!("the focus on {name}"), reached).await;
        self.explained(reached).await
    }

    /// The accessible names of what has the focus.
    ///
    /// # Errors
    /// The page is gone.
    pub async fn focused(&self) -> Result<Vec<String>> {
        serde_json::from_value(self.script(&FOCUSED).await?).context("names are texts")
    }

    /// Types into the field that has the focus, or gives a key to the page.
    ///
    /// # Errors
    /// Nothing has the focus, or the page is gone.
    pub async fn type_keys(&self, keys: &str) -> Result<()> {
        // Not through the element with the focus: the driver waits for ever where a key makes that one vanish.
        let pressed = keys.chars().fold(KeyActions::new("keyboard".to_owned()), |actions, key| {
            actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key })
        });
        let typed = timeout(PATIENCE, self.client.perform_actions(pressed)).await;
        typed
            .with_context(|| format!("{keys:?} made the driver fall silent"))?
            .with_context(|| format!("{keys:?} could not be typed"))
    }

    /// Empties the field with that name and types into it.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = self.explained(until(name, || self.found(&NAMED, name)).await).await?;
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
        let found = self.script(VIOLATIONS).await?;
        serde_json::from_value(found).context("the page was loaded anew")
    }

    /// Asks the program to end and waits until it has; fails if the page tried what its policy forbids. The driver is not
    /// asked to end the session: it would close the window, and a program that lives on without one keeps it waiting.
    ///
    /// # Errors
    /// It did, or the program does not end.
    pub async fn close(self) -> Result<()> {
        self.is_clean().await?;
        let program = self.program()?;
        let pid = i32::try_from(program).ok().and_then(Pid::from_raw).context("no number of a process")?;
        // It may have ended in this moment; that is what is asked for.
        let _ = kill_process(pid, Signal::TERM);
        until("the program's end", || async { self.program().ok().map_or(Some(()), |_| None) }).await
    }

    /// Takes hold of the page in a window that the program has made since the one before was closed.
    ///
    /// # Errors
    /// It made none.
    pub async fn again(&self) -> Result<()> {
        let made = || async { self.client.windows().await.ok()?.into_iter().next() };
        let window = until("a new window", made).await?;
        self.client.switch_to_window(window).await.context("the new window cannot be held")?;
        let loaded =
            || async { self.script("return document.readyState === 'complete';").await.ok()?.as_bool() };
        until("the page in the new window", || async { loaded().await.filter(|loaded| *loaded) }).await?;
        self.script(WATCH_VIOLATIONS).await.map(drop)
    }

    /// Waits until the program has no window any more.
    ///
    /// # Errors
    /// It keeps one.
    pub async fn until_closed(&self) -> Result<()> {
        let none = || async { self.client.windows().await.ok()?.is_empty().then_some(()) };
        until("the window's end", none).await
    }

    /// Asks the program to end (SIGTERM) and waits until it has; fails if the page tried what its policy forbids.
    ///
    /// # Errors
    /// It did, or the program goes on.
    pub async fn quit(self) -> Result<()> {
        self.is_clean().await?;
        let program = self.program()?;
        crate::process::ask_to_end(program);
        until("the program's end", || async { has_ended(program).then_some(()) }).await
    }

    /// Fails if the page tried what its policy forbids.
    async fn is_clean(&self) -> Result<()> {
        let violations = self.violations().await?;
        ensure!(violations.is_empty(), "the page broke its own policy: {violations:?}");
        Ok(())
    }

    /// What the page and its program say instead, for an error.
    async fn explained<T>(&self, result: Result<T>) -> Result<T> {
        let Err(error) = result else { return result };
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = log.lines().count().saturating_sub(LAST_LINES);
        let last: Vec<&str> = log.lines().skip(from).collect();
        let text = self.text().await.unwrap_or_default();
        Err(anyhow!("{error:#}; the page says:\n{text}\n-- and its program:\n{}", last.join("\n")))
    }

    /// The element that a script finds by these words.
    async fn found(&self, script: &str, words: &str) -> Option<Element> {
        let found = self.client.execute(script, vec![json!(words)]).await.ok()?;
        let reference = found.as_object()?.values().next()?.as_str()?.to_owned();
        Some(Element::from_element_id(self.client.clone(), reference.into()))
    }
}

/// Free a moment ago; the driver takes no port 0.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr().context("a port has no number")?.port())
}

fn hyper_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}
