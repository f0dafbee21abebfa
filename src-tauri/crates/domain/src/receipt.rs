//! Receipts (rule 10): a hash chain of what was decided here, what came of it and which key signs.
//! Tamper-evident up to the last exported head, no more.

use crate::decision::{DecisionId, OutboxState, Point, Verdict};
use crate::digest::{Digest, hash_canonical};
use crate::id::{GatewayId, RequestId};
use crate::outcome::ActionResult;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the receipt's form.
pub const FORMAT: u32 = 1;
/// What the first receipt of a chain points back to.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// A person decided; written in the transaction of the outbox row.
    Decided {
        /// The gateway's id here.
        gateway: GatewayId,
        /// The request.
        request_id: RequestId,
        /// The request, or one action.
        point: Point,
        /// The decision.
        decision: DecisionId,
        /// What the person wants.
        #[serde(flatten)]
        verdict: Verdict,
        /// The signed-in identity (rule 8).
        identity: String,
        /// The digest of what was shown.
        digest: Digest,
        /// The effects as shown, secrets redacted.
        effects: Vec<Value>,
    },
    /// The decision's outbox row changed state.
    Outcome {
        /// The gateway's id here.
        gateway: GatewayId,
        /// The request.
        request_id: RequestId,
        /// The decision.
        decision: DecisionId,
        /// The new state.
        state: OutboxState,
        /// The request's status at the gateway, if known.
        status: Option<String>,
        /// A sentence.
        detail: Option<String>,
        /// Results, where there are any; redacted.
        results: Vec<ActionResult>,
    },
    /// From here on another key signs.
    KeyChange {
        /// Hex public key that signs this and what follows.
        public_key: String,
        /// Kept in a keychain, or alive only for one run.
        attestation: Attestation,
    },
}

/// Where the signing key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attestation {
    /// In the OS keychain of this device.
    Keychain,
    /// Only in memory: `verify` warns "unattested key".
    Run,
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`FORMAT`].
    pub format: u32,
    /// From 1, without holes.
    pub seq: u64,
    /// Local time of writing.
    pub at: DateTime<Utc>,
    /// `hash` of the one before, or [`GENESIS`].
    pub prev: String,
    /// What it says.
    pub fact: Fact,
    /// Hex SHA-256 over RFC 8785 of the fields above.
    pub hash: String,
    /// Hex Ed25519 signature over the ASCII of `hash`.
    pub signature: String,
}

/// The end of a chain: what the next receipt hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Seq of the last receipt; 0 for none.
    pub seq: u64,
    /// Its hash, or [`GENESIS`].
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }
}

/// A device key and where it lives.
pub struct Device {
    key: SigningKey,
    attestation: Attestation,
}

impl Device {
    /// From 32 secret bytes.
    pub fn new(secret: [u8; 32], attestation: Attestation) -> Self {
        Self { key: SigningKey::from_bytes(&secret), attestation }
    }

    /// Hex public key.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().as_bytes())
    }

    /// The fact that announces this key.
    pub fn announcement(&self) -> Fact {
        Fact::KeyChange { public_key: self.public_key(), attestation: self.attestation }
    }

    /// Signs the receipt that follows `head`.
    pub fn seal(&self, head: &Head, at: DateTime<Utc>, fact: Fact) -> Receipt {
        let seq = head.seq + 1;
        let hash = hash_of(FORMAT, seq, &at, &head.hash, &fact);
        let signature = hex::encode(self.key.sign(hash.as_bytes()).to_bytes());
        Receipt { format: FORMAT, seq, at, prev: head.hash.clone(), fact, hash, signature }
    }
}

impl Receipt {
    /// The head after this receipt.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash.clone() }
    }
}

fn hash_of(format: u32, seq: u64, at: &DateTime<Utc>, prev: &str, fact: &Fact) -> String {
    hash_canonical(&serde_json::json!({"format": format, "seq": seq, "at": at, "prev": prev, "fact": fact}))
}

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
}

