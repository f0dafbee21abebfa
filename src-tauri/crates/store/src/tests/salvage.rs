//! F40: damaged files. Nothing is deleted, everything that can be read is taken over, and what happened is told.

use super::*;
use crate::{Change, File, Kind, OutboxRow, StoreError};
use domain::OutboxState;
use std::fs;

const PAGE: usize = 4096;
const MANY: u128 = 8;

/// Decisions in every state there is room for, written and closed. The rows as they were.
async fn filled(path: &Path) -> Vec<OutboxRow> {
    let store = own(path, 1).await;
    store.add_gateway(&gateway()).await.expect("new");
    for n in 1..=MANY {
        let shown = approval(&format!("r{n}"));
        let new = approve(n, &shown);
        store.decide(&new, &shown).await.expect("decides");
        let steps: &[OutboxState] = match n % 4 {
            0 => &[],
            1 => &[OutboxState::Sent],
            2 => &[OutboxState::Sent, OutboxState::Unknown],
            _ => &[OutboxState::Sent, OutboxState::Acknowledged, OutboxState::Observed],
        };
        for next in steps {
            store.advance(new.decision, &Change::to(*next)).await.expect("moves");
        }
    }
    let rows = store.reader().decisions(100).await.expect("reads");
    store.close().await;
    rows
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("new");
    for entry in from.read_dir().expect("readable") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("room");
    }
}

fn kept_aside(path: &Path, stem: &str) -> Vec<PathBuf> {
    let entries = path.read_dir().expect("readable").map(|entry| entry.expect("an entry").path());
    let named = |path: &PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        name.starts_with(&format!("{stem}.corrupt-")) && name.ends_with(".db")
    };
    entries.filter(named).collect()
}

#[tokio::test]
async fn f40_a_zero_filled_header_costs_nothing() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("data");
    let before = filled(&path).await;
    let mut bytes = fs::read(path.join("decisions.db")).expect("readable");
    bytes[..100].fill(0);
    fs::write(path.join("decisions.db"), &bytes).expect("writable");
    let store = own(&path, 1).await;
    assert_eq!(store.reader().decisions(100).await.expect("reads"), before);
    assert_eq!(store.reader().gateways().await.expect("reads"), [gateway()]);
    assert!(store.reader().shown(before[0].decision).await.expect("reads").is_some());
    assert!(store.reader().verify().await.expect("reads").is_ok());
    assert_eq!(store.reader().search("pool exhausted", 100).await.expect("searches").len(), MANY as usize);
    let told = store.reader().incidents(10).await.expect("reads");
    assert_eq!((told.len(), told[0].kind), (1, Kind::DecisionsSalvaged));
    for part in ["1 gateways, 8 decisions, 8 of them", "which hold together.", "No table broke off."] {
        assert!(told[0].sentence.contains(part), "{}", told[0].sentence);
    }
    let aside = kept_aside(&path, "decisions");
    assert_eq!(fs::read(&aside[0]).expect("kept"), bytes, "kept as it was found");
    assert!(told[0].sentence.contains(&*aside[0].file_name().expect("a name").to_string_lossy()));
    // It goes on from there: the chain too.
    let shown = approval("new");
    store.decide(&approve(900, &shown), &shown).await.expect("decides");
    assert!(store.reader().verify().await.expect("reads").is_ok());
    store.close().await;
    own(&path, 1).await;
    assert_eq!(kept_aside(&path, "decisions").len(), 1, "once");
}

