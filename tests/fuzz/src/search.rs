//! The search of the history, on a real store: whatever is typed, the answer is entries and never an error (A31).

use chrono::{DateTime, Utc};
use domain::receipt::{Attestation, Device};
use domain::{Clock, GatewayId};
use std::sync::{Arc, OnceLock};
use store::{Batch, EventRow, GatewayRecord, Keys, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Time does not matter to a search.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn boot_ms(&self) -> u64 {
        0
    }
}

/// A store with a few words in it, for as long as the program runs.
struct House {
    runtime: Runtime,
    store: Store,
    _dir: TempDir,
}

static HOUSE: OnceLock<House> = OnceLock::new();

/// Searches for what the bytes say.
pub(crate) fn search(bytes: &[u8]) {
    let Ok(typed) = std::str::from_utf8(bytes) else { return };
    let house = HOUSE.get_or_init(built);
    let found = house.runtime.block_on(house.store.reader().search(typed, 50));
    found.unwrap_or_else(|error| panic!("{typed:?} is answered with an error: {error}"));
}

fn built() -> House {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dir = TempDir::new().expect("a directory");
    let store = runtime.block_on(async {
        let keys = Keys { device: Device::new([1; 32], Attestation::Run), redaction: [2; 32] };
        let store = Store::open(&dir.path().join("data"), keys, Arc::new(Standing)).await.expect("opens");
        let gateway = GatewayId(uuid::Uuid::nil());
        let record = GatewayRecord {
            id: gateway,
            origin: "http://127.0.0.1:1".into(),
            name: "own".into(),
            dialect: None,
            account: None,
            pipelines_by_hand: vec![],
        };
        store.add_gateway(&record).await.expect("new");
        let words =
            ["payments: pool exhausted", "NEAR the \"edge\" AND beyond", "Größe ü\u{301} 漢字 column:value*"];
        let events = (1..).zip(words).map(|(seq, title)| event(seq, title)).collect();
        let batch = Batch { gateway, events, cursor: None, approvals: vec![] };
        store.commit(&batch).await.expect("commits");
        store
    });
    House { runtime, store, _dir: dir }
}

fn event(seq: i64, title: &str) -> EventRow {
    EventRow {
        epoch: "e".into(),
        seq,
        topic: "p".into(),
        id: seq.to_string(),
        kind: "notification".into(),
        subtype: None,
        pipeline: None,
        request: None,
        at: DateTime::UNIX_EPOCH,
        title: title.into(),
        text: title.into(),
        raw: serde_json::Value::Null,
    }
}
