//! Receipts (rule 10): a hash chain of what was decided here, what came of it and which key signs.
//! Tamper-evident up to the last exported head, no more.

mod line;
mod walk;

pub use line::{BadLine, Line, export_line};
pub use walk::{BadReceipt, Flaw, Verified, Walk, verify};

use crate::decision::{DecisionId, OutboxState, Point, Verdict};
use crate::digest::{Digest, hash_canonical};
use crate::id::{GatewayId, PipelineId, RequestId};
use crate::outcome::ActionResult;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// The version of the receipt's form; the ones before it are read as well.
pub const FORMAT: u32 = 2;
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
        /// The request's pipeline; from format 2 on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pipeline_id: Option<PipelineId>,
        /// How its outbox row started; from format 2 on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<OutboxState>,
        /// Hash over all that is kept of what was shown; from format 2 on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Where the key lives.
    pub fn attestation(&self) -> Attestation {
        self.attestation
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

    /// Does it say what was hashed when it was written, and is that signed by this hex public key? Says nothing about
    /// its place in a chain.
    pub fn is_signed_by(&self, public_key: &str) -> bool {
        let signed = || {
            let signature = Signature::from_bytes(&hex::decode(&self.signature).ok()?.try_into().ok()?);
            parse_key(public_key)?.verify(self.hash.as_bytes(), &signature).ok()
        };
        self.hash == self.computed_hash() && signed().is_some()
    }

    fn computed_hash(&self) -> String {
        hash_of(self.format, self.seq, &self.at, &self.prev, &self.fact)
    }
}

/// A head as a person writes it down: `seq:hash`.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// What was given as a head is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is written as NUMBER:HASH, as `holdctl receipts export` prints it")]
pub struct BadHead;

impl FromStr for Head {
    type Err = BadHead;

    fn from_str(text: &str) -> Result<Self, BadHead> {
        let (seq, hash) = text.trim().split_once(':').ok_or(BadHead)?;
        let whole = hash.len() == GENESIS.len() && hash.chars().all(|c| c.is_ascii_hexdigit());
        let seq = seq.parse().ok().filter(|_| whole).ok_or(BadHead)?;
        Ok(Self { seq, hash: hash.to_ascii_lowercase() })
    }
}

fn hash_of(format: u32, seq: u64, at: &DateTime<Utc>, prev: &str, fact: &Fact) -> String {
    hash_canonical(&serde_json::json!({"format": format, "seq": seq, "at": at, "prev": prev, "fact": fact}))
}

fn parse_key(text: &str) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&hex::decode(text).ok()?.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests;