/// Walks a chain from its start and names the first bad entry.
pub fn verify<'a>(chain: impl IntoIterator<Item = &'a Receipt>) -> Result<Verified, BadReceipt> {
    let mut head = Head::default();
    let mut key: Option<(VerifyingKey, Attestation)> = None;
    let mut found = Verified { head: head.hash.clone(), ..Verified::default() };
    for receipt in chain {
        let bad = |why| BadReceipt { seq: receipt.seq, why };
        if receipt.format != FORMAT {
            return Err(bad(Flaw::Format));
        }
        if receipt.seq != head.seq + 1 {
            return Err(BadReceipt { seq: head.seq + 1, why: Flaw::Sequence });
        }
        if receipt.prev != head.hash {
            return Err(bad(Flaw::Link));
        }
        if receipt.hash != hash_of(receipt.format, receipt.seq, &receipt.at, &receipt.prev, &receipt.fact) {
            return Err(bad(Flaw::Content));
        }
        if let Fact::KeyChange { public_key, attestation } = &receipt.fact {
            key = Some((parse_key(public_key).ok_or(bad(Flaw::Signature))?, *attestation));
        }
        let (verifying, attestation) = key.as_ref().ok_or(bad(Flaw::NoKey))?;
        let signature = parse_signature(&receipt.signature).ok_or(bad(Flaw::Signature))?;
        verifying.verify(receipt.hash.as_bytes(), &signature).map_err(|_| bad(Flaw::Signature))?;
        found.count += 1;
        found.unattested += u64::from(*attestation == Attestation::Run);
        head = receipt.head();
    }
    found.head = head.hash;
    Ok(found)
}

fn parse_key(text: &str) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&hex::decode(text).ok()?.try_into().ok()?).ok()
}

fn parse_signature(text: &str) -> Option<Signature> {
    Some(Signature::from_bytes(&hex::decode(text).ok()?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn chain(length: u64) -> Vec<Receipt> {
        let device = Device::new([7; 32], Attestation::Keychain);
        let mut head = Head::default();
        let mut out = Vec::new();
        for n in 0..length {
            let fact = if n == 0 {
                device.announcement()
            } else {
                Fact::Decided {
                    gateway: GatewayId(Uuid::from_u128(1)),
                    request_id: format!("r{n}").into(),
                    point: Point::Request,
                    decision: DecisionId(Uuid::from_u128(n.into())),
                    verdict: Verdict::Approve,
                    identity: "a@example.com".into(),
                    digest: Digest("sha-256:00".into()),
                    effects: vec![],
                }
            };
            let receipt = device.seal(&head, DateTime::UNIX_EPOCH, fact);
            head = receipt.head();
            out.push(receipt);
        }
        out
    }

    #[test]
    fn rule_10_a_whole_chain_verifies_also_after_a_trip_through_json() {
        let text = serde_json::to_string(&chain(4)).expect("serialises");
        let read: Vec<Receipt> = serde_json::from_str(&text).expect("decodes");
        let found = verify(&read).expect("whole");
        assert_eq!((found.count, found.unattested), (4, 0));
    }

    #[test]
    fn rule_10_the_first_bad_entry_is_named() {
        let mut edited = chain(5);
        if let Fact::Decided { identity, .. } = &mut edited[2].fact {
            *identity = "b@example.com".into();
        }
        assert_eq!(verify(&edited), Err(BadReceipt { seq: 3, why: Flaw::Content }));

        let mut removed = chain(5);
        removed.remove(2);
        assert_eq!(verify(&removed), Err(BadReceipt { seq: 3, why: Flaw::Sequence }));

        let mut swapped = chain(5);
        swapped.swap(2, 3);
        assert_eq!(verify(&swapped), Err(BadReceipt { seq: 3, why: Flaw::Sequence }));

        let mut resigned = chain(5);
        let thief = Device::new([8; 32], Attestation::Keychain);
        resigned[4] = thief.seal(&resigned[3].head(), DateTime::UNIX_EPOCH, resigned[4].fact.clone());
        assert_eq!(verify(&resigned), Err(BadReceipt { seq: 5, why: Flaw::Signature }));
    }

    #[test]
    fn rule_10_a_key_of_one_run_is_counted_as_unattested() {
        let device = Device::new([9; 32], Attestation::Run);
        let receipt = device.seal(&Head::default(), DateTime::UNIX_EPOCH, device.announcement());
        assert_eq!(verify([&receipt]).expect("holds").unattested, 1);
    }
}
