//! A27: another program writes into decisions.db. What it changed is found, told and never acted upon.

use super::*;
use crate::{Change, Incident, Kind, OutboxRow, Scope};
use domain::OutboxState;

/// An approve and a reject that was observed, on two requests.
async fn two(house: &House) -> [OutboxRow; 2] {
    for n in 1..=2 {
        let shown = approval(&format!("r{n}"));
        house.store.decide(&approve(n, &shown), &shown).await.expect("decides");
    }
    for next in [OutboxState::Sent, OutboxState::Observed] {
        house.store.advance(approve(2, &approval("r2")).decision, &Change::to(next)).await.expect("moves");
    }
    rows(house).await.try_into().expect("two rows")
}

async fn rows(house: &House) -> Vec<OutboxRow> {
    let mut rows = house.reader().decisions(10).await.expect("reads");
    rows.reverse();
    rows
}

async fn told(house: &House, scope: Scope) -> Vec<Incident> {
    let found = house.store.attest(scope).await.expect("looks");
    let kept = house.reader().incidents(10).await.expect("reads");
    assert!(found.iter().all(|one| kept.iter().any(|other| other.sentence == one.sentence)), "{kept:?}");
    found
}

#[tokio::test]
async fn a27_what_was_written_here_fits_its_receipts() {
    let house = House::new().await;
    let before = two(&house).await;
    assert_eq!(told(&house, Scope::Open).await, []);
    assert_eq!(told(&house, Scope::All).await, []);
    assert_eq!(rows(&house).await, before);
}

#[tokio::test]
async fn a27_every_changed_column_of_a_row_is_found_and_put_back_as_its_receipts_say() {
    for change in [
        "UPDATE outbox SET verdict = '{\"verdict\":\"reject\",\"reason\":\"xyz\"}' WHERE request_id = 'r1'",
        "UPDATE outbox SET request_id = 'r9' WHERE request_id = 'r1'",
        "UPDATE outbox SET digest = 'sha-256:00' WHERE request_id = 'r1'",
        "UPDATE outbox SET identity = 'eve@example.com' WHERE request_id = 'r1'",
        "UPDATE outbox SET pipeline_id = 'p9' WHERE request_id = 'r1'",
        "UPDATE outbox SET point = 'restart-pool', action_id = 'restart-pool' WHERE request_id = 'r1'",
        "UPDATE outbox SET state = 'refused' WHERE request_id = 'r1'",
        "UPDATE outbox SET state = 'no such word' WHERE request_id = 'r1'",
        "UPDATE outbox SET created_us = created_us + 600000000 WHERE request_id = 'r1'",
        "UPDATE outbox SET results = 'no json' WHERE request_id = 'r1'",
        "UPDATE outbox SET state = 'queued' WHERE request_id = 'r2'",
        "UPDATE outbox SET detail = 'It went well.' WHERE request_id = 'r2'",
    ] {
        let house = House::new().await;
        let before = two(&house).await;
        house.store.foreign_write().await.expect("asks");
        house.intruder("decisions.db", change).await;
        assert!(house.store.foreign_write().await.expect("asks"), "{change}");
        let found = told(&house, Scope::All).await;
        assert_eq!(found.len(), 1, "{change}: {found:?}");
        assert_eq!(found[0].kind, Kind::RowChanged);
        assert!(found[0].sentence.contains("put back"), "{}", found[0].sentence);
        let mut after = rows(&house).await;
        // How far it had come was touched, and it could still be sent: then it is looked up instead.
        if change.contains("SET state") && change.contains("'r1'") {
            assert_eq!(after[0].state, OutboxState::Unknown, "{change}");
            after[0].state = before[0].state;
        }
        assert_eq!(after, before, "{change}");
        assert!(!house.store.foreign_write().await.expect("asks"), "its own writes are no foreign ones");
        assert_eq!(told(&house, Scope::All).await, [], "once");
    }
}

