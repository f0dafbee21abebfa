//! The audit chain.

use crate::support::{House, yes};
use domain::digest::hash_canonical;
use domain::receipt::GENESIS;
use serde_json::{Value, json};

/// The place of the first entry that does not follow from the one before.
fn first_bad(entries: &[Value]) -> Option<usize> {
    let mut prev = GENESIS.to_owned();
    for (at, entry) in entries.iter().enumerate() {
        let mut content = entry.clone();
        let hash = content.as_object_mut().expect("a map").remove("hash").expect("a hash");
        let follows = entry["prev"] == json!(prev) && entry["seq"].as_u64() == Some(at as u64 + 1);
        if !follows || hash != json!(hash_canonical(&content)) {
            return Some(at);
        }
        prev = hash.as_str().expect("a hash").to_owned();
    }
    None
}

#[tokio::test]
async fn a26_the_chain_verifies_and_any_change_breaks_it() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    owner.decide(&yes(&approval)).await.expect(200);
    let admin = house.caller("admin").await;
    let mut entries: Vec<Value> = Vec::new();
    loop {
        let page = admin.get(&format!("/audit?after={}&limit=7", entries.len())).await.expect(200);
        let page = page["entries"].as_array().expect("a list").clone();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    assert_eq!(first_bad(&entries), None);
    let head = admin.get("/snapshot").await.expect(200)["audit_head"].clone();
    let last = entries.last().expect("an entry");
    assert_eq!(head, json!({"seq": last["seq"], "hash": last["hash"]}));
    let words: Vec<_> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
    for word in [
        "user_added",
        "workflow_added",
        "action_added",
        "mappings_put",
        "raise",
        "approve",
        "execution_ended",
    ] {
        assert!(words.contains(&word), "{word} in {words:?}");
    }
    let mut edited = entries.clone();
    edited[3]["actor"] = json!("someone-else");
    assert_eq!(first_bad(&edited), Some(3));
    let mut deleted = entries.clone();
    deleted.remove(2);
    assert_eq!(first_bad(&deleted), Some(2));
    let mut swapped = entries.clone();
    swapped.swap(4, 5);
    assert_eq!(first_bad(&swapped), Some(4));
}

#[tokio::test]
async fn a_refused_decision_leaves_no_trace_of_a_decision() {
    let house = House::open().await;
    let owner = house.furnished().await;
    let approval = house.asked("CacheStale").await;
    let mut body = yes(&approval);
    body["shown_digest"] = json!("sha-256:other");
    let before = owner.get("/snapshot").await.expect(200)["audit_head"].clone();
    owner.decide(&body).await.problem(400, "digest-mismatch");
    assert_eq!(owner.get("/snapshot").await.expect(200)["audit_head"], before);
}
