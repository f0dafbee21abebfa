//! What a gateway can do beyond the least that both dialects share. The unit of difference is the capability, not the
//! dialect (CONTRACT, head).

use crate::settings::Dialect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One thing a gateway may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Approvals carry a digest, and a decision is held against it (CONTRACT 1b).
    Digest,
    /// A decision may be sent again under the same key (CONTRACT 1c).
    Idempotency,
    /// Requests expire.
    Expiry,
    /// The stream goes on from a cursor (CONTRACT 2).
    Resume,
    /// A decision is answered with 202, its outcome comes over the stream.
    RespondAsync,
    /// An execution can be stopped.
    Stop,
    /// Bearer tokens instead of cookies.
    Bearer,
}

/// What one gateway can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capabilities(BTreeSet<Capability>);

impl Capabilities {
    /// What a dialect can do before its gateway has said more: everything, or nothing.
    pub fn of(dialect: Dialect) -> Self {
        use Capability as C;
        match dialect {
            Dialect::Platform => Self::default(),
            Dialect::Holdpoint => Self(BTreeSet::from([
                C::Digest,
                C::Idempotency,
                C::Expiry,
                C::Resume,
                C::RespondAsync,
                C::Stop,
                C::Bearer,
            ])),
        }
    }

    /// Reads the words of `hello`. Words this build does not know are left out; an empty list says nothing. Stop and
    /// bearer are part of protocol 1 itself.
    pub fn from_hello(words: &[String]) -> Self {
        if words.is_empty() {
            return Self::of(Dialect::Holdpoint);
        }
        let known = words.iter().filter_map(|word| from_word(word));
        Self(known.chain([Capability::Stop, Capability::Bearer]).collect())
    }

    /// Can it?
    pub fn has(&self, capability: Capability) -> bool {
        self.0.contains(&capability)
    }
}

fn from_word(word: &str) -> Option<Capability> {
    Some(match word {
        "digest" => Capability::Digest,
        "idempotency" => Capability::Idempotency,
        "expiry" => Capability::Expiry,
        "resume" => Capability::Resume,
        "async" | "respond-async" | "respond_async" => Capability::RespondAsync,
        "stop" => Capability::Stop,
        "bearer" => Capability::Bearer,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_says_what_it_can_and_a_word_too_many_does_no_harm() {
        let told = Capabilities::from_hello(&["digest".into(), "async".into(), "telepathy".into()]);
        assert!(
            told.has(Capability::Digest) && told.has(Capability::RespondAsync) && told.has(Capability::Stop)
        );
        assert!(!told.has(Capability::Idempotency));
        assert_eq!(Capabilities::from_hello(&[]), Capabilities::of(Dialect::Holdpoint));
        assert!(!Capabilities::of(Dialect::Platform).has(Capability::Stop));
    }
}
