//! Secrets are taken out before anything is stored (rule 13). Each hole keeps its JSON pointer and a keyed hash, so
//! that "the same secret as last time" can be said without keeping it.

use hmac::{Hmac, Mac};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use std::sync::LazyLock;

/// What stands where a secret was.
pub const MARK: &str = "[redacted]";

/// One secret that was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// JSON pointer (RFC 6901) to the text that held it.
    pub pointer: String,
    /// First 16 hex digits of HMAC-SHA-256 under the device's key.
    pub keyed_hash: String,
}

/// Names whose value is a secret, compared without case, `-` and `_`.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "apikey",
    "xapikey",
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "privatekey",
    "clientsecret",
    "secretkey",
    "sessionid",
    "credentials",
    "credential",
    "xauthtoken",
    "passphrase",
    "connectionstring",
];

/// Secrets recognised by their form. The whole match goes, or group 1 if there is one. Word boundaries are those of ASCII:
/// with Unicode's a text that holds a single foreign letter is searched a hundred times slower (A4).
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r"(?i)(?-u:\b)(?:bearer|basic|token)\s+([A-Za-z0-9._~+/=-]{8,})",
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*",
        r"(?-u:\b)(?:AKIA|ASIA)[0-9A-Z]{16}(?-u:\b)",
        r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{20,}(?-u:\b)",
        r"(?-u:\b)glpat-[A-Za-z0-9_-]{16,}",
        r"(?-u:\b)xox[abprs]-[A-Za-z0-9-]{10,}",
        r"(?-u:\b)sk-[A-Za-z0-9_-]{16,}",
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@",
        r#"(?i)(?-u:\b)(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|client[_-]?secret|token|passphrase)["']?\s*[:=]\s*["']?([^\s"'&,;{}]+)"#,
    ];
    patterns.iter().filter_map(|p| Regex::new(p).ok()).collect()
});

/// Is a value under this name a secret by its name alone?
fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
    SECRET_NAMES.contains(&plain.to_ascii_lowercase().as_str())
}

/// Takes the secrets out of a JSON value, in place.
pub fn redact(value: &mut Value, key: &[u8]) -> Vec<Hole> {
    let mut holes = Vec::new();
    walk(value, Layer::Document, &mut String::new(), key, &mut holes);
    holes
}

/// Where a value was found.
#[derive(Clone, Copy, PartialEq)]
enum Layer {
    /// In the document itself, where `{"secret":"name"}` is a reference, not a secret (CONTRACT 1b).
    Document,
    /// In JSON that stands in a text of the document.
    Embedded,
}

/// Takes the secrets out of one text.
pub fn redact_text(text: &str) -> String {
    let mut out = text.to_owned();
    for (start, end) in spans(text).into_iter().rev() {
        out.replace_range(start..end, MARK);
    }
    out
}

