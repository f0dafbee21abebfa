//! The engine from within, with clocks that a test moves: sleep during a decision, a wall clock that is wrong, waking up
//! (F32, F33, F34), and the network that comes back.

use domain::{Connection, GatewayId, OutboxState, Point, RequestKey, Verdict};
use engine::command::{Password, Prepare, Prepared, Unreachable};
use engine::system::SystemEntropy;
use engine::view::DecisionView;
use engine::{Answer, Command, Console, Introduction, Network, Purpose, Query, Refused, Setup};
use keychain::Keychain;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::account::PASSWORD;
use support::chaos::{Fault, Whom};
use support::now::Shifted;
use support::stage::{DRY, OWNER, PIPELINE, Stage};
use support::{Chaos, Home, eventually};

const SOON: Duration = Duration::from_secs(30);
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// An engine of its own on clocks of its own, behind the chaos, signed in and live.
struct Bench {
    stage: Stage,
    chaos: Chaos,
    console: Console,
    clock: Arc<Shifted>,
    gateway: GatewayId,
    _home: Home,
}

impl Bench {
    async fn open(clock: Shifted) -> Self {
        let stage = Stage::ready().await;
        let chaos = Chaos::start(stage.gateway.origin()).await;
        let (home, clock) = (Home::new(), Arc::new(clock));
        let setup = Setup {
            data_dir: home.data_dir(),
            runtime_dir: None,
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            keychain: Arc::new(Keychain::in_memory()),
            network: Network::default(),
            purpose: Purpose::Act,
        };
        let console = Console::open(&setup, &Introduction::default()).await.unwrap();
        let add = Command::AddGateway { address: chaos.origin().to_owned() };
        let Ok(Answer::Gateway(gateway)) = console.command(add).await else { panic!("not added") };
        let password = Password(PASSWORD.to_owned());
        console.command(Command::SignIn { gateway, email: OWNER.to_owned(), password }).await.unwrap();
        console.command(Command::Connect { gateway }).await.unwrap();
        let bench = Self { stage, chaos, console, clock, gateway, _home: home };
        bench.until(Connection::is_live).await;
        bench
    }

    async fn connection(&self) -> Connection {
        let Ok(Answer::View(view)) = self.console.query(Query::View).await else { panic!("no view") };
        view.gateway(self.gateway).unwrap().connection.clone()
    }

    async fn until(&self, is_it: impl Fn(&Connection) -> bool) {
        eventually(SOON, async || is_it(&self.connection().await).then_some(())).await;
    }

    /// Raises, and waits until the engine knows.
    async fn raise(&self, pool: &str) -> RequestKey {
        let id = self.stage.raise_with(DRY, json!({"pool": pool})).await;
        let key = RequestKey { gateway: self.gateway, request: id.as_str().into() };
        let known = async || {
            let Ok(Answer::View(view)) = self.console.query(Query::View).await else { panic!("no view") };
            view.request(key.gateway, &key.request).map(|_| ())
        };
        eventually(SOON, known).await;
        key
    }

    async fn prepare(&self, key: &RequestKey) -> Result<Prepared, Refused> {
        let query = Query::Show { key: key.clone(), pipeline: Some(PIPELINE.into()) };
        let Answer::Approval(Some(shown)) = self.console.query(query).await? else { panic!("not there") };
        let prepare = Prepare {
            key: key.clone(),
            pipeline: Some(PIPELINE.into()),
            point: Point::Request,
            verdict: Verdict::Approve,
            shown: Some(shown.value.computed_digest()),
            unreachable: Unreachable::Queue,
        };
        match self.console.command(Command::Prepare(prepare)).await? {
            Answer::Prepared(prepared) => Ok(prepared),
            other => panic!("{other:?}"),
        }
    }

    async fn approve(&self, key: &RequestKey) -> DecisionView {
        let nonce = self.prepare(key).await.unwrap().nonce;
        match self.console.command(Command::Confirm { nonce, typed: None }).await.unwrap() {
            Answer::Decision(Some(decision)) => *decision,
            other => panic!("{other:?}"),
        }
    }

    async fn settled(&self, decision: &DecisionView) -> DecisionView {
        eventually(SOON, async || {
            let query = Query::Decision { decision: decision.id };
            let Ok(Answer::Decision(Some(now))) = self.console.query(query).await else { panic!("gone") };
            (!now.state.locks()).then_some(*now)
        })
        .await
    }

