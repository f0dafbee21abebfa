//! The gateway's audit head from sync to sync (issue 4; A10).

use super::*;
use crate::{Compared, Kind, Reading};
use domain::receipt::Head;

fn head(seq: u64, hash: &str) -> Head {
    Head { seq, hash: hash.into() }
}

#[tokio::test]
async fn an_audit_head_that_goes_on_is_good_and_one_that_was_overtaken_is_read_again() {
    let house = House::new().await;
    for (told, compared) in [
        (head(5, "a"), Compared::Good),
        (head(5, "a"), Compared::Good),
        (head(9, "b"), Compared::Good),
        (head(5, "a"), Compared::Doubtful),
        (head(9, "b"), Compared::Good),
    ] {
        let found = house.store.audit_head(GATEWAY, &told, Reading::First).await.expect("compares");
        assert_eq!(found, compared, "{told}");
    }
    assert_eq!(house.reader().incidents(10).await.expect("reads"), []);
}

#[tokio::test]
async fn an_audit_chain_that_went_back_or_was_written_anew_is_told_once_and_the_new_head_is_kept() {
    for (told, says) in [(head(3, "c"), "went back from entry 9 to 3"), (head(9, "c"), "another entry 9")] {
        let house = House::new().await;
        house.store.audit_head(GATEWAY, &head(9, "b"), Reading::First).await.expect("compares");
        let found = house.store.audit_head(GATEWAY, &told, Reading::Again).await.expect("compares");
        let Compared::Found(incident) = found else { panic!("{found:?}") };
        assert!(incident.sentence.contains(says) && incident.sentence.contains("own"), "{incident:?}");
        assert_eq!(incident.kind, Kind::GatewayAudit);
        let again = house.store.audit_head(GATEWAY, &told, Reading::Again).await.expect("compares");
        assert_eq!(again, Compared::Good);
        assert_eq!(house.reader().incidents(10).await.expect("reads").len(), 1);
        assert_eq!(house.store.condition().borrow().incidents, 1);
    }
}
