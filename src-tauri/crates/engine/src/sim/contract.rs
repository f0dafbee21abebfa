//! The model store and the real one, side by side: the same calls, drawn from a seed, have the same answers and leave the
//! same behind. What the simulation relies on is what the product has.

use super::console::GATEWAY;
use super::dice::Dice;
use super::gateway::action;
use super::plan::Shape;
use super::store::ModelStore;
use chrono::{DateTime, Duration, Utc};
use domain::receipt::{Attestation, Device};
use domain::{Approval, Clock, DecisionId, OutboxState, Point, RequestKey, Verdict};
use serde_json::json;
use std::sync::Arc;
use store::{
    Batch, Change, Cursor, Decided, EventRow, GatewayRecord, Keys, LocalRow, NewDecision, Opening, OutboxRow,
    Store,
};
use uuid::Uuid;

/// Calls of one sequence.
const CALLS: u64 = 120;

/// A clock that stands still: both stores see the same time.
struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        at(10_000)
    }

    fn boot_ms(&self) -> u64 {
        0
    }
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default() + Duration::seconds(second)
}

/// Both, and what there is to draw from.
struct Pair {
    real: Store,
    model: ModelStore,
    dice: Dice,
    decisions: u128,
}

impl Pair {
    async fn new(dir: &std::path::Path, seed: u64) -> Self {
        let device = Device::new([1; 32], Attestation::Keychain);
        let keys = Keys { device, redaction: [9; 32] };
        let real = Store::open(dir, keys, Arc::new(Still)).await.expect("opens");
        let record = GatewayRecord {
            id: GATEWAY,
            origin: "http://127.0.0.1:1".into(),
            name: "gateway".into(),
            dialect: None,
            account: None,
            pipelines_by_hand: vec![],
        };
        real.add_gateway(&record).await.expect("new");
        Self { real, model: ModelStore::default(), dice: Dice::of(seed), decisions: 0 }
    }

    async fn call(&mut self) {
        match self.dice.below(10) {
            0..=2 => self.decide().await,
            3..=5 => self.advance().await,
            6..=8 => self.commit().await,
            _ => {
                self.real.reset_cursor(GATEWAY).await.expect("resets");
                self.model.cursor = None;
            }
        }
    }

    async fn decide(&mut self) {
        let shown = self.approval();
        let again = self.decisions > 0 && self.dice.percent(10);
        let id =
            if again { 1 + u128::from(self.dice.below(self.decisions as u64)) } else { self.decisions + 1 };
        self.decisions = self.decisions.max(id);
        let reason = "not now".to_owned();
        let verdicts =
            [Verdict::Approve, Verdict::Reject { reason: reason.clone() }, Verdict::Stop { reason }];
        let mut digest = shown.computed_digest();
        if self.dice.percent(10) {
            digest.0.push('0');
        }
        let new = NewDecision {
            decision: DecisionId(Uuid::from_u128(id)),
            key: RequestKey { gateway: GATEWAY, request: shown.request_id.clone() },
            point: self.dice.pick(&[Point::Request, Point::Action("a0".into())]),
            pipeline: shown.pipeline_id.clone(),
            verdict: self.dice.pick(&verdicts),
            digest,
            identity: "a@x".into(),
            opening: self.dice.pick(&[Opening::Held, Opening::Queued]),
            typed: None,
        };
        let real = self.real.decide(&new, &shown).await.map_err(drop);
        let model = self.model.decide(&new, &shown, Still.now()).map_err(drop);
        let told = |decided: Decided| match decided {
            Decided::Opened(row) => ("opened", facts(&row)),
            Decided::Joined(row) => ("joined", facts(&row)),
        };
        assert_eq!(real.map(told), model.map(told), "{new:?}");
    }

    async fn advance(&mut self) {
        let id = DecisionId(Uuid::from_u128(u128::from(self.dice.below(self.decisions as u64 + 2))));
        let detail = self.dice.pick(&[None, Some("a sentence".to_owned()), Some("another".to_owned())]);
        let status = self.dice.pick(&[None, Some("executing".to_owned())]);
        let next = self.dice.pick(&OutboxState::ALL);
        let change = Change { detail, status, ..Change::to(next) };
        let real = self.real.advance(id, &change).await.map_err(drop);
        let model = self.model.advance(id, &change, Still.now()).map_err(drop);
        assert_eq!(real.map(|row| facts(&row)), model.map(|row| facts(&row)), "{id} {change:?}");
    }

