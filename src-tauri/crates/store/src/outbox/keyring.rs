//! Whose signature counts on a receipt: the key that was announced last before it (rule 10).

use domain::receipt::{Fact, Receipt};

/// The announced keys, each from its receipt's number on.
#[derive(Clone, Debug)]
pub(super) enum Keyring {
    /// The keychain keeps one key for this device: no other counts.
    Own(String),
    /// Each run announced its own; in the order of their numbers.
    Announced {
        /// The key of this run, for what it wrote before anything was announced.
        own: String,
        /// Number and key.
        keys: Vec<(u64, String)>,
    },
}

impl Keyring {
    /// From the announcements in the chain, in order; one that is not signed by the key it names does not count.
    pub(super) fn of(own: String, announcements: &[Receipt]) -> Self {
        let keys = announcements.iter().filter_map(|receipt| match &receipt.fact {
            Fact::KeyChange { public_key, .. } if receipt.is_signed_by(public_key) => {
                Some((receipt.seq, public_key.clone()))
            }
            _ => None,
        });
        Keyring::Announced { own, keys: keys.collect() }
    }

    /// Is the receipt signed by the key that counted at its place?
    pub(super) fn has_signed(&self, receipt: &Receipt) -> bool {
        let key = match self {
            Keyring::Own(own) => own,
            Keyring::Announced { own, keys } => {
                let before = keys.partition_point(|(seq, _)| *seq <= receipt.seq);
                keys[..before].last().map_or(own, |(_, key)| key)
            }
        };
        receipt.is_signed_by(key)
    }
}
