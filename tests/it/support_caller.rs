//! A plain HTTP and WebSocket caller with cookies, to look at the fixtures from outside without the console's client.

use futures_util::{SinkExt, StreamExt};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;
use support::platform::{Action, Platform, Role};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Longest wait for anything in here.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// Who decides.
pub(crate) const OWNER: &str = "nadia@ledger.test";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse";

/// Somebody signed in.
pub(crate) struct Caller {
    pub(crate) origin: String,
    pub(crate) cookies: String,
    http: reqwest::Client,
}

/// A socket of theirs.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A platform with an owner, a viewer, a stranger, one pipeline and four actions.
pub(crate) async fn platform() -> (Platform, String) {
    let platform = Platform::start().await;
    platform.add_user(OWNER, PASSWORD, Role::Owner);
    platform.add_user("vera@ledger.test", PASSWORD, Role::Viewer);
    platform.add_user("sven@ledger.test", PASSWORD, Role::Stranger);
    let pipeline = platform.add_pipeline("ledger");
    platform.add_action(&pipeline, Action::low("look"));
    platform.add_action(&pipeline, Action::medium("drain"));
    platform.add_action(&pipeline, Action::high("restart"));
    platform.add_action(&pipeline, Action::medium("vanish").answering(404));
    (platform, pipeline.0)
}

impl Caller {
    /// Nobody yet.
    pub(crate) fn nobody(origin: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { origin: origin.to_owned(), cookies: String::new(), http: http.build().unwrap() }
    }

    /// Signs in.
    pub(crate) async fn sign_in(origin: &str, email: &str) -> Self {
        let mut caller = Self::nobody(origin);
        let form = [("username", email), ("password", PASSWORD)];
        let answer = caller.http.post(format!("{origin}/auth/login")).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        caller.cookies = set_cookies(&answer).join("; ");
        caller
    }

    /// Status and body of any call.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.try_call(method, path, body).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// The same, where the connection may break.
    pub(crate) async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Response> {
        let call = self.http.request(method, format!("{}{path}", self.origin)).header(COOKIE, &self.cookies);
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    /// Approves or rejects.
    pub(crate) async fn decide(&self, pipeline: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, &format!("/agentic/{pipeline}/runbook/remediate/approve"), Some(&body)).await
    }

    /// Approves a whole request.
    pub(crate) async fn approve(&self, pipeline: &str, request: &str) -> (u16, Value) {
        self.decide(pipeline, json!({"request_id": request, "approved": true, "approved_by": OWNER})).await
    }

    /// Opens `/ws/` with the cookies there are.
    pub(crate) async fn socket(&self) -> Result<Socket, Error> {
        self.socket_at("/ws/").await
    }

    /// Opens a socket at any path.
    pub(crate) async fn socket_at(&self, path: &str) -> Result<Socket, Error> {
        let url = format!("{}{path}", self.origin.replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        if !self.cookies.is_empty() {
            request.headers_mut().insert(COOKIE, self.cookies.parse().unwrap());
        }
        tokio_tungstenite::connect_async(request).await.map(|(socket, _)| Socket(socket))
    }
}

impl Socket {
    /// Sends a message.
    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next message or the error that ends it; protocol pings and pongs are passed over.
    pub(crate) async fn next(&mut self) -> Option<Result<Message, Error>> {
        loop {
            let message = tokio::time::timeout(SOON, self.0.next()).await.expect("nothing came");
            match message {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                message => return message,
            }
        }
    }

    /// The next text as JSON.
    pub(crate) async fn json(&mut self) -> Value {
        match self.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("a text was expected, not {other:?}"),
        }
    }

    /// Code and reason of the close that comes next.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        match self.next().await {
            Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.to_string()),
            other => panic!("a close was expected, not {other:?}"),
        }
    }

    /// Sends one protocol ping after the other until the close comes: its code and reason.
    pub(crate) async fn ping_until_closed(&mut self) -> (u16, String) {
        let pinging = async {
            loop {
                // The send that meets the close fails; what counts is read below.
                let _ = self.0.send(Message::Ping("still here".into())).await;
                if let Some(Ok(Message::Close(Some(frame)))) = self.0.next().await {
                    return (frame.code.into(), frame.reason.to_string());
                }
            }
        };
        tokio::time::timeout(SOON, pinging).await.expect("protocol pings kept it alive")
    }

    /// Passes once everything sent before has arrived, and tells what came meanwhile.
    pub(crate) async fn until_pong(&mut self) -> Vec<Value> {
        self.send(Message::text(r#"{"type":"ping"}"#)).await;
        let mut before = Vec::new();
        loop {
            let value = self.json().await;
            if value == json!({"type": "pong"}) {
                return before;
            }
            before.push(value);
        }
    }
}

/// `name=value` of every cookie an answer sets.
pub(crate) fn set_cookies(answer: &Response) -> Vec<String> {
    let lines = answer.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    lines.map(|line| line.split(';').next().unwrap().to_owned()).collect()
}
