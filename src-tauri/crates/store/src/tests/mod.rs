//! The store's behaviour on real files. Here: what all its tests share.

mod attest;
mod audit;
mod cache;
mod events;
mod full;
mod history;
mod opening;
mod outbox;
mod receipts;
mod room;
mod salvage;
mod secrets;
mod upgrade;

use crate::{Batch, EventRow, GatewayRecord, Keys, NewDecision, Opening, Reader, Store};
use chrono::{DateTime, Utc};
use domain::receipt::{Attestation, Device};
use domain::{Approval, Clock, DecisionId, GatewayId, Point, RequestKey, Verdict};
use serde_json::json;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const GATEWAY: GatewayId = GatewayId(Uuid::from_u128(0xa));

/// A clock that goes on by a second each time it is read.
pub(crate) struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> DateTime<Utc> {
        at(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn boot_ms(&self) -> u64 {
        0
    }
}

/// So many seconds after the tests' beginning.
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("in range")
}

/// A directory of its own with an owner in it and one known gateway.
pub(crate) struct House {
    pub(crate) store: Store,
    dir: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let store = own(&dir.path().join("data"), 1).await;
        store.add_gateway(&gateway()).await.expect("new");
        Self { store, dir }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn reader(&self) -> &Reader {
        self.store.reader()
    }

    /// A connection of somebody else's, who may write anything.
    pub(crate) async fn intruder(&self, file: &str, sql: &'static str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path().join(file));
        let mut conn =
            <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.expect("opens");
        sqlx::raw_sql(sql).execute(&mut conn).await.expect(sql);
    }
}

/// Runs one test of this program again, alone and in a process of its own, under whatever `before` puts in front of it.
/// What it said; it must have passed.
pub(crate) fn alone(before: &[&str], name: &str, variable: &str, value: &Path) {
    let program = std::env::current_exe().expect("this test");
    let mut words = before.iter().map(OsStr::new).chain([program.as_os_str()]);
    let mut child = Command::new(words.next().expect("a program"));
    child.args(words).args(["--exact", name, "--nocapture"]).env(variable, value);
    let output = child.output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{errors}");
}

/// Owns `dir` with the device key of that number.
pub(crate) async fn own(dir: &Path, device: u8) -> Store {
    Store::open(dir, keys(device), clock()).await.expect("opens")
}

pub(crate) fn keys(device: u8) -> Keys {
    Keys { device: Device::new([device; 32], Attestation::Keychain), redaction: [9; 32] }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Ticking(AtomicI64::new(0)))
}

pub(crate) fn gateway() -> GatewayRecord {
    GatewayRecord {
        id: GATEWAY,
        origin: "http://127.0.0.1:8081".into(),
        name: "own".into(),
        dialect: None,
        account: None,
        pipelines_by_hand: vec![],
    }
}

pub(crate) fn key(request: &str) -> RequestKey {
    RequestKey { gateway: GATEWAY, request: request.into() }
}

/// A request with one HTTP action.
pub(crate) fn approval(request: &str) -> Approval {
    serde_json::from_value(json!({
        "request_id": request, "pipeline_id": "p1", "revision": 1, "mode": "per_action",
        "error_message": "payments: pool exhausted", "action_ids": ["restart-pool"], "status": "pending",
        "actions": [{
            "action_id": "restart-pool", "version": 1, "method": "api", "service": "payments",
            "risk_level": "medium", "requires_approval": true, "validated": true,
            "effect": {"kind": "http", "method": "POST", "url": "http://127.0.0.1:9000/pool/restart",
                       "headers": {}, "body": null},
        }],
    }))
    .expect("an approval")
}

/// An approve of the whole request.
pub(crate) fn approve(id: u128, shown: &Approval) -> NewDecision {
    NewDecision {
        decision: DecisionId(Uuid::from_u128(id)),
        key: RequestKey { gateway: GATEWAY, request: shown.request_id.clone() },
        point: Point::Request,
        pipeline: shown.pipeline_id.clone(),
        verdict: Verdict::Approve,
        digest: shown.computed_digest(),
        identity: "ana@example.com".into(),
        opening: Opening::Queued,
        typed: None,
    }
}

pub(crate) fn event(seq: i64, id: &str, title: &str) -> EventRow {
    EventRow {
        epoch: "e1".into(),
        seq,
        topic: "p1".into(),
        id: id.into(),
        kind: "notification".into(),
        subtype: Some("approval_required".into()),
        pipeline: Some("p1".into()),
        request: None,
        at: at(seq),
        title: title.into(),
        text: String::new(),
        raw: json!({"seq": seq, "n": [1, 2.5, null]}),
    }
}

pub(crate) fn batch(events: Vec<EventRow>) -> Batch {
    Batch { gateway: GATEWAY, events, cursor: None, approvals: vec![] }
}
