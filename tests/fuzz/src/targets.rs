//! The decoders: frames of the socket, pages of events, errors of any form, canonical JSON.

use domain::digest::hash_canonical;
use domain::redact::redact;
use domain::{Approval, escape};
use protocol::platform::Document;
use protocol::{frame, problem, rest};
use serde_json::Value;

/// A text frame of the socket.
pub(crate) fn frame(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        // A bad frame is told, never more.
        let _ = frame::decode(text);
        let _ = escape::visible(text);
    }
}

/// A page of events, a snapshot, a document, an approval: and what is read of it can be shown, hashed and stored.
pub(crate) fn event(bytes: &[u8]) {
    let _ = rest::read_events(bytes);
    let _ = rest::read_snapshot(bytes);
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let _ = Document::read(value.clone());
    if let Ok(approval) = serde_json::from_value::<Approval>(value.clone()) {
        let digest = approval.computed_digest();
        assert_eq!(digest, approval.computed_digest());
        let written = serde_json::to_value(&approval).expect("what was read can be written");
        let again: Approval = serde_json::from_value(written).expect("and read again");
        assert_eq!(again.computed_digest(), digest, "what is stored hashes as what was shown");
    }
    let mut value = value;
    let _ = redact(&mut value, &[7; 32]);
}

/// An error's body, under a status taken from its first bytes.
pub(crate) fn error(bytes: &[u8]) {
    let Some((status, body)) = bytes.split_first_chunk::<2>() else { return };
    let _ = problem::read(u16::from_le_bytes(*status), body);
}

/// Canonical JSON: the order of names and the spaces do not count, and a second round changes nothing.
pub(crate) fn canonical(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let hash = hash_canonical(&value);
    let written = serde_json::to_string_pretty(&value).expect("a value can be written");
    let again: Value = serde_json::from_str(&written).expect("and read again");
    assert_eq!(hash, hash_canonical(&again), "{written}");
}
