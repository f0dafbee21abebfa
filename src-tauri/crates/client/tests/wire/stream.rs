//! The stream over a real socket: handshake, resume, loss, renewal, oversize.

use crate::server::{Peer, Reply, Server, ok, our_health, problem};
use client::{Cursor, Dialect, Ended, Gateway, Pace, Phase, SessionSecret, Settings, StreamEvent};
use domain::connection::{RefusedBy, SignIn, Staleness, Via};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_util::sync::CancellationToken;

struct Following {
    events: mpsc::Receiver<StreamEvent>,
    ended: JoinHandle<Ended>,
    cancel: CancellationToken,
}

impl Following {
    fn start(server: &Server, dialect: Dialect, cursor: Option<Cursor>) -> Self {
        let gateway = server.gateway(Some(dialect));
        let session = json!({"dialect":dialect,"access":"a-old","refresh":"r-old"}).to_string();
        assert!(gateway.restore(&SessionSecret::new(session)));
        Self::of(gateway, cursor)
    }

    fn of(gateway: Gateway, cursor: Option<Cursor>) -> Self {
        let (out, events) = mpsc::channel(64);
        let cancel = CancellationToken::new();
        let token = cancel.clone();
        let ended = tokio::spawn(async move { gateway.stream(cursor, out, token).await });
        Self { events, ended, cancel }
    }

    /// The next telling that `pick` wants.
    async fn next<T>(&mut self, pick: impl Fn(StreamEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv().await.expect("the stream goes on");
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    }

    async fn seqs(&mut self) -> Vec<u64> {
        self.next(|event| match event {
            StreamEvent::Events { events, .. } => Some(events.iter().filter_map(|event| event.seq).collect()),
            _ => None,
        })
        .await
    }

    async fn drained(&mut self) -> Option<Cursor> {
        self.next(|event| match event {
            StreamEvent::Drained { cursor, .. } => Some(cursor),
            _ => None,
        })
        .await
    }
}

async fn say(peer: &mut Peer, value: Value) {
    peer.send(Message::text(value.to_string())).await.expect("sent");
}

async fn hear(peer: &mut Peer) -> Value {
    loop {
        match peer.next().await.expect("open").expect("a message") {
            Message::Text(text) => return serde_json::from_str(text.as_str()).expect("json"),
            _ => continue,
        }
    }
}

fn hello() -> Value {
    json!({"event":"hello","data":{"protocol":1,"epoch":"e","head_seq":9,"oldest_seq":1,"capabilities":["resume"]}})
}

fn event(seq: u64) -> Value {
    json!({"event":"log","seq":seq,"prev_seq":seq-1,"topic":"p","id":format!("e{seq}"),"data":{}})
}

fn cursor(seq: u64) -> Cursor {
    Cursor { epoch: "e".into(), seq, last_id: Some(format!("e{seq}")) }
}

async fn ours() -> Server {
    Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        "GET /ws" => Reply::Upgrade,
        "POST /auth/refresh" => ok(json!({"access_token":"a-new","refresh_token":"r-new"})),
        "GET /snapshot" => ok(json!({"epoch":"e","as_of_seq":20,"approvals":[]})),
        "GET /events?after=19&limit=500" => ok(json!({"epoch":"e","events":[event(20)],"head_seq":20})),
        _ => problem("not-found", 404),
    })
    .await
}

#[tokio::test]
async fn f1_a_broken_connection_goes_on_where_it_was() {
    let server = ours().await;
    let mut following = Following::start(&server, Dialect::Holdpoint, Some(cursor(4)));
    let mut peer = server.peer().await;
    assert_eq!(server.seen("GET /ws")[0].bearer(), "a-old");
    say(&mut peer, hello()).await;
    assert_eq!(hear(&mut peer).await, json!({"type":"resume","epoch":"e","last_seq":4,"last_id":"e4"}));
    say(&mut peer, event(5)).await;
    say(&mut peer, json!({"event":"drained","seq":5})).await;
    assert_eq!(following.seqs().await, [5]);
    assert_eq!(following.drained().await, Some(cursor(5)));
    drop(peer);
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    assert_eq!(hear(&mut peer).await["last_seq"], 5);
    following.cancel.cancel();
    assert_eq!(following.ended.await.expect("no panic"), Ended::Cancelled);
}

#[tokio::test]
async fn f16_a_reset_brings_the_snapshot_and_what_came_after_it() {
    let server = ours().await;
    let mut following = Following::start(&server, Dialect::Holdpoint, Some(cursor(4)));
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    hear(&mut peer).await;
    say(&mut peer, json!({"event":"reset","data":{"reason":"too-old"}})).await;
    let set = following
        .next(|event| match event {
            StreamEvent::Snapshot(set) => Some(set),
            _ => None,
        })
        .await;
    assert_eq!(set.cursor.map(|cursor| cursor.seq), Some(20));
    // The id at the snapshot's place was learnt on the way.
    assert_eq!(following.drained().await, Some(cursor(20)));
    say(&mut peer, event(21)).await;
    assert_eq!(following.seqs().await, [21]);
}

#[tokio::test]
async fn f45_a_refused_handshake_renews_the_session_and_connects() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        "GET /ws" if request.bearer() == "a-new" => Reply::Upgrade,
        "POST /auth/refresh" => ok(json!({"access_token":"a-new","refresh_token":"r-new"})),
        _ => problem("unauthorized", 401),
    })
    .await;
    let _following = Following::start(&server, Dialect::Holdpoint, None);
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    assert_eq!(hear(&mut peer).await["last_seq"], Value::Null);
    assert_eq!(server.seen("POST /auth/refresh").len(), 1);
}

