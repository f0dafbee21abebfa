//! Refresh tokens (CONTRACT 1): 256 random bits, stored as hashes, rotated in families. Pure.
//!
//! A successor is derived from its predecessor and the database's key, so that the immediate predecessor can be
//! answered with the very same successor although no token is ever stored.

use crate::db::sessions::TokenRow;
use domain::Entropy;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// How long the immediate predecessor is honoured.
const GRACE_MS: i64 = 60_000;

/// What to do with a refresh token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Exchange it for its successor.
    Rotate,
    /// Answer with the successor that exists already.
    Repeat,
    /// Too old: it only ends.
    Expired,
    /// The family had been ended.
    Revoked,
    /// Used long after it was exchanged: someone has a copy. End the family.
    Reused,
}

/// A first token, for a new family.
pub(crate) fn first(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    hex::encode(bytes)
}

/// The token that follows `token`.
pub(crate) fn successor(key: &[u8], token: &str) -> String {
    // HMAC takes a key of any length: the empty text is never reached.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(b"refresh-successor:");
            mac.update(token.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// What is stored of a token.
pub(crate) fn stored(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Judges a known token.
pub(crate) fn judge(token: &TokenRow, now_ms: i64) -> Judgement {
    match token.rotated_at {
        _ if token.revoked => Judgement::Revoked,
        _ if token.expires_at <= now_ms => Judgement::Expired,
        None => Judgement::Rotate,
        Some(at) if !token.successor_rotated && now_ms < at + GRACE_MS => Judgement::Repeat,
        Some(_) => Judgement::Reused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> TokenRow {
        TokenRow {
            session_id: "s".into(),
            expires_at: 1_000_000,
            rotated_at: None,
            successor_rotated: false,
            revoked: false,
        }
    }

    #[test]
    fn only_the_immediate_predecessor_is_honoured_and_only_for_a_minute() {
        let rotated = TokenRow { rotated_at: Some(1_000), ..row() };
        assert_eq!(judge(&row(), 1_000), Judgement::Rotate);
        assert_eq!(judge(&rotated, 60_999), Judgement::Repeat);
        assert_eq!(judge(&rotated, 61_000), Judgement::Reused);
        assert_eq!(judge(&TokenRow { successor_rotated: true, ..rotated }, 2_000), Judgement::Reused);
        assert_eq!(judge(&TokenRow { revoked: true, ..row() }, 0), Judgement::Revoked);
        assert_eq!(judge(&row(), 1_000_000), Judgement::Expired);
    }

    #[test]
    fn a_successor_is_the_same_each_time_and_depends_on_key_and_token() {
        assert_eq!(successor(b"k", "a"), successor(b"k", "a"));
        assert_ne!(successor(b"k", "a"), successor(b"k", "b"));
        assert_ne!(successor(b"k", "a"), successor(b"l", "a"));
        assert_eq!(successor(b"k", "a").len(), 64);
    }
}