fn walk(value: &mut Value, layer: Layer, pointer: &mut String, key: &[u8], holes: &mut Vec<Hole>) {
    match value {
        Value::String(text) => {
            // A body or an argument is often JSON in a string: look inside, so that names count there too.
            let found = if looks_like_json(text) { redact_inner_json(text, pointer, key) } else { None };
            if let Some((clean, inner)) = found {
                *text = clean;
                holes.extend(inner);
            }
            let spans = spans(text);
            holes.extend(spans.iter().map(|&(start, end)| hole(pointer, &text[start..end], key)));
            for (start, end) in spans.into_iter().rev() {
                text.replace_range(start..end, MARK);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                descend(pointer, &index.to_string(), |pointer| walk(item, layer, pointer, key, holes));
            }
        }
        Value::Object(map) if layer == Layer::Document && is_reference(map) => {}
        Value::Object(map) => {
            for (name, item) in map.iter_mut() {
                let secret = is_secret_name(name);
                descend(pointer, name, |pointer| match item {
                    Value::String(text) if secret && text != MARK && !text.is_empty() => {
                        holes.push(hole(pointer, text, key));
                        *text = MARK.to_owned();
                    }
                    Value::Number(number) if secret => {
                        holes.push(hole(pointer, &number.to_string(), key));
                        *item = Value::String(MARK.to_owned());
                    }
                    other => walk(other, layer, pointer, key, holes),
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `{"secret":"name"}` of a text with secrets: the name is shown, the value was never here.
fn is_reference(map: &serde_json::Map<String, Value>) -> bool {
    map.len() == 1 && map.get("secret").is_some_and(Value::is_string)
}

fn descend(pointer: &mut String, name: &str, inner: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    inner(pointer);
    pointer.truncate(length);
}

fn looks_like_json(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with('{') || start.starts_with('[')
}

fn redact_inner_json(text: &str, pointer: &mut String, key: &[u8]) -> Option<(String, Vec<Hole>)> {
    let mut inner: Value = serde_json::from_str(text).ok()?;
    let mut holes = Vec::new();
    walk(&mut inner, Layer::Embedded, pointer, key, &mut holes);
    (!holes.is_empty()).then(|| (inner.to_string(), holes))
}

fn hole(pointer: &str, secret: &str, key: &[u8]) -> Hole {
    let mut keyed_hash = String::new();
    // HMAC takes a key of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(secret.as_bytes());
        keyed_hash = hex::encode(&mac.finalize().into_bytes()[..8]);
    }
    Hole { pointer: pointer.to_owned(), keyed_hash }
}

/// Byte ranges of the secrets in `text`, sorted and apart.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = PATTERNS
        .iter()
        .flat_map(|pattern| pattern.captures_iter(text))
        .filter_map(|captures| captures.get(1).or_else(|| captures.get(0)))
        .filter(|m| m.as_str() != MARK && !m.as_str().starts_with("{secret:"))
        .map(|m| (m.start(), m.end()))
        .collect();
    found.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in found {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rule_13_every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), 10);
    }

    #[test]
    fn rule_13_secrets_by_name_and_by_form_leave_holes_with_pointers() {
        let mut value = json!({
            "headers": {"authorization": "Bearer abcdefghijkl", "accept": "*/*"},
            "url": "postgres://ops:hunter2@db/x",
            "body": "{\"api_key\":\"k-123\",\"n\":1}",
            "log": ["login password=letmein ok"],
        });
        let holes = redact(&mut value, b"key");
        let text = value.to_string();
        for secret in ["abcdefghijkl", "hunter2", "k-123", "letmein"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let pointers: Vec<_> = holes.iter().map(|h| h.pointer.as_str()).collect();
        assert_eq!(pointers, ["/body/api_key", "/headers/authorization", "/log/0", "/url"]);
        assert_eq!(value["headers"]["accept"], "*/*");
    }

    #[test]
    fn rule_13_redacting_twice_changes_nothing_more() {
        let mut once = json!({"t": "token=abcdef123456 and Bearer abcdefgh12345678"});
        redact(&mut once, b"key");
        let mut twice = once.clone();
        assert!(redact(&mut twice, b"key").is_empty());
        assert_eq!(once, twice);
    }

    #[test]
    fn a_reference_to_a_secret_keeps_its_name_but_a_secret_in_a_body_does_not() {
        let mut value =
            json!({"url": ["https://h/?k=", {"secret": "ops-key"}], "body": "{\"secret\":\"abc\"}"});
        assert_eq!(redact(&mut value, b"key").len(), 1);
        assert_eq!(value["url"][1]["secret"], "ops-key");
        assert!(!value.to_string().contains("abc"));
    }

    #[test]
    fn a4_a_secret_behind_a_foreign_letter_is_taken_out_too() {
        let text = "ключtoken=abc123def и ßBearer abcdefgh12345678";
        let clean = redact_text(text);
        assert!(!clean.contains("abc123def") && !clean.contains("abcdefgh12345678"), "{clean}");
    }

    #[test]
    fn ordinary_texts_stay_whole() {
        let text = "POST http://127.0.0.1:9000/pool/restart?service=payments: 503 pool exhausted";
        assert_eq!(redact_text(text), text);
    }
}
