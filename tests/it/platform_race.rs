//! What changes between the two halves of a decision (A8, A9, rules 3, 4): the engine from within, for no terminal is
//! quick enough to be in between.

use crate::support_caller::{OWNER, PASSWORD, platform};
use domain::{GatewayId, OutboxState, PipelineId, Point, RequestId, RequestKey, Verdict};
use engine::command::{Nonce, Password, Prepare, Prepared, Unreachable};
use engine::system::{SystemClock, SystemEntropy};
use engine::view::DecisionView;
use engine::{Answer, Code, Command, Console, Introduction, Purpose, Query, Refused, Setup};
use keychain::Keychain;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::platform::{ApproveFault, Platform};
use support::{Home, eventually};

const SOON: Duration = Duration::from_secs(30);

/// An engine of its own, signed in at a platform, in front of one request that it has read.
struct Bench {
    console: Console,
    platform: Platform,
    pipeline: PipelineId,
    key: RequestKey,
    _home: Home,
}

impl Bench {
    async fn open() -> Self {
        let (platform, pipeline) = platform().await;
        let pipeline = PipelineId(pipeline);
        let home = Home::new();
        let setup = Setup {
            data_dir: home.data_dir(),
            runtime_dir: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            keychain: Arc::new(Keychain::open(&home.path().display().to_string()).await),
            network: client::Network::default(),
            purpose: Purpose::Act,
        };
        let console = Console::open(&setup, &Introduction::default()).await.unwrap();
        let gateway = signed_in(&console, &platform).await;
        let request = platform.raise(&pipeline, "no slot left", 0.41, &["look", "drain"]);
        Self { console, platform, pipeline, key: RequestKey { gateway, request }, _home: home }
    }

    async fn prepare(&self, verdict: Verdict) -> Result<Prepared, Refused> {
        let query = Query::Show { key: self.key.clone(), pipeline: None };
        let Answer::Approval(Some(shown)) = self.console.query(query).await? else { panic!("not there") };
        let prepare = Prepare {
            key: self.key.clone(),
            pipeline: Some(self.pipeline.clone()),
            point: Point::Request,
            verdict,
            shown: Some(shown.value.computed_digest()),
            unreachable: Unreachable::GiveUp,
        };
        match self.console.command(Command::Prepare(prepare)).await? {
            Answer::Prepared(prepared) => Ok(prepared),
            other => panic!("{other:?}"),
        }
    }

    async fn confirm(&self, nonce: &Nonce) -> Result<DecisionView, Refused> {
        match self.console.command(Command::Confirm { nonce: nonce.clone(), typed: None }).await? {
            Answer::Decision(Some(decision)) => Ok(*decision),
            other => panic!("{other:?}"),
        }
    }

    /// The decision once nothing more is awaited.
    async fn settled(&self, decision: &DecisionView) -> DecisionView {
        eventually(SOON, async || {
            let Ok(Answer::Decision(Some(now))) =
                self.console.query(Query::Decision { decision: decision.id }).await
            else {
                panic!("the decision is gone")
            };
            (!now.state.locks()).then_some(*now)
        })
        .await
    }

    fn request(&self) -> &RequestId {
        &self.key.request
    }

    fn sent(&self) -> usize {
        self.platform.decisions().len()
    }
}

/// Adds the platform and signs in to it.
pub(crate) async fn signed_in(console: &Console, platform: &Platform) -> GatewayId {
    let add = Command::AddGateway { address: platform.origin() };
    let Ok(Answer::Gateway(gateway)) = console.command(add).await else { panic!("not added") };
    let password = Password(PASSWORD.to_owned());
    console.command(Command::SignIn { gateway, email: OWNER.to_owned(), password }).await.unwrap();
    gateway
}