#[tokio::test]
async fn f46_without_a_session_a_person_is_needed() {
    let server = ours().await;
    let following = Following::of(server.gateway(None), None);
    let ended = following.ended.await.expect("no panic");
    assert_eq!(ended, Ended::SignInNeeded(SignIn::NoSession));
    assert_eq!(server.lines(), ["GET /health"]);
}

#[tokio::test]
async fn f3_a_handshake_that_is_answered_by_something_else_is_refused() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        _ => ok(json!({"hello":"proxy"})),
    })
    .await;
    let mut following = Following::start(&server, Dialect::Holdpoint, None);
    let by = following
        .next(|event| match event {
            StreamEvent::Phase(Phase::Refused(by)) => Some(by),
            _ => None,
        })
        .await;
    assert_eq!(by, RefusedBy::Proxy);
}

#[tokio::test]
async fn f19_a_message_beyond_the_limit_closes_the_connection_and_not_the_stream() {
    let server = ours().await;
    let mut following = Following::start(&server, Dialect::Holdpoint, Some(cursor(4)));
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    hear(&mut peer).await;
    let _ = peer.send(Message::text("x".repeat(2 * 1024 * 1024))).await;
    let count = following
        .next(|event| match event {
            StreamEvent::Malformed { count, .. } => Some(count),
            _ => None,
        })
        .await;
    assert_eq!(count, 1);
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    assert_eq!(hear(&mut peer).await["last_seq"], 4);
}

#[tokio::test]
async fn the_platform_is_asked_by_cookie_on_the_path_with_the_slash() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /health" => ok(json!({"status":"healthy"})),
        "GET /ws/" => Reply::Upgrade,
        _ => problem("not-found", 404),
    })
    .await;
    let mut following = Following::start(&server, Dialect::Platform, None);
    let mut peer = server.peer().await;
    assert_eq!(server.seen("GET /ws/")[0].header("cookie"), Some("access_token=a-old"));
    assert_eq!(hear(&mut peer).await, json!({"type":"ping"}));
    say(&mut peer, json!({"type":"pong"})).await;
    assert_eq!(following.drained().await, None);
    let document = json!({"_id":{"$oid":"0a"},"type":"alert","message_type":"notification",
        "remediation_metadata":{"request_id":"APR-1"}});
    say(&mut peer, document).await;
    let request = following
        .next(|event| match event {
            StreamEvent::Documents(documents) => documents[0].request.clone(),
            _ => None,
        })
        .await;
    assert_eq!(request.as_str(), "APR-1");
}

/// A stream with shorter times.
fn hurried(server: &Server, dialect: Dialect, change: impl FnOnce(&mut Pace)) -> Following {
    let mut settings = Settings { pinned: Some(dialect), ..server.settings() };
    change(&mut settings.pace);
    let gateway = Gateway::new(settings).expect("a client");
    let session = json!({"dialect":dialect,"access":"a-old","refresh":"r-old"}).to_string();
    assert!(gateway.restore(&SessionSecret::new(session)));
    Following::of(gateway, Some(cursor(4)))
}

#[tokio::test]
async fn f8_a_message_that_drips_for_ever_is_cut_off_although_pings_prove_life() {
    let server = ours().await;
    let mut following = hurried(&server, Dialect::Holdpoint, |pace| pace.message_ms = 400);
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    hear(&mut peer).await;
    say(&mut peer, json!({"event":"drained","seq":4})).await;
    following.drained().await;
    // The beginning of a message of two frames, and pings without end.
    let half = Message::Frame(Frame::message("{\"event\":", OpCode::Data(Data::Text), false));
    peer.send(half).await.expect("sent");
    let dripping = tokio::spawn(async move { while peer.send(Message::Ping("x".into())).await.is_ok() {} });
    let why = following
        .next(|event| match event {
            StreamEvent::Phase(Phase::Waiting { why, .. }) => Some(why),
            _ => None,
        })
        .await;
    assert_eq!(why, Staleness::Lost);
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    assert_eq!(hear(&mut peer).await["last_seq"], 4);
    dripping.await.expect("no panic");
}

#[tokio::test]
async fn f3_three_refused_upgrades_lead_to_long_polls_and_later_back_to_a_socket() {
    let server = Server::start(|request, before| match request.line.as_str() {
        "GET /health" => our_health(),
        "GET /ws" if before < 3 => crate::server::json(502, json!("bad gateway")),
        "GET /ws" => Reply::Upgrade,
        "GET /events?after=4&limit=500" => ok(json!({"epoch":"e","events":[event(5)],"head_seq":5})),
        "GET /events?after=5&limit=500&wait=25" => Reply::Hang,
        _ => problem("not-found", 404),
    })
    .await;
    let mut following = hurried(&server, Dialect::Holdpoint, |pace| pace.probe_ms = 300);
    assert_eq!(following.seqs().await, [5]);
    let via = |event| match event {
        StreamEvent::Drained { via, .. } => Some(via),
        _ => None,
    };
    assert_eq!(following.next(via).await, Via::Polling);
    let mut peer = server.peer().await;
    say(&mut peer, hello()).await;
    assert_eq!(hear(&mut peer).await, json!({"type":"resume","epoch":"e","last_seq":5,"last_id":"e5"}));
    say(&mut peer, json!({"event":"drained","seq":5})).await;
    assert_eq!(following.next(via).await, Via::Socket);
    say(&mut peer, event(6)).await;
    assert_eq!(following.seqs().await, [6]);
}
