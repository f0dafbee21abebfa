//! The stream of the console's client against the real gateway over a bad network, at a quicker pace (F2, F3, F6, F8,
//! F12), and a decision whose answer was lost (F21).

use client::system::SystemEntropy;
use client::{Decide, Dialect, Gateway, Pace, Password, Phase, Settings, StreamEvent};
use domain::connection::{Staleness, Via};
use domain::{DecisionId, Digest, Entropy, Point, Verdict};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::account::PASSWORD;
use support::chaos::{Fault, Said, Whom};
use support::now::System;
use support::stage::{DRY, OWNER, PIPELINE, Stage};
use support::{Chaos, eventually};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

const SOON: Duration = Duration::from_secs(30);

/// A stage, the chaos in front of it, and one that follows the stream behind that.
struct Post {
    stage: Stage,
    chaos: Chaos,
    gateway: Gateway,
    events: mpsc::Receiver<StreamEvent>,
    heard: Vec<StreamEvent>,
    _end: DropGuard,
}

impl Post {
    async fn open(change: impl FnOnce(&mut Settings)) -> Self {
        let stage = Stage::ready().await;
        let chaos = Chaos::start(stage.gateway.origin()).await;
        let origin = chaos.origin().parse().unwrap();
        let mut settings = Settings::new(origin, Arc::new(System), Arc::new(SystemEntropy));
        settings.pace = Pace { ping_ms: 200, sound_ms: 500, ..Pace::default() };
        change(&mut settings);
        let gateway = Gateway::new(settings).unwrap();
        gateway.sign_in(OWNER, &Password::new(PASSWORD)).await.unwrap();
        let end = CancellationToken::new();
        let (out, events) = mpsc::channel(64);
        let (following, ending) = (gateway.clone(), end.clone());
        tokio::spawn(async move { following.stream(None, out, ending).await });
        Self { stage, chaos, gateway, events, heard: Vec::new(), _end: end.drop_guard() }
    }

    /// The next telling that is wanted; all are kept.
    async fn until<T>(&mut self, pick: impl Fn(&StreamEvent) -> Option<T>) -> T {
        loop {
            let event = tokio::time::timeout(SOON, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("not told in time: {:?}", self.heard)).unwrap();
            let picked = pick(&event);
            self.heard.push(event);
            if let Some(picked) = picked {
                return picked;
            }
        }
    }

    async fn drained(&mut self) -> Via {
        self.until(|event| match event {
            StreamEvent::Drained { via, .. } => Some(*via),
            _ => None,
        })
        .await
    }

    /// Waits until this request is told.
    async fn told(&mut self, request: &str) {
        let is_it = |event: &StreamEvent| match event {
            StreamEvent::Events { events, .. } => {
                events.iter().any(|event| event.request_id() == Some(request)).then_some(())
            }
            _ => None,
        };
        self.until(is_it).await;
    }

    async fn lost(&mut self) -> Staleness {
        self.until(|event| match event {
            StreamEvent::Phase(Phase::Waiting { why, .. }) => Some(*why),
            _ => None,
        })
        .await
    }

    async fn raise(&self, pool: &str) -> String {
        self.stage.raise_with(DRY, json!({"pool": pool})).await
    }

    /// The places of all events told so far.
    fn seqs(&self) -> Vec<u64> {
        let events = self.heard.iter().filter_map(|event| match event {
            StreamEvent::Events { events, .. } => Some(events),
            _ => None,
        });
        events.flatten().filter_map(|event| event.seq).collect()
    }

    fn phases(&self) -> usize {
        self.heard.iter().filter(|event| matches!(event, StreamEvent::Phase(_))).count()
    }
}