#[tokio::test]
async fn f40_whichever_page_is_lost_no_decision_vanishes_and_none_becomes_sendable() {
    let dir = TempDir::new().expect("a directory");
    let whole = dir.path().join("whole");
    let before = filled(&whole).await;
    let pages = fs::metadata(whole.join("decisions.db")).expect("is there").len() as usize / PAGE;
    assert!(pages > 8, "{pages}");
    let mut salvaged = 0;
    // Every other page: the header's own has a test of its own.
    for page in (1..pages).step_by(2) {
        let path = dir.path().join(format!("page-{page}"));
        copy(&whole, &path);
        let mut bytes = fs::read(path.join("decisions.db")).expect("readable");
        bytes[page * PAGE..(page + 1) * PAGE].fill(0xa5);
        fs::write(path.join("decisions.db"), &bytes).expect("writable");
        let store = own(&path, 1).await;
        let after = store.reader().decisions(100).await.expect("reads");
        let lost =
            before.iter().filter(|row| !after.iter().any(|kept| kept.decision == row.decision)).count();
        assert!(lost <= 2, "page {page}: {lost} decisions vanished");
        for row in &after {
            let was = before.iter().find(|old| old.decision == row.decision).expect("none is made up");
            assert!(
                row.state == was.state || !matches!(row.state, OutboxState::Queued | OutboxState::Sent),
                "page {page}: {:?} became {:?}",
                was.state,
                row.state
            );
        }
        let told = store.reader().incidents(100).await.expect("reads");
        let aside = kept_aside(&path, "decisions").len();
        assert_eq!(
            told.iter().filter(|one| one.kind == Kind::DecisionsSalvaged).count(),
            aside,
            "page {page}"
        );
        salvaged += aside;
        store.close().await;
        fs::remove_dir_all(&path).expect("ours");
    }
    assert!(salvaged * 4 > pages, "only {salvaged} of {pages} were noticed");
}

#[tokio::test]
async fn f40_bit_flips_are_noticed_or_harmless_and_opening_always_works() {
    let dir = TempDir::new().expect("a directory");
    let whole = dir.path().join("whole");
    let before = filled(&whole).await;
    let length = fs::metadata(whole.join("decisions.db")).expect("is there").len() as usize;
    for round in 0..6 {
        let path = dir.path().join(format!("round-{round}"));
        copy(&whole, &path);
        let mut bytes = fs::read(path.join("decisions.db")).expect("readable");
        for flip in 0..40 {
            bytes[(round * 7_919 + flip * 104_729) % length] ^= 1 << (flip % 8);
        }
        fs::write(path.join("decisions.db"), &bytes).expect("writable");
        let store = own(&path, 1).await;
        for row in store.reader().open_decisions().await.expect("every open row can be read") {
            if matches!(row.state, OutboxState::Queued | OutboxState::Sent) {
                assert!(before.contains(&row), "round {round}: {row:?} would be sent");
            }
        }
        store.close().await;
        fs::remove_dir_all(&path).expect("ours");
    }
}

#[tokio::test]
async fn f40_where_nothing_is_left_but_bytes_the_receipts_bring_the_decisions_back() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("data");
    let before = filled(&path).await;
    let mut bytes = fs::read(path.join("decisions.db")).expect("readable");
    bytes[..PAGE].fill(0);
    fs::write(path.join("decisions.db"), &bytes).expect("writable");
    let store = own(&path, 1).await;
    let after = store.reader().decisions(100).await.expect("reads");
    // A receipt that lies across two pages is not found this way.
    assert!(after.len() * 10 >= before.len() * 6, "{} of {}", after.len(), before.len());
    let told = store.reader().incidents(100).await.expect("reads");
    let salvaged = told.iter().find(|one| one.kind == Kind::DecisionsSalvaged).expect("told");
    assert!(salvaged.sentence.contains("Not readable to the end: gateways, outbox"), "{}", salvaged.sentence);
}

