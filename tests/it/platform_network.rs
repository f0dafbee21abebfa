//! The platform over a bad network and after a lost session: what it does not send again is read, sockets of an ended
//! session are closed, its words are explained (CONTRACT 3, F1-F3, F6, F46).

use crate::platform_desk::{Desk, LINE, is_live};
use crate::support_caller::OWNER;
use client::system::SystemEntropy;
use client::{Dialect, Ended, Gateway, Pace, Password, Phase, Settings, StreamEvent};
use domain::connection::{SignIn, Via};
use domain::{Point, Status};
use engine::{Answer, Command, Console, Introduction, Network, Purpose, Query, Setup};
use keychain::Keychain;
use serde_json::json;
use std::sync::Arc;
use support::chaos::{Fault, Said, Whom};
use support::now::System;
use support::platform::{Close, Instead, Platform, Route};
use support::{Chaos, Home, Stream, eventually};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A client of the platform behind the chaos, following its stream at a quicker pace.
struct Post {
    platform: Platform,
    chaos: Chaos,
    gateway: Gateway,
    events: mpsc::Receiver<StreamEvent>,
    ended: JoinHandle<Ended>,
}

impl Post {
    async fn open(change: impl FnOnce(&mut Settings)) -> Self {
        let (platform, _) = crate::support_caller::platform().await;
        let chaos = Chaos::start(&platform.origin()).await;
        let origin = chaos.origin().parse().unwrap();
        let mut settings = Settings::new(origin, Arc::new(System), Arc::new(SystemEntropy));
        settings.pace = Pace { ping_ms: 200, look_ms: 200, probe_ms: 300, ..Pace::default() };
        change(&mut settings);
        let gateway = Gateway::new(settings).unwrap();
        gateway.sign_in(OWNER, &Password::new(crate::support_caller::PASSWORD)).await.unwrap();
        assert_eq!(gateway.known_dialect(), Some(Dialect::Platform));
        let (out, events) = mpsc::channel(64);
        let following = gateway.clone();
        let ended = tokio::spawn(async move { following.stream(None, out, CancellationToken::new()).await });
        Self { platform, chaos, gateway, events, ended }
    }

    async fn until<T>(&mut self, pick: impl Fn(StreamEvent) -> Option<T>) -> T {
        loop {
            let event = tokio::time::timeout(LINE, self.events.recv()).await;
            if let Some(picked) = pick(event.expect("told in time").expect("the stream goes on")) {
                return picked;
            }
        }
    }

    async fn drained(&mut self) -> Via {
        self.until(|event| match event {
            StreamEvent::Drained { via, .. } => Some(via),
            _ => None,
        })
        .await
    }
}

#[tokio::test]
async fn f3_without_a_socket_the_platforms_lists_are_read_and_that_is_said() {
    let mut post = Post::open(|_| {}).await;
    assert_eq!(post.drained().await, Via::Socket);
    let page = "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    post.chaos.cause(Whom::Calls("GET /ws/".into()), Fault::Answer(page.to_owned()));
    post.chaos.reset(&Whom::Sockets);
    for _ in 0..3 {
        assert_eq!(post.drained().await, Via::Polling);
    }
    post.chaos.mend();
    let socket = |event| matches!(event, StreamEvent::Drained { via: Via::Socket, .. }).then_some(());
    post.until(socket).await;
    eventually(LINE, async || (post.platform.sockets() == 1).then_some(())).await;
}

