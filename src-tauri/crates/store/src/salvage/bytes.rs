//! Receipts found in raw bytes, whatever became of the pages around them: each is one JSON text that says by its own
//! signature that it is whole. Pure.

use domain::receipt::{Fact, Receipt};
use std::collections::{BTreeMap, BTreeSet};

/// How each receipt begins on disk.
const BEGINNING: &[u8] = b"{\"format\":";

/// The whole receipts in these bytes, by number. Where two stand at one number, the one that hangs on the one before.
pub(super) fn receipts(raw: &[Vec<u8>]) -> BTreeMap<u64, Receipt> {
    let found: Vec<Receipt> = raw.iter().flat_map(|bytes| in_one(bytes)).collect();
    let keys: BTreeSet<&String> = found
        .iter()
        .filter_map(|receipt| match &receipt.fact {
            Fact::KeyChange { public_key, .. } => Some(public_key),
            Fact::Decided { .. } | Fact::Outcome { .. } => None,
        })
        .collect();
    let mut by_number: BTreeMap<u64, Vec<&Receipt>> = BTreeMap::new();
    for receipt in found.iter().filter(|receipt| keys.iter().any(|key| receipt.is_signed_by(key))) {
        by_number.entry(receipt.seq).or_default().push(receipt);
    }
    let mut chain: BTreeMap<u64, Receipt> = BTreeMap::new();
    for (seq, candidates) in by_number {
        let before = chain.get(&(seq.wrapping_sub(1))).map(|receipt: &Receipt| receipt.hash.clone());
        let hangs = |receipt: &&&Receipt| Some(&receipt.prev) == before.as_ref();
        if let Some(best) = candidates.iter().find(hangs).or(candidates.first()) {
            chain.insert(seq, (*best).clone());
        }
    }
    chain
}

fn in_one(bytes: &[u8]) -> Vec<Receipt> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes[at..].windows(BEGINNING.len()).position(|window| window == BEGINNING) {
        at += next;
        let mut texts = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Receipt>();
        if let Some(Ok(receipt)) = texts.next() {
            found.push(receipt);
        }
        at += BEGINNING.len();
    }
    found
}
