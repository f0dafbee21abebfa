//! Rule 13: no secret reaches the disk, by whatever way it came in.

use super::*;
use crate::{Change, Decided, PipelineEntry};
use domain::registry::ErrorMapping;
use domain::{OutboxState, RemediationAction};

const CANARY: &str = "c4n4ry9f1e7d";

/// A request with secrets in its headers, its body, its prose and its links.
fn leaky(request: &str) -> Approval {
    let mut value = serde_json::to_value(approval(request)).expect("serialises");
    value["error_message"] = json!(format!("login failed: password={CANARY}"));
    value["actions"][0]["effect"]["headers"] = json!({"authorization": format!("Bearer {CANARY}")});
    value["actions"][0]["effect"]["body"] = json!(json!({"api_key": CANARY}).to_string());
    value["actions"][0]["arguments"] = json!({"token": CANARY});
    value["links"] = json!({"runbook_url": format!("https://ops:{CANARY}@wiki/x")});
    serde_json::from_value(value).expect("an approval")
}

async fn write_everything(store: &Store) -> DecisionId {
    let shown = leaky("r1");
    let secret = || json!({"token": CANARY});
    let verdict = Verdict::Reject { reason: format!("the token={CANARY} leaked") };
    let new = NewDecision { verdict, ..approve(1, &shown) };
    let Decided::Opened(row) = store.decide(&new, &shown).await.expect("decides") else {
        panic!("nothing was in the way");
    };
    let result = serde_json::from_value(json!({"action_id": "a", "output": format!("pwd: {CANARY}")}));
    let change = Change {
        detail: Some(format!("said: Bearer {CANARY}")),
        results: vec![result.expect("a result")],
        ..Change::to(OutboxState::Observed)
    };
    store.advance(row.decision, &change).await.expect("moves");

    let noisy = EventRow {
        text: format!("secret: {CANARY}"),
        raw: json!({"data": secret(), "line": format!("passwd={CANARY}")}),
        ..event(1, "a", &format!("api_key={CANARY}"))
    };
    let approvals = vec![(shown.clone(), at(1))];
    store.commit(&Batch { approvals, ..batch(vec![noisy]) }).await.expect("commits");
    store.put_approvals(GATEWAY, &[leaky("r2")], at(1)).await.expect("writes");
    let printed = store.remember_printed(&key("r1"), &shown.computed_digest(), &shown).await;
    printed.expect("writes");
    let action: RemediationAction =
        serde_json::from_value(json!({"action_id": "a", "execution": secret()})).expect("an action");
    store.put_actions(GATEWAY, &"p1".into(), &[action], at(1)).await.expect("writes");
    let mapping: ErrorMapping =
        serde_json::from_value(json!({"error": "e", "description": format!("token={CANARY}")}))
            .expect("a mapping");
    store.put_mappings(GATEWAY, &"p1".into(), &[mapping], at(1)).await.expect("writes");
    let pipeline = PipelineEntry { id: "p1".into(), name: "P".into(), raw: secret() };
    store.put_pipelines(GATEWAY, &[pipeline], at(1)).await.expect("writes");
    row.decision
}

fn files_with_canary(dir: &Path) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).expect("readable");
        bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    };
    let entries = dir.read_dir().expect("readable").map(|entry| entry.expect("an entry").path());
    entries.filter(holds).collect()
}

#[tokio::test]
async fn rule_13_no_secret_is_anywhere_in_the_bytes_of_the_files_open_or_closed() {
    let house = House::new().await;
    write_everything(&house.store).await;
    assert!(house.path().join("cache.db-wal").metadata().expect("is there").len() > 0);
    assert_eq!(files_with_canary(&house.path()), Vec::<PathBuf>::new());
    let path = house.path();
    let House { store, dir } = house;
    store.close().await;
    assert_eq!(files_with_canary(&path), Vec::<PathBuf>::new());
    // The search would see it, had it been there.
    std::fs::write(path.join("probe"), format!("..{CANARY}..")).expect("writable");
    assert_eq!(files_with_canary(&path), [path.join("probe")]);
    drop(dir);
}

#[tokio::test]
async fn rule_13_what_was_taken_out_leaves_marked_holes_and_the_digest_of_the_whole() {
    let house = House::new().await;
    let decision = write_everything(&house.store).await;
    let whole = leaky("r1");
    let row = house.reader().decision(decision).await.expect("reads").expect("is there");
    assert_eq!(row.digest, whole.computed_digest());
    assert_eq!(row.verdict.reason(), Some("the token=[redacted] leaked"));
    let shown = house.reader().shown(decision).await.expect("reads").expect("is there");
    let pointers: Vec<_> = shown.holes.iter().map(|hole| hole.pointer.as_str()).collect();
    assert!(pointers.contains(&"/actions/0/effect/headers/authorization"), "{pointers:?}");
    let cached = house.reader().approval(&key("r1")).await.expect("reads").expect("is there");
    assert_eq!((cached.digest, cached.holes), (whole.computed_digest(), shown.holes));
    let event = house.reader().events_after(crate::LocalRow(0), 1).await.expect("reads").remove(0);
    assert_eq!(event.holes.len(), 2);
    assert!(house.reader().verify().await.expect("reads").is_ok());
}

#[tokio::test]
async fn rule_3_another_secret_in_the_same_place_is_a_difference_that_tells_neither() {
    let house = House::new().await;
    let shown = leaky("r1");
    assert_eq!(house.store.since_printed(&key("r1"), &shown).await.expect("reads"), None, "never printed");
    let kept = house.store.remember_printed(&key("r1"), &shown.computed_digest(), &shown).await;
    kept.expect("writes");
    let same = house.store.since_printed(&key("r1"), &shown).await.expect("reads");
    assert_eq!(same, Some(vec![]));

    let mut value = serde_json::to_value(&shown).expect("serialises");
    value["actions"][0]["effect"]["headers"]["authorization"] = json!("Bearer 0therS3cretOfThisTest");
    let other: Approval = serde_json::from_value(value).expect("an approval");
    let found = house.store.since_printed(&key("r1"), &other).await.expect("reads").expect("printed");
    let fields: Vec<&str> = found.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields.len(), 1, "{found:?}");
    assert!(fields[0].ends_with("headers authorization"), "{fields:?}");
    let told = format!("{found:?}");
    assert!(!told.contains(CANARY) && !told.contains("0therS3cret"), "{told}");
}