/// A queued approve of another request, as an intruder would put it there.
const FORGED: &str =
    "INSERT INTO outbox (decision, gateway, request_id, point, track, pipeline_id, verdict, digest,
                          identity, state, results, created_us, changed_us)
    SELECT '00000000-0000-0000-0000-0000000000ff', gateway, 'r7', point, track, pipeline_id, verdict, digest,
           identity, 'queued', results, created_us, changed_us FROM outbox WHERE request_id = 'r1'";

#[tokio::test]
async fn a27_a_row_that_nobody_decided_is_closed_before_anybody_could_send_it() {
    let house = House::new().await;
    two(&house).await;
    house.intruder("decisions.db", FORGED).await;
    let path = house.path();
    let House { store, dir } = house;
    store.close().await;
    let house = House { store: own(&path, 1).await, dir };
    let open = house.reader().open_decisions().await.expect("reads");
    assert_eq!(open.iter().map(|row| row.key.request.as_str()).collect::<Vec<_>>(), ["r1"]);
    let told = house.reader().incidents(10).await.expect("reads");
    assert!(told[0].sentence.contains("r7") && told[0].sentence.contains("not sent"), "{told:?}");
    // A row that says it is on its way already is not sent either; it may only be looked for.
    house.intruder("decisions.db", "UPDATE outbox SET state = 'sent' WHERE request_id = 'r7'").await;
    house.store.attest(Scope::Open).await.expect("looks");
    let row = rows(&house).await.pop().expect("is there");
    assert_eq!((row.key.request.as_str(), row.state), ("r7", OutboxState::Unknown));
}

#[tokio::test]
async fn a27_a_decision_whose_receipt_was_removed_or_signed_by_another_key_is_not_sent() {
    for change in [
        "DELETE FROM receipts WHERE kind = 'decided' AND json LIKE '%\"r1\"%'",
        "UPDATE receipts SET json = replace(json, '\"r1\"', '\"r3\"') WHERE kind = 'decided'; UPDATE outbox SET request_id = 'r3' WHERE request_id = 'r1'",
    ] {
        let house = House::new().await;
        two(&house).await;
        house.intruder("decisions.db", change).await;
        assert_eq!(told(&house, Scope::Open).await.len(), 1, "{change}");
        let row = rows(&house).await.remove(0);
        assert_eq!(row.state, OutboxState::Refused, "{change}");
        assert!(row.detail.expect("says why").contains("not sent"));
    }
    let house = House::new().await;
    two(&house).await;
    let path = house.path();
    let House { store, dir } = house;
    store.close().await;
    // Another key owns the directory now: what it did not sign itself it does not send.
    let house = House { store: own(&path, 2).await, dir };
    assert_eq!(rows(&house).await[0].state, OutboxState::Refused);
    assert_eq!(rows(&house).await[1].state, OutboxState::Observed, "what has ended stays as it is");
}

#[tokio::test]
async fn a27_a_changed_card_is_told_and_the_decision_stays() {
    let house = House::new().await;
    let before = two(&house).await;
    house
        .intruder(
            "decisions.db",
            "UPDATE shown SET approval = replace(approval, 'pool exhausted', 'all is well')",
        )
        .await;
    let found = told(&house, Scope::All).await;
    assert_eq!(found.len(), 2);
    assert!(found[0].sentence.contains("as it was shown"), "{found:?}");
    assert_eq!(rows(&house).await, before);
}

#[tokio::test]
async fn a27_a_broken_chain_is_written_down_once() {
    let house = House::new().await;
    two(&house).await;
    assert_eq!(house.store.check_receipts().await.expect("reads"), None);
    house.intruder("decisions.db", "DELETE FROM receipts WHERE seq = 2").await;
    for _ in 0..2 {
        let found = house.store.check_receipts().await.expect("reads").expect("broken");
        assert!(found.sentence.contains("receipt 2"), "{found:?}");
    }
    let kept = house.reader().incidents(10).await.expect("reads");
    assert_eq!(kept.iter().filter(|one| one.kind == Kind::ReceiptsBroken).count(), 1);
}
