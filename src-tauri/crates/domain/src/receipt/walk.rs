//! Walking a chain from its start: the first bad entry is named, and nothing after it is believed.

use super::{Attestation, FORMAT, Fact, Head, Receipt, parse_key};
use serde::{Deserialize, Serialize};

/// What `verify` found in a chain that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many receipts.
    pub count: u64,
    /// The head's hash.
    pub head: String,
    /// How many receipts were signed by a key that lived only for its run.
    pub unattested: u64,
}

/// The first bad entry of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[error("receipt {seq}: {why}")]
pub struct BadReceipt {
    /// Which.
    pub seq: u64,
    /// What is wrong with it.
    pub why: Flaw,
}

/// What can be wrong with a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Its number does not follow.
    #[error("its number does not follow the one before (removed or reordered)")]
    Sequence,
    /// It does not hang on the one before.
    #[error("it does not hang on the one before (removed, reordered or rewritten)")]
    Link,
    /// Its content does not match its hash.
    #[error("its content was changed after it was written")]
    Content,
    /// Not signed by the announced key.
    #[error("its signature does not belong to the announced key")]
    Signature,
    /// The chain does not start by announcing a key.
    #[error("no key was announced before it")]
    NoKey,
    /// Written by a newer build.
    #[error("it has a format this build does not know")]
    Format,
    /// It cannot be read at all.
    #[error("it cannot be read")]
    Unreadable,
    /// It was there when the receipts were exported.
    #[error("it is missing: the chain was longer when it was exported (its end was cut off)")]
    Truncated,
    /// Another receipt stood there when the receipts were exported.
    #[error("it is not the one that was exported: the chain was written anew")]
    Rewritten,
}

/// One walk along a chain, receipt by receipt.
#[derive(Debug)]
pub struct Walk {
    head: Head,
    key: Option<(String, Attestation)>,
    found: Verified,
    /// Heads that are known from elsewhere, by number.
    anchors: Vec<Head>,
}

impl Walk {
    /// A walk that ends well only if the chain holds each of these heads, at its number: what was exported once must
    /// still be there.
    pub fn against(mut anchors: Vec<Head>) -> Self {
        anchors.sort_by_key(|anchor| anchor.seq);
        let head = Head::default();
        Self { found: Verified { head: head.hash.clone(), ..Verified::default() }, head, key: None, anchors }
    }

    /// The next receipt.
    ///
    /// # Errors
    /// What is wrong with it; the walk is over then.
    pub fn take(&mut self, receipt: &Receipt) -> Result<(), BadReceipt> {
        let bad = |why| BadReceipt { seq: receipt.seq, why };
        if receipt.format == 0 || receipt.format > FORMAT {
            return Err(bad(Flaw::Format));
        }
        if receipt.seq != self.head.seq + 1 {
            return Err(BadReceipt { seq: self.head.seq + 1, why: Flaw::Sequence });
        }
        if receipt.prev != self.head.hash {
            return Err(bad(Flaw::Link));
        }
        if receipt.hash != receipt.computed_hash() {
            return Err(bad(Flaw::Content));
        }
        if let Fact::KeyChange { public_key, attestation } = &receipt.fact {
            parse_key(public_key).ok_or(bad(Flaw::Signature))?;
            self.key = Some((public_key.clone(), *attestation));
        }
        let (key, attestation) = self.key.as_ref().ok_or(bad(Flaw::NoKey))?;
        if !receipt.is_signed_by(key) {
            return Err(bad(Flaw::Signature));
        }
        let other = |anchor: &Head| anchor.seq == receipt.seq && anchor.hash != receipt.hash;
        if self.anchors.iter().any(other) {
            return Err(bad(Flaw::Rewritten));
        }
        self.found.count += 1;
        self.found.unattested += u64::from(*attestation == Attestation::Run);
        self.head = receipt.head();
        Ok(())
    }

    /// The hex public key that signs now; `None` before the first announcement.
    pub fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|(key, _)| key.as_str())
    }

    /// Where the walk stands.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// There are no more receipts.
    ///
    /// # Errors
    /// [`Flaw::Truncated`] at the first receipt that a known head says there must be.
    pub fn end(self) -> Result<Verified, BadReceipt> {
        let last = self.anchors.last().map_or(0, |anchor| anchor.seq);
        if last > self.head.seq {
            return Err(BadReceipt { seq: self.head.seq + 1, why: Flaw::Truncated });
        }
        Ok(Verified { head: self.head.hash, ..self.found })
    }
}

/// Walks a chain from its start and names the first bad entry.
pub fn verify<'a>(chain: impl IntoIterator<Item = &'a Receipt>) -> Result<Verified, BadReceipt> {
    let mut walk = Walk::against(Vec::new());
    for receipt in chain {
        walk.take(receipt)?;
    }
    walk.end()
}
