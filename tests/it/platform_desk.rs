//! Somebody at a terminal in front of the platform: `holdctl` on a data directory of its own, and what it answered.

use crate::support_caller::{OWNER, PASSWORD, platform};
use domain::{PipelineId, RequestId};
use serde_json::{Value, json};
use std::time::Duration;
use support::platform::{Platform, Route};
use support::{Finished, Home, Run, Running, Stream, eventually};

/// Longest wait for a line of a running `holdctl`; a foreign request alone is looked for during ten seconds.
pub(crate) const LINE: Duration = Duration::from_secs(30);

/// A person, a terminal, a platform with the pipeline `ledger`.
pub(crate) struct Desk {
    pub(crate) home: Home,
    pub(crate) platform: Platform,
    pub(crate) pipeline: PipelineId,
    email: String,
}

/// How a command ended, read as a script reads it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The exit code.
    pub(crate) code: i32,
    /// What stood on stdout; null if nothing did.
    pub(crate) value: Value,
    /// `error` as it stood on stderr; null if nothing did.
    pub(crate) error: Value,
}

impl Answer {
    pub(crate) fn read(ended: &Finished) -> Self {
        let line = |text: &str| match text.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("not one JSON value: {text}")),
        };
        let code = ended.code.unwrap_or_else(|| panic!("ended by a signal: {ended:?}"));
        Self { code, value: line(&ended.stdout), error: line(&ended.stderr)["error"].take() }
    }

    /// It ended well; its value.
    #[track_caller]
    pub(crate) fn done(self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.value
    }

    /// It ended with `code`; the sentence.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        self.error["message"].as_str().unwrap_or_else(|| panic!("no sentence in {self:?}"))
    }
}

impl Desk {
    /// The owner of the pipeline.
    pub(crate) async fn open() -> Self {
        Self::of(OWNER).await
    }

    /// Somebody else.
    pub(crate) async fn of(email: &str) -> Self {
        let (platform, pipeline) = platform().await;
        Self { home: Home::new(), platform, pipeline: PipelineId(pipeline), email: email.to_owned() }
    }

    /// A request is raised there.
    pub(crate) fn raise(&self, distance: f64, actions: &[&str]) -> RequestId {
        self.platform.raise(&self.pipeline, "no slot left", distance, actions)
    }

    /// `holdctl --json ...`, signed in by the environment.
    pub(crate) fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.without_password(args).env("HOLDPOINT_PASSWORD", PASSWORD)
    }

    /// The same for a script that was given no password.
    pub(crate) fn without_password<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        Run::holdctl(&self.home)
            .env("HOLDPOINT_GATEWAY", self.platform.origin())
            .env("HOLDPOINT_EMAIL", &self.email)
            .arg("--json")
            .args(args)
    }

    /// Runs it to its end.
    pub(crate) async fn ask<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Answer {
        Answer::read(&self.run(args).output().await)
    }

    /// What a person reads instead.
    pub(crate) async fn read<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Finished {
        Run::holdctl(&self.home)
            .env("HOLDPOINT_GATEWAY", self.platform.origin())
            .env("HOLDPOINT_EMAIL", &self.email)
            .env("HOLDPOINT_PASSWORD", PASSWORD)
            .args(args)
            .output()
            .await
    }

    /// The open requests by id.
    pub(crate) async fn pending(&self) -> Vec<String> {
        let list = self.ask(["pending"]).await.done();
        ids(&list)
    }

    /// Shows a request: from now on `approve` means what was printed.
    pub(crate) async fn show(&self, request: &RequestId) -> Value {
        self.ask(["show", request.as_str()]).await.done()
    }

    /// Shows and approves.
    pub(crate) async fn approve(&self, request: &RequestId, more: &[&str]) -> Answer {
        self.show(request).await;
        self.approve_as_shown(request, more).await
    }

    /// Approves what was last shown.
    pub(crate) async fn approve_as_shown(&self, request: &RequestId, more: &[&str]) -> Answer {
        let args = ["approve", request.as_str(), "--yes"];
        self.ask(args.into_iter().chain(more.iter().copied())).await
    }

    /// `holdctl watch`, once it says it is live.
    pub(crate) async fn watch(&self) -> Running {
        let mut watch = self.run(["watch"]).spawn().await;
        watch.wait_for(Stream::Out, LINE, is_live).await;
        watch
    }

    /// Nothing was ever put on the wire.
    #[track_caller]
    pub(crate) fn nothing_was_sent(&self) {
        assert_eq!(self.platform.decisions(), Vec::<Value>::new());
        assert_eq!(self.platform.all_executed(), Vec::<String>::new());
    }

    /// The request has reached this status at the platform.
    pub(crate) async fn until(&self, request: &RequestId, status: &str) {
        let now = || self.platform.approval(request).map(|approval| approval["status"].clone());
        eventually(LINE, async || (now() == Some(json!(status))).then_some(())).await;
    }

    /// So many calls have arrived at the route.
    pub(crate) async fn until_called(&self, route: Route, times: usize) {
        eventually(LINE, async || (self.platform.count(route) >= times).then_some(())).await;
    }
}

/// The ids of a list of requests.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let approvals = list["pending_approvals"].as_array().unwrap_or_else(|| panic!("no list: {list}"));
    approvals.iter().filter_map(|one| one["request_id"].as_str()).map(str::to_owned).collect()
}

/// A line of `watch` that says live.
pub(crate) fn is_live(line: &str) -> bool {
    serde_json::from_str::<Value>(line)
        .is_ok_and(|line| line["event"] == "connection" && line["data"]["state"] == "live")
}

/// Every line a running `watch` has printed, as JSON.
pub(crate) fn lines(watch: &Running) -> Vec<Value> {
    let read = |line: &String| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    watch.lines(Stream::Out).iter().map(read).collect()
}

/// The lines about one request, in order.
pub(crate) fn about(lines: &[Value], request: &RequestId) -> Vec<Value> {
    lines.iter().filter(|line| line["data"]["request_id"] == json!(request)).cloned().collect()
}