    fn drained(&self, pool: &str) -> usize {
        self.stage.target.count(&format!("/pools/{pool}/drain"))
    }
}

#[tokio::test]
async fn f33_a_machine_that_sleeps_while_its_decision_is_out_finds_out_what_became_of_it() {
    let bench = Bench::open(Shifted::default()).await;
    let key = bench.raise("f33").await;
    bench.chaos.cause(Whom::Calls("/remediate/approve".into()), Fault::HoldAnswers);
    // The stream would tell of it; it sleeps too.
    bench.chaos.cause(Whom::Sockets, Fault::Silence);
    let decision = bench.approve(&key).await;
    eventually(SOON, async || (bench.drained("f33") == 1).then_some(())).await;
    let reads =
        || bench.chaos.calls(&format!("GET /agentic/{PIPELINE}/runbook/approvals/{}", key.request)).len();
    let before = reads();
    bench.clock.fall_asleep_for(Duration::from_secs(2 * 3_600));
    let ended = bench.settled(&decision).await;
    assert_eq!(ended.state, OutboxState::Observed, "{ended:?}");
    assert!(reads() > before, "it was read, not guessed");
    assert_eq!((bench.chaos.calls("/remediate/approve").len(), bench.drained("f33")), (1, 1));
}

#[tokio::test]
async fn f32_after_two_hours_of_sleep_it_is_not_live_before_it_has_looked_again() {
    let bench = Bench::open(Shifted::default()).await;
    let opened = bench.chaos.upgrades();
    bench.chaos.cause(Whom::All, Fault::Silence);
    bench.clock.fall_asleep_for(Duration::from_secs(2 * 3_600));
    bench.until(|connection| !connection.is_live()).await;
    bench.chaos.mend();
    bench.until(Connection::is_live).await;
    assert!(bench.chaos.upgrades() > opened);
}

#[tokio::test]
async fn f34_a_wall_clock_a_day_off_neither_expires_what_stands_nor_hides_it() {
    for days in [1, -1] {
        let clock = Shifted::default();
        clock.set_wall(days * DAY_MS);
        let bench = Bench::open(clock).await;
        let pool = format!("f34-{}", days + 1);
        let key = bench.raise(&pool).await;
        let ended = bench.settled(&bench.approve(&key).await).await;
        assert_eq!((ended.state, bench.drained(&pool)), (OutboxState::Observed, 1), "{days}: {ended:?}");
        // It jumps while everything stands open.
        bench.clock.set_wall(-days * DAY_MS);
        let key = bench.raise(&format!("{pool}-jumped")).await;
        let ended = bench.settled(&bench.approve(&key).await).await;
        assert_eq!(ended.state, OutboxState::Observed, "{days}: {ended:?}");
        assert!(bench.connection().await.is_live());
    }
}

#[tokio::test]
async fn f32_a_network_that_is_there_again_is_tried_at_once() {
    let bench = Bench::open(Shifted::default()).await;
    let nowhere = "http://127.0.0.1:9";
    bench.chaos.point_to(nowhere);
    bench.chaos.reset(&Whom::Sockets);
    // Until the pauses are long.
    let waits = || async {
        let opened = bench.chaos.upgrades();
        matches!(bench.connection().await, Connection::Stale { .. }).then_some(opened)
    };
    let opened = eventually(SOON, waits).await;
    bench.chaos.point_to(bench.stage.gateway.origin());
    bench.console.woke().await;
    bench.until(Connection::is_live).await;
    assert!(bench.chaos.upgrades() > opened);
}

#[tokio::test]
async fn f3_the_console_says_that_it_polls_and_decides_all_the_same() {
    let bench = Bench::open(Shifted::default()).await;
    let refusal = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    bench.chaos.cause(Whom::Calls("GET /ws".into()), Fault::Answer(refusal.to_owned()));
    bench.chaos.reset(&Whom::Sockets);
    let polls = |connection: &Connection| connection.to_string().starts_with("live (polling");
    bench.until(polls).await;
    let key = bench.raise("f3").await;
    let ended = bench.settled(&bench.approve(&key).await).await;
    assert_eq!((ended.state, bench.drained("f3")), (OutboxState::Observed, 1), "{ended:?}");
    bench.until(polls).await;
}
