//! What was last read from a gateway, the gateways themselves, and what was printed.

use super::*;
use crate::{PipelineEntry, Standing, StoreError};
use domain::registry::ErrorMapping;
use domain::{Digest, Status};

#[tokio::test]
async fn a_request_is_kept_with_its_time_and_the_digest_of_what_was_read() {
    let house = House::new().await;
    let read = approval("r1");
    house.store.put_approvals(GATEWAY, std::slice::from_ref(&read), at(5)).await.expect("writes");
    let kept = house.reader().approval(&key("r1")).await.expect("reads").expect("is there");
    assert_eq!((kept.digest, kept.as_of, kept.standing), (read.computed_digest(), at(5), Standing::Open));
    assert_eq!(kept.approval, read);
    assert_eq!(house.reader().approval(&key("r2")).await.expect("reads"), None);
}

#[tokio::test]
async fn an_older_reading_does_not_replace_a_newer_one() {
    let house = House::new().await;
    let done = Approval { status: Status::Completed, ..approval("r1") };
    house.store.put_approvals(GATEWAY, &[done], at(-15)).await.expect("writes");
    house.store.put_approvals(GATEWAY, &[approval("r1")], at(-16)).await.expect("writes");
    let kept = house.reader().approvals(GATEWAY, 10).await.expect("reads").remove(0);
    assert_eq!((kept.approval.status, kept.standing), (Status::Completed, Standing::Closed));
    assert_eq!(house.reader().open_approvals(GATEWAY).await.expect("reads"), []);
}

#[tokio::test]
async fn a_request_the_gateway_forgot_is_gone_not_resolved_until_it_is_read_again() {
    let house = House::new().await;
    let done = Approval { status: Status::Rejected, ..approval("done") };
    house
        .store
        .put_approvals(GATEWAY, &[approval("r1"), approval("new"), done], at(-15))
        .await
        .expect("writes");
    house.store.put_approvals(GATEWAY, &[approval("new")], at(-11)).await.expect("writes");
    let ids = ["r1", "new", "done"].map(Into::into);
    house.store.mark_gone(GATEWAY, &ids, at(-13)).await.expect("writes");
    let standing = async |id: &str| {
        let kept = house.reader().approval(&key(id)).await.expect("reads").expect("is there");
        (kept.standing, kept.approval.status)
    };
    assert_eq!(standing("r1").await, (Standing::Gone { since: at(-13) }, Status::Pending));
    assert_eq!(standing("new").await.0, Standing::Open, "read after that");
    assert_eq!(standing("done").await.0, Standing::Closed);
    house.store.put_approvals(GATEWAY, &[approval("r1")], at(-12)).await.expect("writes");
    assert_eq!(standing("r1").await.0, Standing::Open);
}

#[tokio::test]
async fn lists_are_replaced_whole_and_keep_the_time_of_their_reading() {
    let house = House::new().await;
    let reader = house.reader();
    assert_eq!(reader.pipelines(GATEWAY).await.expect("reads"), None);
    let actions: Vec<_> = approval("r1").actions.into_iter().map(|rendered| rendered.action).collect();
    house.store.put_actions(GATEWAY, &"p1".into(), &actions, at(1)).await.expect("writes");
    house.store.put_actions(GATEWAY, &"p2".into(), &[], at(2)).await.expect("writes");
    let kept = reader.actions(GATEWAY).await.expect("reads");
    assert_eq!((&kept[0].items, kept[0].as_of, kept[1].as_of), (&actions, at(1), at(2)));
    house.store.put_actions(GATEWAY, &"p1".into(), &[], at(3)).await.expect("writes");
    house.store.put_actions(GATEWAY, &"p1".into(), &actions, at(2)).await.expect("an old reading");
    assert_eq!(reader.actions(GATEWAY).await.expect("reads")[0].items, []);

    let mapping: ErrorMapping =
        serde_json::from_value(json!({"error": "a/b % ?", "actions": ["x"], "owner": "db"}))
            .expect("a mapping");
    house
        .store
        .put_mappings(GATEWAY, &"p1".into(), std::slice::from_ref(&mapping), at(1))
        .await
        .expect("writes");
    assert_eq!(reader.mappings(GATEWAY).await.expect("reads")[0].items, [mapping]);
    let pipeline =
        PipelineEntry { id: "p1".into(), name: "Payments".into(), raw: json!({"status": "running"}) };
    house.store.put_pipelines(GATEWAY, std::slice::from_ref(&pipeline), at(4)).await.expect("writes");
    let listing = reader.pipelines(GATEWAY).await.expect("reads").expect("is there");
    assert_eq!((listing.items, listing.as_of), (vec![pipeline], at(4)));
}

#[tokio::test]
async fn a_gateway_keeps_its_id_when_its_address_changes_and_no_two_share_one() {
    let house = House::new().await;
    let moved = GatewayRecord {
        origin: "http://127.0.0.1:9999".into(),
        dialect: Some("holdpoint".into()),
        account: Some("ana@example.com".into()),
        pipelines_by_hand: vec!["p9".into()],
        ..gateway()
    };
    house.store.update_gateway(&moved).await.expect("writes");
    assert_eq!(house.reader().gateways().await.expect("reads"), std::slice::from_ref(&moved));
    let other = GatewayRecord { id: GatewayId(Uuid::from_u128(0xb)), ..moved.clone() };
    let refused = house.store.add_gateway(&other).await.expect_err("taken");
    assert!(matches!(refused, StoreError::OriginTaken { gateway: GATEWAY, .. }), "{refused}");
    let unknown = GatewayRecord { origin: "http://127.0.0.1:1".into(), ..other };
    let refused = house.store.update_gateway(&unknown).await.expect_err("unknown");
    assert!(matches!(refused, StoreError::UnknownGateway(_)));
}

#[tokio::test]
async fn what_show_printed_last_is_remembered_request_by_request() {
    let house = House::new().await;
    for digest in ["sha-256:1", "sha-256:2"] {
        house
            .store
            .remember_printed(&key("r1"), &Digest(digest.into()), &approval("r1"))
            .await
            .expect("writes");
    }
    assert_eq!(house.reader().printed(&key("r1")).await.expect("reads"), Some(Digest("sha-256:2".into())));
    assert_eq!(house.reader().printed(&key("r2")).await.expect("reads"), None);
}

#[tokio::test]
async fn f34_a_reading_from_the_future_does_not_stand_in_the_way_after_the_clock_was_set_back() {
    let house = House::new().await;
    let tomorrow = clock().now() + chrono::Duration::days(1);
    house.store.put_approvals(GATEWAY, &[approval("r1")], tomorrow).await.expect("writes");
    let done = Approval { status: Status::Rejected, ..approval("r1") };
    let now = clock().now();
    house.store.put_approvals(GATEWAY, &[done], now).await.expect("writes");
    let kept = house.reader().approval(&key("r1")).await.expect("reads").expect("is there");
    assert_eq!((kept.approval.status, kept.as_of), (Status::Rejected, now));
}

#[tokio::test]
async fn i4_that_nothing_is_open_is_known_only_as_of_a_time_when_all_was_read() {
    let house = House::new().await;
    assert_eq!(house.reader().open_read_at(GATEWAY).await.expect("reads"), None);
    house.store.note_open_read(GATEWAY, at(5)).await.expect("writes");
    assert_eq!(house.reader().open_read_at(GATEWAY).await.expect("reads"), Some(at(5)));
}