    async fn commit(&mut self) {
        let epoch = self.dice.pick(&["e1", "e1", "e2"]);
        let first = self.dice.below(30);
        let seqs = first..first + self.dice.below(4);
        let last = seqs.end.saturating_sub(1).cast_signed();
        let events = seqs.map(|seq| event(epoch, seq.cast_signed())).collect();
        let cursor = Cursor { epoch: epoch.to_owned(), seq: last, last_id: Some(format!("{epoch}-{last}")) };
        let approvals = match self.dice.percent(50) {
            true => vec![(self.approval(), at(self.dice.below(100).cast_signed()))],
            false => vec![],
        };
        let cursor = self.dice.percent(80).then_some(cursor);
        let batch = Batch { gateway: GATEWAY, events, cursor, approvals };
        let real = self.real.commit(&batch).await.expect("commits");
        let model = self.model.commit(&batch, Still.now()).expect("commits");
        assert_eq!(real.len(), model.len(), "{batch:?}");
    }

    fn approval(&mut self) -> Approval {
        let slot = self.dice.below(3);
        let status = self.dice.pick(&["pending", "executing", "completed"]);
        serde_json::from_value(json!({
            "request_id": format!("r{slot}"), "pipeline_id": "p0", "revision": 1, "mode": "per_action",
            "error_message": "pool exhausted", "action_ids": ["a0"], "status": status,
            "actions": [action(0, Shape::Gated, 1, true)],
        }))
        .expect("an approval")
    }

    /// What both hold.
    async fn same(&self) {
        let reader = self.real.reader();
        let mut rows = reader.decisions(1_000).await.expect("reads");
        rows.reverse();
        assert_eq!(
            rows.iter().map(facts).collect::<Vec<_>>(),
            self.model.rows.iter().map(facts).collect::<Vec<_>>()
        );
        let open = reader.open_decisions().await.expect("reads");
        let held = self.model.open_decisions();
        assert_eq!(open.iter().map(facts).collect::<Vec<_>>(), held.iter().map(facts).collect::<Vec<_>>());
        // The first receipt names the device's key.
        assert_eq!(reader.receipts().await.expect("reads").len(), self.model.receipts + 1);
        assert_eq!(reader.cursor(GATEWAY).await.expect("reads"), self.model.cursor);
        let events = reader.events_after(LocalRow(0), 10_000).await.expect("reads");
        let events: Vec<_> = events.into_iter().map(|event| (event.epoch, event.seq, event.id)).collect();
        let kept = self.model.events.iter().map(|event| (event.epoch.clone(), event.seq, event.id.clone()));
        assert_eq!(events, kept.collect::<Vec<_>>());
        let real = reader.open_approvals(GATEWAY).await.expect("reads");
        let real: Vec<_> = real.into_iter().map(|one| (one.approval, one.as_of)).collect();
        let model = self.model.open_approvals().into_iter().map(|one| (one.approval, one.as_of));
        assert_eq!(real, model.collect::<Vec<_>>());
    }
}

fn facts(row: &OutboxRow) -> (DecisionId, OutboxState, Option<String>, Option<String>, Verdict) {
    (row.decision, row.state, row.detail.clone(), row.status.clone(), row.verdict.clone())
}

fn event(epoch: &str, seq: i64) -> EventRow {
    EventRow {
        epoch: epoch.to_owned(),
        seq,
        topic: "p0".into(),
        id: format!("{epoch}-{seq}"),
        kind: "notification".into(),
        subtype: None,
        pipeline: Some("p0".into()),
        request: None,
        at: at(seq),
        title: "t".into(),
        text: String::new(),
        raw: json!({"seq": seq}),
    }
}

#[tokio::test]
async fn rule_4_i1_i7_the_model_store_answers_and_keeps_what_the_real_one_does() {
    for seed in 0..4 {
        let dir = tempfile::tempdir().expect("a directory");
        let mut pair = Pair::new(&dir.path().join("data"), seed).await;
        for _ in 0..CALLS {
            pair.call().await;
        }
        pair.same().await;
        // What was acknowledged is there after every reopening.
        let Pair { real, model, dice, decisions } = pair;
        real.close().await;
        let keys = Keys { device: Device::new([1; 32], Attestation::Keychain), redaction: [9; 32] };
        let real = Store::open(&dir.path().join("data"), keys, Arc::new(Still)).await.expect("opens again");
        Pair { real, model, dice, decisions }.same().await;
    }
}
