//! A person at a terminal: `holdctl` with an account, a gateway and a data directory of its own.

use crate::account::PASSWORD;
use crate::bins::{Finished, Home, Run, Running, Stream};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// Longest wait for a line of a watch.
const LINE_LIMIT: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub struct Seat {
    home: Home,
    origin: String,
    email: String,
}

impl Seat {
    /// A fresh data directory at this gateway.
    pub fn new(origin: &str, email: &str) -> Self {
        Self { home: Home::new(), origin: origin.to_owned(), email: email.to_owned() }
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.home.data_dir()
    }

    /// The home it lies in, for a command of another account on the same data.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// `holdctl` with everything it needs in its environment.
    pub fn holdctl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.holdctl_as(&self.email, PASSWORD, args)
    }

    /// The same data directory with another account.
    pub fn holdctl_as<'a>(
        &self,
        email: &str,
        password: &str,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Run {
        let run = Run::holdctl(&self.home).env("HOLDPOINT_GATEWAY", &self.origin);
        run.env("HOLDPOINT_EMAIL", email).env("HOLDPOINT_PASSWORD", password).args(args)
    }

    /// Runs it to its end.
    pub async fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Finished {
        self.holdctl(args).output().await
    }

    /// Runs it to its end, which must be this exit code.
    ///
    /// # Panics
    /// On any other.
    pub async fn ends<'a>(&self, code: i32, args: impl IntoIterator<Item = &'a str>) -> Finished {
        let ended = self.run(args).await;
        assert_eq!(ended.code, Some(code), "stdout:\n{}\nstderr:\n{}", ended.stdout, ended.stderr);
        ended
    }

    /// Runs it with `--json`; it must end with `code`. What it printed.
    pub async fn json<'a>(&self, code: i32, args: impl IntoIterator<Item = &'a str>) -> Value {
        self.ends(code, std::iter::once("--json").chain(args)).await.json()
    }

    /// Looks at a request and decides on it: `approve ID --yes` and what is given besides.
    pub async fn show_and_approve(&self, id: &str, more: &[&str]) -> Finished {
        self.ends(0, ["show", id]).await;
        self.run(["approve", id, "--yes"].into_iter().chain(more.iter().copied())).await
    }

    /// `watch --json`, once it says that it is live.
    pub async fn watch(&self) -> Running {
        let mut watch = self.holdctl(["--json", "watch"]).spawn().await;
        until_live(&mut watch).await;
        watch
    }
}

impl Finished {
    /// Standard output as the one line of JSON it must be.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn json(&self) -> Value {
        one_line(&self.stdout).unwrap_or_else(|| panic!("stdout is not one line of JSON: {self:?}"))
    }

    /// The error as `--json` tells it: `{"error":{"code","message"}}` alone on stderr and nothing on stdout.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn error(&self) -> (String, String) {
        assert_eq!(self.stdout, "", "an error belongs to stderr alone: {self:?}");
        let error =
            one_line(&self.stderr).unwrap_or_else(|| panic!("stderr is not one line of JSON: {self:?}"));
        let text = |name: &str| error["error"][name].as_str().map(str::to_owned);
        assert_eq!(error.as_object().map(serde_json::Map::len), Some(1), "{error}");
        match (text("code"), text("message")) {
            (Some(code), Some(message)) if !code.is_empty() && message.len() > 10 => (code, message),
            _ => panic!("no error with code and message: {error}"),
        }
    }
}

/// Waits for the line of a `watch --json` that says it is live.
pub async fn until_live(watch: &mut Running) {
    watch.wait_for(Stream::Out, LINE_LIMIT, |line| state_in(line).as_deref() == Some("live")).await;
}

/// Waits for the line of a `watch --json` with this `data.type` about this request. The line as JSON.
pub async fn until_told(watch: &mut Running, kind: &str, request: &str) -> Value {
    let is_it = |line: &str| told(line).is_some_and(|(k, r)| k == kind && r == request);
    let line = watch.wait_for(Stream::Out, LINE_LIMIT, is_it).await;
    serde_json::from_str(&line).unwrap_or_default()
}

/// The connection states that a `watch --json` has told, in order.
pub fn states(lines: &[String]) -> Vec<String> {
    lines.iter().filter_map(|line| state_in(line)).collect()
}

/// Kind and request of an event line.
fn told(line: &str) -> Option<(String, String)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line["data"][name].as_str().map(str::to_owned);
    Some((text("type")?, text("request_id")?))
}

fn state_in(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["event"] == "connection").then(|| line["data"]["state"].as_str().unwrap_or_default().to_owned())
}

/// An error in the form of `--json`, with this exit code and a sentence that holds each of these.
///
/// # Panics
/// When it is anything else.
pub fn refused(ended: &Finished, code: i32, says: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let (_, message) = ended.error();
    for word in says {
        assert!(message.contains(word), "\"{word}\" is not said: {message}");
    }
}

fn one_line(text: &str) -> Option<Value> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    if line.contains('\n') {
        return None;
    }
    serde_json::from_str(line).ok()
}
