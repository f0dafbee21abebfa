//! A gateway with users, actions and mappings, and callers for it.

use crate::target::Target;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Clock;
use futures_util::{SinkExt, StreamExt};
use gateway::reqwest::{self, Method, Response};
use gateway::{Config, Gateway, NewWorkflow, Role, SystemClock};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const PIPELINE: &str = "payments";
/// A test that waits longer than this for anything has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for it, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it happens in time")
}

/// The real clock, set forward at will.
#[derive(Default)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance_s(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::milliseconds(self.0.load(Ordering::SeqCst))
    }

    fn boot_ms(&self) -> u64 {
        SystemClock.boot_ms() + self.0.load(Ordering::SeqCst).unsigned_abs()
    }
}

/// A served gateway.
pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) origin: String,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) target: Target,
    pub(crate) config: Config,
    closing: CancellationToken,
    serving: JoinHandle<Result<(), gateway::ServeError>>,
    _dir: TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// With another configuration than the contract's.
    pub(crate) async fn open_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(TestClock::default());
        let mut config = Config::new(format!("sqlite:{}", dir.path().join("gateway.db").display()));
        config.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        config.grace_s = 1;
        adjust(&mut config);
        let gateway = Gateway::open(config.clone()).await.expect("opens");
        let workflow = NewWorkflow {
            id: Some(PIPELINE.into()),
            name: "Payments".into(),
            owners: vec!["owner@example.com".into(), "second@example.com".into()],
            viewers: vec!["viewer@example.com".into(), "machine@example.com".into()],
            ..NewWorkflow::default()
        };
        gateway.add_workflow(workflow).await.expect("a workflow");
        for (name, role) in [
            ("admin", Role::Admin),
            ("owner", Role::Owner),
            ("second", Role::Owner),
            ("viewer", Role::Viewer),
            ("machine", Role::Machine),
            ("stranger", Role::Owner),
        ] {
            gateway.add_user_to(&address(name), role, PASSWORD, &[]).await.expect("a user");
        }
        let target = Target::start().await;
        let (origin, closing, serving) = serve(&gateway).await;
        Self { gateway, origin, clock, target, config, closing, serving, _dir: dir }
    }

    /// Ends the gateway and opens it again on the same database, at another address.
    pub(crate) async fn reopen(mut self) -> Self {
        self.end().await;
        self.gateway = Gateway::open(self.config.clone()).await.expect("opens again");
        (self.origin, self.closing, self.serving) = serve(&self.gateway).await;
        self
    }

    /// Ends the gateway in good order.
    pub(crate) async fn end(&mut self) {
        self.closing.cancel();
        soon(&mut self.serving).await.expect("joins").expect("ends well");
    }

    /// Says that it is to end, without waiting for it.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    /// Signs in with tokens.
    pub(crate) async fn caller(&self, name: &str) -> Caller {
        let tokens = self.tokens(name).await;
        Caller {
            origin: self.origin.clone(),
            token: tokens["access_token"].as_str().expect("a token").to_owned(),
            refresh: tokens["refresh_token"].as_str().expect("a token").to_owned(),
            http: reqwest::Client::new(),
        }
    }

    pub(crate) async fn tokens(&self, name: &str) -> Value {
        let sent = reqwest::Client::new()
            .post(format!("{}/auth/login", self.origin))
            .header("accept", "application/json")
            .header("x-holdpoint-client", "test")
            .form(&[("username", address(name)), ("password", PASSWORD.to_owned())])
            .send();
        let response = sent.await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.json().await.expect("JSON")
    }

    /// An owner, with the actions and mappings below registered.
    pub(crate) async fn furnished(&self) -> Caller {
        let owner = self.caller("owner").await;
        for (id, method, path, risk, gated) in [
            ("check", "GET", "/check", "low", false),
            ("tune", "POST", "/tune", "medium", false),
            ("restart", "POST", "/restart", "medium", true),
            ("wipe", "DELETE", "/wipe", "high", false),
            ("slow", "POST", "/slow", "medium", false),
            ("fail", "POST", "/fail", "medium", false),
            ("big", "GET", "/big", "medium", false),
        ] {
            let mut entry = action(&self.target, method, path, risk);
            entry["requires_approval"] = json!(gated);
            owner.put(&actions(id), &entry).await.expect(201);
        }
        for (error, actions) in [
            ("HeartbeatMissed", json!(["check"])),
            ("CacheStale", json!(["tune"])),
            ("PoolExhausted", json!(["check", "restart", "tune"])),
            ("DiskFull", json!(["wipe"])),
            ("QueueStuck", json!(["slow", "check"])),
            ("CertificateInvalid", json!(["fail", "check"])),
            ("ReportHuge", json!(["big"])),
        ] {
            let mapping = json!({"error": error, "actions": actions, "description": error});
            owner.post(&mappings(""), &mapping).await.expect(201);
        }
        owner
    }

    /// Reports the error as the machine; returns the answer.
    pub(crate) async fn raise(&self, error: &str) -> Value {
        let machine = self.caller("machine").await;
        machine
            .post(&runbook("remediate"), &json!({"error": error, "context": {"pool": "main"}}))
            .await
            .expect(200)
    }

    /// Reports it and expects that a person is asked; returns the approval.
    pub(crate) async fn asked(&self, error: &str) -> Value {
        let answer = self.raise(error).await;
        assert_eq!(answer["status"], "approval_required", "{answer}");
        self.approval(answer["request_id"].as_str().expect("an id")).await
    }

    pub(crate) async fn approval(&self, id: &str) -> Value {
        let admin = self.caller("admin").await;
        admin.get(&runbook(&format!("approvals/{id}"))).await.expect(200)["approval_request"].clone()
    }
}