fn raw(status: &str, body: &str) -> Fault {
    let length = body.len();
    Fault::Answer(format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"))
}

#[tokio::test]
async fn f2_a_half_open_connection_is_given_up_in_time_and_nothing_is_lost() {
    let mut post = Post::open(|settings| {
        settings.pace.dead_ms = 1_500;
        settings.timeouts.upgrade_ms = 1_000;
        settings.timeouts.read_ms = 1_000;
    })
    .await;
    assert_eq!(post.drained().await, Via::Socket);
    post.chaos.cause(Whom::All, Fault::Silence);
    let missed = post.raise("f2").await;
    assert_eq!(post.lost().await, Staleness::Lost);
    post.chaos.mend();
    post.told(&missed).await;
    assert!(post.seqs().is_sorted_by(|one, other| one < other), "{:?}", post.seqs());
}

#[tokio::test]
async fn f3_an_upgrade_answered_by_a_proxy_leads_to_polling_and_later_back_to_a_socket() {
    for (status, body) in [("200 OK", "{}"), ("403 Forbidden", "no"), ("502 Bad Gateway", "<html></html>")] {
        let mut post = Post::open(|settings| {
            settings.pace.probe_ms = 300;
            settings.pace.fall_back_ms = 600_000;
        })
        .await;
        post.drained().await;
        post.chaos.cause(Whom::Calls("GET /ws".into()), raw(status, body));
        post.chaos.reset(&Whom::Sockets);
        assert_eq!(post.drained().await, Via::Polling, "{status}");
        let told = post.raise("f3-polled").await;
        post.told(&told).await;
        assert!(!post.chaos.calls("wait=25").is_empty(), "{status}");
        post.chaos.mend();
        assert_eq!(post.drained().await, Via::Socket, "{status}");
        let pushed = post.raise("f3-pushed").await;
        post.told(&pushed).await;
        assert!(post.seqs().is_sorted_by(|one, other| one < other), "{:?}", post.seqs());
    }
}

#[tokio::test]
async fn f3_a_proxy_that_opens_the_socket_and_lets_nothing_through_leads_to_polling() {
    let mut post = Post::open(|settings| {
        settings.pace.greeting_ms = 300;
        settings.pace.dead_ms = 1_000;
    })
    .await;
    post.drained().await;
    post.chaos.cause(Whom::Sockets, Fault::MuteSocket);
    assert_eq!(post.drained().await, Via::Polling);
    let told = post.raise("f3-mute").await;
    post.told(&told).await;
}

#[tokio::test]
async fn f6_where_protocol_pings_are_taken_out_the_heartbeat_of_the_application_proves_life() {
    let mut post = Post::open(|settings| settings.pace.dead_ms = 1_500).await;
    post.chaos.cause(Whom::All, Fault::NoControlFrames);
    post.drained().await;
    let phases = post.phases();
    let pings = || {
        let said = post.chaos.said();
        said.iter().filter(|said| matches!(said, Said::Text(text) if text.contains("\"ping\""))).count()
    };
    // Longer than silence may last.
    eventually(SOON, async || (pings() > 12).then_some(())).await;
    let told = post.raise("f6").await;
    post.told(&told).await;
    assert_eq!((post.chaos.upgrades(), post.phases()), (1, phases), "the connection stood all the time");
}

#[tokio::test]
async fn f8_a_gateway_behind_a_drip_is_cut_off_and_comes_whole_afterwards() {
    let mut post = Post::open(|settings| {
        settings.pace.message_ms = 700;
        settings.timeouts.read_ms = 900;
    })
    .await;
    post.drained().await;
    post.chaos.cause(Whom::All, Fault::Drip(Duration::from_millis(40)));
    let told = post.raise("f8").await;
    assert_eq!(post.lost().await, Staleness::Lost);
    let call = post.gateway.open_approvals().await.unwrap_err();
    assert!(call.is_unreachable() && call.leaves_unclear(), "{call:?}");
    post.chaos.mend();
    post.told(&told).await;
}

#[tokio::test]
async fn f12_a_burst_over_changing_connections_has_no_hole_and_nothing_twice() {
    let mut post = Post::open(|_| {}).await;
    post.drained().await;
    let phases = post.phases();
    let mut last = String::new();
    for round in 0..4 {
        for number in 0..6 {
            last = post.raise(&format!("f12-{round}-{number}")).await;
            if number == 2 {
                post.chaos.inject(r#"{"event":"going_away","data":{"retry_after_ms":20}}"#);
            }
        }
        let opened = async || (post.chaos.upgrades() >= round + 2).then_some(());
        eventually(SOON, opened).await;
        // It has taken over.
        assert_eq!(post.drained().await, Via::Socket);
    }
    if !post.heard.iter().any(|event| {
        matches!(event, StreamEvent::Events { events, .. }
        if events.iter().any(|event| event.request_id() == Some(&last)))
    }) {
        post.told(&last).await;
    }
    let seqs = post.seqs();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "a hole, or twice: {seqs:?}");
    assert!(seqs.len() >= 24);
    let going =
        post.heard.iter().filter(|e| matches!(e, StreamEvent::Phase(Phase::GoingAway { .. }))).count();
    assert_eq!(post.phases() - phases, going, "it never looked like anything but connected");
}

#[tokio::test]
async fn f21_the_same_key_brings_the_stored_answer_and_no_second_effect() {
    let post = Post::open(|_| {}).await;
    let id = post.raise("f21-client").await;
    let approval = post.stage.approval(&id).await;
    let decide = Decide {
        decision: DecisionId(SystemEntropy.uuid()),
        request: id.as_str().into(),
        point: Point::Request,
        verdict: Verdict::Approve,
        digest: Digest(approval["digest"].as_str().unwrap().to_owned()),
        identity: OWNER.to_owned(),
    };
    assert_eq!(post.gateway.known_dialect(), Some(Dialect::Holdpoint));
    post.chaos.cause(Whom::Calls("/remediate/approve".into()), Fault::ResetAfter(0));
    let lost = post.gateway.decide(&PIPELINE.into(), &decide).await.unwrap_err();
    assert!(lost.leaves_unclear(), "{lost:?}");
    let first = post.gateway.decide(&PIPELINE.into(), &decide).await.unwrap();
    let again = post.gateway.decide(&PIPELINE.into(), &decide).await.unwrap();
    assert_eq!(first, again);
    let done = async || (post.stage.approval(&id).await["status"] == "completed").then_some(());
    eventually(SOON, done).await;
    assert_eq!(post.stage.target.count("/pools/f21-client/drain"), 1);
}
