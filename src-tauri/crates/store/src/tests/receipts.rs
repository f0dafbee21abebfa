//! Receipts hang together with what they attest (rule 10).

use super::*;
use crate::{Change, Decided};
use domain::OutboxState;
use domain::receipt::{BadReceipt, Fact, Flaw};

async fn decided(house: &House, n: u128) -> DecisionId {
    let shown = approval(&format!("r{n}"));
    let Decided::Opened(row) = house.store.decide(&approve(n, &shown), &shown).await.expect("decides") else {
        panic!("nothing was in the way");
    };
    row.decision
}

#[tokio::test]
async fn rule_10_a_decision_and_each_change_of_it_leave_receipts_behind_the_key() {
    let house = House::new().await;
    let id = decided(&house, 1).await;
    for next in [OutboxState::Sent, OutboxState::Acknowledged, OutboxState::Observed] {
        house.store.advance(id, &Change::to(next)).await.expect("moves");
    }
    let facts: Vec<Fact> =
        house.reader().receipts().await.expect("reads").into_iter().map(|receipt| receipt.fact).collect();
    let states: Vec<_> = facts
        .iter()
        .filter_map(|fact| if let Fact::Outcome { state, .. } = fact { Some(*state) } else { None })
        .collect();
    assert!(matches!(facts[0], Fact::KeyChange { .. }));
    let Fact::Decided { effects, digest, identity, .. } = &facts[1] else { panic!("decided comes second") };
    let shown = approval("r1");
    assert_eq!(*effects, [shown.actions[0].effect.to_value()]);
    assert_eq!((digest, identity.as_str()), (&shown.computed_digest(), "ana@example.com"));
    assert_eq!(states, [OutboxState::Sent, OutboxState::Acknowledged, OutboxState::Observed]);
    let verified = house.reader().verify().await.expect("reads").expect("holds");
    assert_eq!((verified.count, verified.unattested), (5, 0));
    assert_eq!(verified.head, house.reader().head().await.expect("reads").hash);
}

#[tokio::test]
async fn rule_10_without_its_receipt_there_is_no_decision_and_no_change_of_one() {
    let house = House::new().await;
    let id = decided(&house, 1).await;
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'trap'); END";
    house.intruder("decisions.db", trap).await;
    let shown = approval("r2");
    let new = approve(2, &shown);
    house.store.decide(&new, &shown).await.expect_err("no receipt");
    house.store.advance(id, &Change::to(OutboxState::Sent)).await.expect_err("no receipt");
    assert_eq!(house.reader().decision(new.decision).await.expect("reads"), None);
    assert_eq!(house.reader().shown(new.decision).await.expect("reads"), None);
    assert_eq!(house.reader().search("r2", 10).await.expect("searches"), []);
    let row = house.reader().decision(id).await.expect("reads").expect("is there");
    assert_eq!(row.state, OutboxState::Queued);
    house.intruder("decisions.db", "DROP TRIGGER trap").await;
    assert!(matches!(house.store.decide(&new, &shown).await.expect("decides"), Decided::Opened(_)));
    assert!(house.reader().verify().await.expect("reads").is_ok());
}

#[tokio::test]
async fn rule_10_without_the_request_as_shown_there_is_no_receipt() {
    let house = House::new().await;
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON shown BEGIN SELECT RAISE(ABORT, 'trap'); END";
    house.intruder("decisions.db", trap).await;
    let shown = approval("r1");
    house.store.decide(&approve(1, &shown), &shown).await.expect_err("nothing to show");
    assert_eq!(house.reader().receipts().await.expect("reads"), []);
    assert_eq!(house.reader().head().await.expect("reads"), domain::receipt::Head::default());
}

#[tokio::test]
async fn rule_10_another_device_key_is_announced_once_before_it_signs() {
    let house = House::new().await;
    decided(&house, 1).await;
    let path = house.path();
    let House { store, dir } = house;
    drop(store);
    let house = House { store: own(&path, 2).await, dir };
    decided(&house, 2).await;
    decided(&house, 3).await;
    let chain = house.reader().receipts().await.expect("reads");
    let changes = chain.iter().filter(|r| matches!(r.fact, Fact::KeyChange { .. })).map(|r| r.seq);
    assert_eq!(changes.collect::<Vec<_>>(), [1, 3]);
    assert_eq!(house.reader().verify().await.expect("reads").expect("holds").count, 5);
}

#[tokio::test]
async fn rule_10_verify_names_the_first_receipt_that_was_edited_removed_or_made_unreadable() {
    let cases: [(&'static str, u64, Flaw); 4] = [
        ("UPDATE receipts SET json = replace(json, 'ana@', 'bo@') WHERE seq = 3", 3, Flaw::Content),
        ("DELETE FROM receipts WHERE seq = 2", 2, Flaw::Sequence),
        ("UPDATE receipts SET json = '{' WHERE seq = 3", 3, Flaw::Unreadable),
        (
            "UPDATE receipts SET json = replace(json, 'ana@', 'bo@') WHERE seq = 2; UPDATE receipts SET json = '{' WHERE seq = 4",
            2,
            Flaw::Content,
        ),
    ];
    for (sql, seq, why) in cases {
        let house = House::new().await;
        for n in 1..=3 {
            decided(&house, n).await;
        }
        house.intruder("decisions.db", sql).await;
        assert_eq!(house.reader().verify().await.expect("reads"), Err(BadReceipt { seq, why }), "{sql}");
    }
}

#[tokio::test]
async fn rule_10_a_chain_that_is_shorter_or_another_than_what_was_exported_is_found() {
    for (sql, seq, why) in [
        ("DELETE FROM receipts WHERE seq > 3", 4, Flaw::Truncated),
        ("UPDATE receipts SET hash = 'x' WHERE seq = 2", 2, Flaw::Content),
    ] {
        let house = House::new().await;
        for n in 1..=4 {
            decided(&house, n).await;
        }
        let head = house.reader().head().await.expect("reads");
        house.store.remember_export(&head).await.expect("it is here");
        assert_eq!(house.reader().exports().await.expect("reads")[0].head, head);
        assert!(house.reader().verify().await.expect("reads").is_ok());
        house.intruder("decisions.db", sql).await;
        assert_eq!(house.reader().verify().await.expect("reads"), Err(BadReceipt { seq, why }), "{sql}");
    }
    let (house, other) = (House::new().await, House::new().await);
    decided(&house, 1).await;
    decided(&other, 2).await;
    let head = other.reader().head().await.expect("reads");
    let verdict = house.reader().verify_against(vec![head.clone()]).await.expect("reads");
    assert_eq!(verdict, Err(BadReceipt { seq: 2, why: Flaw::Rewritten }));
    let refused = house.store.remember_export(&head).await.expect_err("not of this chain");
    assert!(matches!(refused, crate::StoreError::NoSuchReceipt(2)));
}
