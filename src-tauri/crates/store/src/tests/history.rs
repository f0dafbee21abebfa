//! The searchable past.

use super::*;
use crate::{Change, HistoryEntry};
use domain::OutboxState;
use proptest::prelude::*;

async fn titles(house: &House, typed: &str, limit: u32) -> Vec<String> {
    let found = house.reader().search(typed, limit).await.expect("no query is an error");
    let title = |entry| match entry {
        HistoryEntry::Event(event) => event.title,
        HistoryEntry::Decision { row, .. } => format!("decision on {}", row.key.request),
    };
    found.into_iter().map(title).collect()
}

async fn with_events(titles: &[&str]) -> House {
    let house = House::new().await;
    let events = (1..).zip(titles).map(|(n, title)| event(n, &format!("id{n}"), title)).collect();
    house.store.commit(&batch(events)).await.expect("commits");
    house
}

#[tokio::test]
async fn matches_come_newest_first_and_not_more_than_asked_for() {
    let house = with_events(&["pool one", "disk", "pool two", "pool three"]).await;
    assert_eq!(titles(&house, "pool", 2).await, ["pool three", "pool two"]);
    assert_eq!(titles(&house, "POOL one", 10).await, ["pool one"]);
    assert_eq!(titles(&house, "thr", 10).await, ["pool three"], "the beginning of a word");
    assert_eq!(titles(&house, "\"pool t\"", 10).await, Vec::<String>::new(), "a phrase is whole words");
    assert_eq!(titles(&house, "", 2).await, ["pool three", "pool two"], "blank: the newest");
}

#[tokio::test]
async fn an_event_is_found_by_its_text_type_request_and_pipeline() {
    let house = House::new().await;
    let rich = EventRow {
        text: "connection refused".into(),
        request: Some("APR-12ab".into()),
        ..event(1, "a", "x")
    };
    house.store.commit(&batch(vec![rich])).await.expect("commits");
    for word in ["refused", "approval_required", "APR-12ab", "p1"] {
        assert_eq!(titles(&house, word, 10).await, ["x"], "{word}");
    }
}

#[tokio::test]
async fn a_decision_is_found_by_error_ids_service_person_verdict_reason_and_outcome() {
    let house = House::new().await;
    let shown = approval("APR-77");
    let verdict = Verdict::Reject { reason: "maintenance window".into() };
    let new = NewDecision { verdict, ..approve(1, &shown) };
    house.store.decide(&new, &shown).await.expect("decides");
    let results =
        vec![serde_json::from_value(json!({"action_id": "a", "error": "gasket"})).expect("a result")];
    let change =
        Change { detail: Some("nobody answers".into()), results, ..Change::to(OutboxState::Unknown) };
    house.store.advance(new.decision, &change).await.expect("moves");
    for words in [
        "exhausted",
        "APR-77",
        "restart-pool",
        "payments",
        "ana@example.com",
        "reject",
        "maintenance",
        "unknown",
        "answers",
        "gasket",
    ] {
        assert_eq!(titles(&house, words, 10).await, ["decision on APR-77"], "{words}");
    }
    assert_eq!(titles(&house, "queued", 10).await, Vec::<String>::new(), "an outcome that has passed");
}

#[tokio::test]
async fn events_and_decisions_stand_in_one_list_by_time() {
    let house = with_events(&["pool early"]).await;
    let shown = approval("r1");
    house.store.decide(&approve(1, &shown), &shown).await.expect("decides");
    let late = EventRow { at: at(1000), ..event(2, "late", "pool late") };
    house.store.commit(&batch(vec![late])).await.expect("commits");
    assert_eq!(titles(&house, "pool", 10).await, ["pool late", "decision on r1", "pool early"]);
    assert_eq!(titles(&house, " ", 2).await, ["pool late", "decision on r1"]);
}

#[tokio::test]
async fn a31_operators_quotes_and_columns_in_a_query_are_only_text() {
    let house = with_events(&["plain pool"]).await;
    let injections = [
        "\"",
        "\"\"",
        "*",
        "NEAR(",
        "NEAR(pool plain)",
        "body:pool",
        "pool*",
        "-pool",
        "^pool",
        "pool AND",
        "(",
        "')",
        "'; DROP TABLE events; --",
        "pool\0\"",
        "{body}:x",
        "\u{0}",
        "%",
        "\\",
    ];
    for typed in injections {
        titles(&house, typed, 10).await;
    }
    assert_eq!(titles(&house, "pool AND plain", 10).await, Vec::<String>::new(), "AND is a word");
    assert_eq!(titles(&house, "pool*", 10).await, ["plain pool"]);
    assert_eq!(titles(&house, "***", 10).await, Vec::<String>::new(), "nothing to look for");
    assert_eq!(titles(&house, "plain", 10).await, ["plain pool"], "all is still there");
}

#[test]
fn a31_no_text_whatever_makes_a_search_fail() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let house = runtime.block_on(with_events(&["plain pool"]));
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(typed in "(?s).{0,40}|[\"*:()^+\\-{}a \\x00]{0,20}")| {
        prop_assert!(runtime.block_on(house.reader().search(&typed, 5)).is_ok(), "{typed:?}");
    });
}