async fn serve(
    gateway: &Gateway,
) -> (String, CancellationToken, JoinHandle<Result<(), gateway::ServeError>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let (closing, gateway) = (CancellationToken::new(), gateway.clone());
    let ending = closing.clone();
    (origin, closing, tokio::spawn(async move { gateway.serve(listener, ending).await }))
}

/// An entry for the registry.
pub(crate) fn action(target: &Target, method: &str, path: &str, risk: &str) -> Value {
    json!({
        "method": "api", "service": "payments-api", "definition": "does it", "risk_level": risk,
        "validated": true, "requires_approval": false,
        "execution": {"base_url": target.origin, "path": path, "http_method": method},
        "action_metadata": {"timeout": 20},
    })
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.com")
}

pub(crate) fn runbook(rest: &str) -> String {
    format!("/agentic/{PIPELINE}/runbook/{rest}")
}

pub(crate) fn actions(id: &str) -> String {
    runbook(&format!("actions/{id}"))
}

pub(crate) fn mappings(rest: &str) -> String {
    format!("/action/{PIPELINE}/error-registry/mappings{rest}")
}

/// An approval of the whole request with what was shown.
pub(crate) fn yes(approval: &Value) -> Value {
    json!({"request_id": approval["request_id"], "approved": true, "shown_digest": approval["digest"]})
}

/// Someone signed in.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) origin: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    http: reqwest::Client,
}

/// An answer with its body read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The body, if the status is the one expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The problem, if status and slug are those expected.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        let kind = self.body["type"].as_str().expect("a type");
        assert!(kind.ends_with(&format!("/{slug}")), "{}", self.body);
        self.body
    }
}

impl Caller {
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(&self.token)
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(soon(request.send()).await.expect("an answer")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn decide(&self, body: &Value) -> Answer {
        self.post(&runbook("remediate/approve"), body).await
    }

    /// The same with a key.
    pub(crate) async fn decide_once(&self, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, &runbook("remediate/approve")).json(body);
        self.send(request.header("idempotency-key", format!("\"{key}\""))).await
    }

    pub(crate) async fn halt(&self, id: &Value, verb: &str, reason: &str) -> Answer {
        let path = runbook(&format!("approvals/{}/{verb}", id.as_str().expect("an id")));
        self.post(&path, &json!({"reason": reason})).await
    }

    /// Opens the stream.
    pub(crate) async fn socket(&self) -> Socket {
        let mut request =
            format!("{}/ws", self.origin.replace("http", "ws")).into_client_request().expect("a URL");
        let bearer = format!("Bearer {}", self.token).parse().expect("a header");
        request.headers_mut().insert("authorization", bearer);
        let (stream, _) = soon(tokio_tungstenite::connect_async(request)).await.expect("upgrades");
        let mut socket = Socket { stream };
        let hello = socket.next().await;
        assert_eq!(hello["event"], "hello");
        assert_eq!(hello["data"]["protocol"], 1);
        socket
    }

    /// Opens the stream and resumes from there; returns it with the frames up to and with `drained`.
    pub(crate) async fn resumed(&self, resume: Value) -> (Socket, Vec<Value>) {
        let mut socket = self.socket().await;
        let frames = socket.resume(resume).await;
        (socket, frames)
    }

    /// A stream that gets whatever comes from now on.
    pub(crate) async fn live(&self) -> Socket {
        self.resumed(json!({"last_seq": null})).await.0
    }
}

/// An open stream.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub(crate) async fn say(&mut self, frame: Value) {
        self.stream.send(Message::text(frame.to_string())).await.expect("sends");
    }

    pub(crate) async fn resume(&mut self, mut resume: Value) -> Vec<Value> {
        resume["type"] = json!("resume");
        self.say(resume).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let drained = frame["event"] == "drained";
            frames.push(frame);
            if drained {
                return frames;
            }
        }
    }

    /// The next text frame.
    pub(crate) async fn next(&mut self) -> Value {
        match soon(self.stream.next()).await.expect("open").expect("a frame") {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("{other:?} instead of a text"),
        }
    }

    /// The next event of that kind, past all others.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["data"]["type"] == kind {
                return frame;
            }
        }
    }

    /// Reads on until the close; its code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match soon(self.stream.next()).await.expect("a close").expect("a frame") {
                Message::Close(Some(frame)) => return frame.code.into(),
                Message::Close(None) => panic!("a close without a code"),
                _ => {}
            }
        }
    }
}