#[tokio::test]
async fn a9_an_entry_edited_between_prepare_and_confirm_never_leaves() {
    let bench = Bench::open().await;
    let prepared = bench.prepare(Verdict::Approve).await.unwrap();
    bench.platform.edit_action(&bench.pipeline, &"drain".into(), |entry| {
        entry["execution"]["endpoint"] = json!("/ops/wipe");
    });
    let decision = bench.confirm(&prepared.nonce).await.unwrap();
    let ended = bench.settled(&decision).await;
    assert_eq!((ended.state, ended.code), (OutboxState::Changed, Some(Code::Changed)), "{ended:?}");
    assert_eq!((bench.sent(), bench.platform.all_executed().len()), (0, 0));
}

#[tokio::test]
async fn f24_a_decision_made_elsewhere_between_prepare_and_confirm_stops_ours() {
    let bench = Bench::open().await;
    let prepared = bench.prepare(Verdict::Approve).await.unwrap();
    bench.platform.reject_elsewhere(bench.request(), "omar@ledger.test", "wrong pool");
    let ended = bench.settled(&bench.confirm(&prepared.nonce).await.unwrap()).await;
    assert_eq!((ended.state, ended.code), (OutboxState::Conflict, Some(Code::AlreadyDecided)), "{ended:?}");
    assert_eq!(bench.sent(), 0);
}

#[tokio::test]
async fn a_request_lost_between_prepare_and_confirm_is_not_sent_for() {
    let bench = Bench::open().await;
    let prepared = bench.prepare(Verdict::Approve).await.unwrap();
    bench.platform.lose_memory(&bench.pipeline);
    let ended = bench.settled(&bench.confirm(&prepared.nonce).await.unwrap()).await;
    assert_eq!((ended.state, ended.code), (OutboxState::Refused, Some(Code::NotFound)), "{ended:?}");
    assert_eq!(bench.sent(), 0);
}

#[tokio::test]
async fn a8_a_nonce_confirms_once_and_only_what_it_was_given_for() {
    let bench = Bench::open().await;
    let made_up = bench.confirm(&Nonce("00".repeat(16))).await.unwrap_err();
    assert_eq!(made_up.code, Code::NotPrepared);
    let prepared = bench.prepare(Verdict::Approve).await.unwrap();
    let decision = bench.confirm(&prepared.nonce).await.unwrap();
    assert_eq!(bench.confirm(&prepared.nonce).await.unwrap_err().code, Code::NotPrepared);
    let ended = bench.settled(&decision).await;
    assert_eq!(ended.state, OutboxState::Observed, "{ended:?}");
    assert_eq!(bench.sent(), 1);
}

#[tokio::test]
async fn rule_4_deciding_again_while_ones_own_decision_is_open_joins_it() {
    let bench = Bench::open().await;
    bench.platform.hold("look");
    let first = bench.prepare(Verdict::Approve).await.unwrap();
    let decision = bench.confirm(&first.nonce).await.unwrap();
    eventually(SOON, async || (bench.platform.started("look") == 1).then_some(())).await;
    let second = bench.prepare(Verdict::Approve).await.unwrap();
    assert_eq!(second.decision, decision.id);
    assert_eq!(bench.confirm(&second.nonce).await.unwrap().id, decision.id);
    bench.platform.release("look");
    assert_eq!(bench.settled(&decision).await.state, OutboxState::Observed);
    assert_eq!((bench.sent(), bench.platform.executed("look")), (1, 1));
}

#[tokio::test]
async fn rule_4_the_opposite_decision_is_refused_while_ones_own_is_open() {
    let bench = Bench::open().await;
    bench.platform.fault_approvals(ApproveFault::ResetBeforeTaken);
    let approve = bench.prepare(Verdict::Approve).await.unwrap();
    let decision = bench.confirm(&approve.nonce).await.unwrap();
    eventually(SOON, async || (bench.sent() == 1).then_some(())).await;
    let reject = bench.prepare(Verdict::Reject { reason: "not now".into() }).await.unwrap();
    let refused = bench.confirm(&reject.nonce).await.unwrap_err();
    assert_eq!(refused.code, Code::AlreadyDecided, "{refused:?}");
    assert!(refused.message.contains(OWNER) && refused.message.contains("Nothing was sent"), "{refused:?}");
    assert_eq!(bench.settled(&decision).await.state, OutboxState::NotTaken);
    assert_eq!(bench.sent(), 1);
}
