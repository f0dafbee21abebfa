//! A bare HTTP/1.1 server: one request per connection, every request kept, answers given by the test.

use client::{Dialect, Gateway, Origin, Settings, system};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `METHOD /path?query`
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    pub(crate) fn is(&self, line: &str) -> bool {
        self.line == line
    }

    pub(crate) fn bearer(&self) -> &str {
        self.header("authorization").and_then(|text| text.strip_prefix("Bearer ")).unwrap_or("")
    }
}

/// What goes back.
pub(crate) enum Reply {
    /// A status, headers in wire form, a body.
    Answer(u16, Vec<String>, String),
    /// The connection closes without a word.
    Drop,
    /// Nothing, for ever.
    Hang,
    /// The connection becomes a WebSocket that is handed to the test.
    Upgrade,
}

pub(crate) fn json(status: u16, body: Value) -> Reply {
    Reply::Answer(status, vec!["Content-Type: application/json".into()], body.to_string())
}

pub(crate) fn ok(body: Value) -> Reply {
    json(200, body)
}

pub(crate) fn problem(slug: &str, status: u16) -> Reply {
    let kind = format!("https://holdpoint.dev/problems/{slug}");
    json(status, serde_json::json!({"type": kind, "status": status, "detail": format!("It is {slug}.")}))
}

pub(crate) fn our_health() -> Reply {
    ok(serde_json::json!({"status":"ok","service":"holdpoint-gateway","protocol":1,"version":"9"}))
}

pub(crate) type Answering = dyn Fn(&Request, usize) -> Reply + Send + Sync;
/// The test's end of an upgraded connection.
pub(crate) type Peer = WebSocketStream<TcpStream>;

/// The server; it ends with the test.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    peers: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<Peer>>,
}

impl Server {
    /// `answer` gets each request and how often its line has been seen before.
    pub(crate) async fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (to_test, peers) = tokio::sync::mpsc::unbounded_channel();
        let answer: Arc<Answering> = Arc::new(answer);
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, kept, to_test) = (answer.clone(), kept.clone(), to_test.clone());
                tokio::spawn(async move {
                    if let Some(peer) = serve(stream, &*answer, &kept).await {
                        let _ = to_test.send(peer);
                    }
                });
            }
        });
        Self { port, seen, peers: tokio::sync::Mutex::new(peers) }
    }

    /// A client of it.
    pub(crate) fn gateway(&self, pinned: Option<Dialect>) -> Gateway {
        Gateway::new(Settings { pinned, ..self.settings() }).expect("a client")
    }

    pub(crate) fn settings(&self) -> Settings {
        let origin = Origin::parse(&format!("localhost:{}", self.port)).expect("an origin");
        Settings::new(origin, Arc::new(system::SystemClock), Arc::new(system::SystemEntropy))
    }

    pub(crate) fn seen(&self, line: &str) -> Vec<Request> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|request| request.is(line)).cloned().collect()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|request| request.line.clone()).collect()
    }

    /// The next connection that became a WebSocket.
    pub(crate) async fn peer(&self) -> Peer {
        self.peers.lock().await.recv().await.expect("a WebSocket")
    }
}

async fn serve(mut stream: TcpStream, answer: &Answering, seen: &Mutex<Vec<Request>>) -> Option<Peer> {
    let request = read(&mut stream).await?;
    let reply = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.iter().filter(|other| other.line == request.line).count();
        seen.push(request.clone());
        answer(&request, before)
    };
    match reply {
        Reply::Drop => None,
        Reply::Hang => std::future::pending().await,
        Reply::Answer(status, headers, body) => {
            let mut head =
                format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
            headers.iter().for_each(|header| head.push_str(&format!("{header}\r\n")));
            let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
            let _ = stream.shutdown().await;
            None
        }
        Reply::Upgrade => {
            let accept = derive_accept_key(request.header("sec-websocket-key").unwrap_or("").as_bytes());
            let head = format!(
                "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.ok()?;
            Some(WebSocketStream::from_raw_socket(stream, Role::Server, None).await)
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned();
    Some(Request { line, headers, body })
}