#[tokio::test]
async fn f40_a_truncated_log_loses_its_end_and_nothing_else() {
    let house = House::new().await;
    for n in 1..=10 {
        let shown = approval(&format!("r{n}"));
        house.store.decide(&approve(n, &shown), &shown).await.expect("decides");
    }
    let cut = house.dir.path().join("cut");
    copy(&house.path(), &cut);
    let log = fs::OpenOptions::new().write(true).open(cut.join("decisions.db-wal")).expect("is there");
    let length = log.metadata().expect("is there").len();
    log.set_len(length / 2 + 1_000).expect("cuts");
    drop(log);
    let store = own(&cut, 1).await;
    let rows = store.reader().decisions(100).await.expect("reads");
    assert!(!rows.is_empty() && rows.len() < 10, "{}", rows.len());
    assert!(store.reader().verify().await.expect("reads").is_ok());
    assert_eq!(store.attest(crate::Scope::All).await.expect("looks"), []);
    let shown = approval("new");
    store.decide(&approve(900, &shown), &shown).await.expect("decides");
}

#[tokio::test]
async fn f40_a_salvage_that_was_killed_is_brought_to_its_end() {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("data");
    let before = filled(&path).await;
    // Between the two renames: the old file is aside, the new one is finished and not in place.
    fs::rename(path.join("decisions.db"), path.join("decisions.new.db")).expect("ours");
    fs::write(path.join("decisions.corrupt-20260101T000000Z.db"), "damaged").expect("writable");
    let store = own(&path, 1).await;
    assert_eq!(store.reader().decisions(100).await.expect("reads"), before);
    store.close().await;
    // Before the first of them: the damaged file is still in place, and is salvaged anew.
    fs::write(path.join("decisions.new.db"), "half of it").expect("writable");
    let store = own(&path, 1).await;
    assert_eq!(store.reader().decisions(100).await.expect("reads"), before);
    assert!(!path.join("decisions.new.db").exists());
}

#[tokio::test]
async fn f40_pages_that_go_bad_while_it_runs_are_mended_under_the_readers() {
    for file in [File::Cache, File::Decisions] {
        let house = House::new().await;
        for n in 1..=MANY {
            let shown = approval(&format!("r{n}"));
            house.store.decide(&approve(n, &shown), &shown).await.expect("decides");
        }
        let events = (1..=200).map(|n| event(n, &n.to_string(), &"long ".repeat(100))).collect();
        house.store.commit(&batch(events)).await.expect("commits");
        let path = house.path();
        let House { store, dir } = house;
        store.close().await;
        let store = own(&path, 1).await;
        let reader = store.reader().clone();
        let mut bytes = fs::read(path.join(file.name())).expect("readable");
        bytes[4 * PAGE..].fill(0xa5);
        {
            use std::io::{Seek, SeekFrom, Write};
            let mut open = fs::OpenOptions::new().write(true).open(path.join(file.name())).expect("is there");
            open.seek(SeekFrom::Start(4 * PAGE as u64)).expect("seeks");
            open.write_all(&bytes[4 * PAGE..]).expect("writes");
        }
        let met = match reader.search("long", 500).await {
            Err(error) => error,
            Ok(_) => store.attest(crate::Scope::All).await.expect_err("its pages are gone"),
        };
        assert!(matches!(met, StoreError::Corrupt(_)), "{met}");
        store.suspect(&met).await;
        assert_eq!(store.condition().borrow().damaged, Some(file));
        let told = store.mend().await.expect("mends").expect("there was something");
        assert_eq!(store.condition().borrow().damaged, None);
        assert!(told.sentence.contains("kept as"), "{told:?}");
        // Whoever held a reader goes on with it.
        reader.search("long", 500).await.expect("searches");
        store.commit(&batch(vec![event(900, "fresh", "x")])).await.expect("commits");
        let shown = approval("new");
        store.decide(&approve(900, &shown), &shown).await.expect_or_known(&shown);
        drop(dir);
    }
}

/// After a salvage the gateway itself may be lost; then a decision is refused for that, and for nothing else.
trait ExpectOrKnown {
    fn expect_or_known(self, shown: &Approval);
}

impl ExpectOrKnown for Result<crate::Decided, StoreError> {
    fn expect_or_known(self, shown: &Approval) {
        match self {
            Ok(_) | Err(StoreError::UnknownGateway(_)) => {}
            Err(error) => panic!("{}: {error}", shown.request_id),
        }
    }
}