#[tokio::test]
async fn f2_a_silent_platform_is_given_up_and_f6_its_text_pings_go_out_whatever_else_comes() {
    let mut post = Post::open(|settings| {
        settings.pace.dead_ms = 1_500;
        settings.timeouts.upgrade_ms = 1_000;
    })
    .await;
    post.chaos.cause(Whom::All, Fault::NoControlFrames);
    post.drained().await;
    let pings =
        || post.chaos.said().iter().filter(|said| **said == Said::Text(r#"{"type":"ping"}"#.into())).count();
    eventually(LINE, async || (pings() > 10).then_some(())).await;
    assert_eq!(post.chaos.upgrades(), 1);
    post.chaos.cause(Whom::All, Fault::Silence);
    post.until(|event| matches!(event, StreamEvent::Phase(Phase::Waiting { .. })).then_some(())).await;
    post.chaos.mend();
    assert_eq!(post.drained().await, Via::Socket);
}

#[tokio::test]
async fn f46_a_session_that_a_call_finds_ended_closes_its_socket_too() {
    let mut post = Post::open(|_| {}).await;
    post.drained().await;
    post.platform.expire_access_tokens();
    post.platform.revoke_refresh_tokens();
    assert_eq!(post.platform.sockets(), 1, "the platform itself leaves it open");
    let refused = post.gateway.open_approvals().await.unwrap_err();
    assert_eq!(refused.sign_in(), Some(SignIn::Expired));
    post.until(|event| matches!(event, StreamEvent::Phase(Phase::SignInNeeded(_))).then_some(())).await;
    assert_eq!(post.ended.await.unwrap(), Ended::SignInNeeded(SignIn::Expired));
    eventually(LINE, async || (post.platform.sockets() == 0).then_some(())).await;
}

#[tokio::test]
async fn f46_an_account_that_was_closed_is_told_apart_from_a_session_that_ended() {
    let mut post = Post::open(|_| {}).await;
    post.drained().await;
    post.platform.expire_access_tokens();
    let closed = Instead::json(403, &json!({"detail": "This account is disabled"}));
    post.platform.answer_instead(Route::Refresh, closed);
    post.platform.close_sockets(Close::InvalidToken);
    assert_eq!(post.ended.await.unwrap(), Ended::SignInNeeded(SignIn::NotAllowed));
}

#[tokio::test]
async fn a_pause_that_nobody_announces_is_found_all_the_same() {
    let (platform, pipeline) = crate::support_caller::platform().await;
    let home = Home::new();
    let setup = Setup {
        data_dir: home.data_dir(),
        runtime_dir: None,
        clock: Arc::new(System),
        entropy: Arc::new(SystemEntropy),
        keychain: Arc::new(Keychain::in_memory()),
        network: Network::default(),
        purpose: Purpose::Act,
    };
    let console = Console::open(&setup, &Introduction::default()).await.unwrap();
    let gateway = crate::platform_race::signed_in(&console, &platform).await;
    console.command(Command::Connect { gateway }).await.unwrap();
    let request = platform.raise(&pipeline.as_str().into(), "no slot left", 0.1, &["drain", "restart"]);
    // Only looked at, never read: the engine has to find out by itself.
    let status = async || {
        let Ok(Answer::View(view)) = console.query(Query::View).await else { panic!("no view") };
        let live = view.gateway(gateway).unwrap().connection.is_live();
        view.request(gateway, &request).filter(|_| live).map(|row| row.status.clone())
    };
    let until = async |wanted: Status| {
        eventually(LINE, async || (status().await.as_ref() == Some(&wanted)).then_some(())).await;
    };
    until(Status::Pending).await;
    platform.hold("drain");
    let elsewhere = platform.approve_elsewhere(&request, &Point::Request, "omar@ledger.test");
    let meanwhile = async {
        until(Status::Executing).await;
        // It comes to its pause, and no frame tells.
        platform.release("drain");
    };
    tokio::join!(elsewhere, meanwhile);
    until(Status::Paused).await;
}

#[tokio::test]
async fn words_of_the_platform_that_mislead_are_explained_to_the_person() {
    let desk = Desk::open().await;
    let answer = desk.ask(["runbooks", "list", "--pipeline", "xyz"]).await;
    let sentence = answer.error["message"].as_str().unwrap_or_default();
    assert!(sentence.contains("check the id") && sentence.contains("the platform says"), "{answer:?}");
    let malformed =
        json!({"detail": "Agentic container error: {\"detail\":\"1 validation error for Registry\"}"});
    desk.platform.answer_instead(Route::Actions, Instead::json(500, &malformed));
    let answer = desk.ask(["runbooks", "list"]).await;
    assert!(answer.refused(1).contains("read the request again"), "{answer:?}");
}

#[tokio::test]
async fn f4_a_portal_that_comes_up_under_a_running_watch_is_said_and_left_again() {
    let desk = Desk::open().await;
    let mut watch = desk.watch().await;
    for route in [Route::Socket, Route::Pending, Route::Pipelines] {
        desk.platform
            .answer_instead(route, Instead::html(200, "<!doctype html><p>Welcome to the airport</p>"));
    }
    desk.platform.close_sockets(Close::Reset);
    let refused = |line: &str| line.contains("\"connection\"") && line.contains("\"refused\"");
    watch.wait_for(Stream::Out, LINE, refused).await;
    for route in [Route::Socket, Route::Pending, Route::Pipelines] {
        desk.platform.answer_itself(route);
    }
    watch.wait_for(Stream::Out, LINE, is_live).await;
    assert_eq!(desk.platform.count(Route::Login), 1, "nobody was asked to sign in to the gateway");
    let answer = desk.ask(["pending"]).await;
    assert_eq!(answer.code, 0, "{answer:?}");
}
