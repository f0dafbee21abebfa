//! Errors as a gateway tells them: RFC 9457, `{detail}`, JSON in a string, text/plain, HTML, or nothing at all
//! (CONTRACT 1, 3, 4). Always ends in a sentence for a person.

use domain::law::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where problem types live; the last segment is the slug.
pub const TYPE_PREFIX: &str = "https://holdpoint.dev/problems/";
/// Longest sentence taken over from a gateway, in characters.
const DETAIL_LIMIT: usize = 2_000;

macro_rules! slugs {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $status:literal, $title:literal;)*) => {
        /// The problem slugs of CONTRACT 1c.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Slug { $($(#[$doc])* $name,)* }

        impl Slug {
            /// All of them.
            pub const ALL: &'static [Slug] = &[$(Slug::$name,)*];

            /// The word at the end of `type`.
            pub fn word(self) -> &'static str {
                match self { $(Slug::$name => $word,)* }
            }

            /// The HTTP status it goes with.
            pub fn status(self) -> u16 {
                match self { $(Slug::$name => $status,)* }
            }

            /// The short title.
            pub fn title(self) -> &'static str {
                match self { $(Slug::$name => $title,)* }
            }
        }
    };
}

slugs! {
    /// No valid session.
    Unauthorized = "unauthorized", 401, "Not signed in";
    /// Signed in, but not for this.
    NotAllowed = "not-allowed", 403, "Not allowed";
    /// A policy says no.
    PolicyDenied = "policy-denied", 403, "Denied by policy";
    /// A budget is used up.
    BudgetExceeded = "budget-exceeded", 402, "Budget exceeded";
    /// Too many calls.
    RateLimited = "rate-limited", 429, "Too many requests";
    /// No such thing, or not for this person to see.
    NotFound = "not-found", 404, "Not found";
    /// Terminal already; tells by, at, verdict.
    AlreadyDecided = "already-decided", 409, "Already decided";
    /// Running now.
    Executing = "executing", 409, "Executing";
    /// The same key is being worked on.
    InProgress = "in-progress", 409, "Still in progress";
    /// The pause asks for a decision on one action.
    ActionDecisionNeeded = "action-decision-needed", 409, "A decision on the action is needed";
    /// That action does not wait.
    NotAwaitingAction = "not-awaiting-action", 409, "The action is not waiting";
    /// Nothing to stop.
    NotRunning = "not-running", 409, "Not running";
    /// The digest belongs to nothing this request ever was.
    DigestMismatch = "digest-mismatch", 400, "The digest does not match";
    /// Too late.
    Expired = "expired", 410, "Expired";
    /// Rendered anew since it was shown.
    Changed = "changed", 412, "Changed since it was shown";
    /// The content is wrong; `violations` tells where.
    Invalid = "invalid", 422, "Invalid";
    /// A reason of three letters or digits is missing.
    ReasonRequired = "reason-required", 422, "A reason is required";
    /// The same key with another body.
    KeyReused = "key-reused", 422, "The idempotency key was used for something else";
    /// High risk without a digest.
    DigestRequired = "digest-required", 428, "A digest is required";
    /// Something behind the gateway does not answer.
    UpstreamUnreachable = "upstream-unreachable", 502, "Upstream unreachable";
    /// Try again later.
    Unavailable = "unavailable", 503, "Unavailable";
}

impl Slug {
    /// Reads the last segment of a problem type.
    pub fn from_type(text: &str) -> Option<Self> {
        let word = text.trim_end_matches('/').rsplit('/').next()?;
        Self::ALL.iter().copied().find(|slug| slug.word() == word)
    }
}

impl From<Refusal> for Slug {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AlreadyDecided => Slug::AlreadyDecided,
            Refusal::Executing => Slug::Executing,
            Refusal::ActionDecisionNeeded => Slug::ActionDecisionNeeded,
            Refusal::NotAwaitingAction => Slug::NotAwaitingAction,
            Refusal::NotRunning => Slug::NotRunning,
            Refusal::Expired => Slug::Expired,
        }
    }
}

/// `application/problem+json` as a gateway of ours writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// URI that ends in a slug.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Short title.
    #[serde(default)]
    pub title: String,
    /// HTTP status.
    #[serde(default)]
    pub status: u16,
    /// A sentence for a person.
    #[serde(default)]
    pub detail: String,
    /// The path it happened at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// `X-Correlation-ID` of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Which part refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// `by`, `at`, `verdict`, `digest`, `violations` and the like.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Problem {
    /// A problem of that slug.
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{}", slug.word()),
            title: slug.title().to_owned(),
            status: slug.status(),
            detail: detail.into(),
            instance: None,
            correlation_id: None,
            layer: None,
            extra: Map::new(),
        }
    }

    /// The same with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
}

/// An error answer of any gateway, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// HTTP status.
    pub status: u16,
    /// The slug, where the gateway uses them.
    pub slug: Option<Slug>,
    /// A sentence for a person; never empty. Hostile text.
    pub detail: String,
    /// The problem's further members; empty on other forms.
    pub extra: Map<String, Value>,
    /// What form the body had.
    pub form: Form,
}

/// The form of an error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON of a gateway.
    Gateway,
    /// Plain text, of a gateway or of something in between.
    Text,
    /// HTML: some proxy or portal in between.
    Html,
    /// Nothing at all.
    Empty,
}

/// Reads an error answer. Cannot fail: what is not understood is quoted.
pub fn read(status: u16, body: &[u8]) -> Told {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() {
        let detail = format!("The gateway answered {status} without a reason.");
        return Told { status, slug: None, detail, extra: Map::new(), form: Form::Empty };
    }
    if looks_like_html(text) {
        let detail =
            format!("Something in between answered {status} with a web page instead of the gateway.");
        return Told { status, slug: None, detail, extra: Map::new(), form: Form::Html };
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(map)) => from_object(status, map),
        Ok(other) => quoted(status, sentence(&other, 0)),
        Err(_) => Told { form: Form::Text, ..quoted(status, unwrap_text(text, 0)) },
    }
}

fn from_object(status: u16, mut map: Map<String, Value>) -> Told {
    let slug = map.get("type").and_then(Value::as_str).and_then(Slug::from_type);
    let told = ["detail", "message", "error", "title"]
        .iter()
        .find_map(|name| map.get(*name).filter(|value| !is_blank(value)).map(|value| sentence(value, 0)));
    for known in ["type", "title", "status", "detail", "instance", "correlation_id", "layer"] {
        map.remove(known);
    }
    let mut read = quoted(status, told.unwrap_or_default());
    read.slug = slug;
    read.extra = map;
    read
}

fn quoted(status: u16, detail: String) -> Told {
    let detail = detail.trim();
    let detail = if detail.is_empty() {
        format!("The gateway answered {status} without a reason.")
    } else {
        detail.chars().take(DETAIL_LIMIT).collect()
    };
    Told { status, slug: None, detail, extra: Map::new(), form: Form::Gateway }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A JSON value as a sentence: strings are unwrapped, validation lists joined.
fn sentence(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) => unwrap_text(text, depth),
        Value::Array(items) => {
            items.iter().take(20).map(|item| sentence(item, depth + 1)).collect::<Vec<_>>().join("; ")
        }
        Value::Object(map) => match (map.get("msg"), map.get("detail").or_else(|| map.get("message"))) {
            (Some(message), _) => match map.get("loc").and_then(Value::as_array) {
                Some(place) => format!("{}: {}", join_place(place), sentence(message, depth + 1)),
                None => sentence(message, depth + 1),
            },
            (None, Some(inner)) if depth < 6 => sentence(inner, depth + 1),
            _ => value.to_string(),
        },
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn join_place(place: &[Value]) -> String {
    let words: Vec<String> = place
        .iter()
        .filter(|part| part.as_str() != Some("body"))
        .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
        .collect();
    words.join(".")
}

/// `Agentic container error: {"detail": "..."}` -> the innermost sentence, with the outer words kept in front.
fn unwrap_text(text: &str, depth: usize) -> String {
    let Some(start) = text.find(['{', '[']).filter(|_| depth < 6) else { return text.trim().to_owned() };
    match serde_json::from_str::<Value>(text[start..].trim()) {
        Ok(inner) => {
            let before = text[..start].trim().trim_end_matches(':').trim();
            let inner = sentence(&inner, depth + 1);
            if before.is_empty() { inner } else { format!("{before}: {inner}") }
        }
        Err(_) => text.trim().to_owned(),
    }
}

/// Does a body look like a web page?
pub fn looks_like_html(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(64).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype") || head.starts_with("<html") || head.starts_with("<head")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_ours_keeps_slug_and_members() {
        let problem =
            Problem::new(Slug::AlreadyDecided, "Decided by b@example.com.").with("by", "b@example.com");
        let told = read(409, &serde_json::to_vec(&problem).expect("serialises"));
        assert_eq!(told.slug, Some(Slug::AlreadyDecided));
        assert_eq!(told.extra["by"], "b@example.com");
        assert_eq!(told.detail, "Decided by b@example.com.");
    }

    #[test]
    fn json_in_a_string_is_read_to_its_inner_sentence() {
        let body = br#"{"detail":"Agentic container error: {\"detail\":\"Approval request not found\"}"}"#;
        assert_eq!(read(404, body).detail, "Agentic container error: Approval request not found");
        let list = br#"{"detail":"Agentic container error: {\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"service\"],\"msg\":\"Field required\"}]}"}"#;
        assert_eq!(read(422, list).detail, "Agentic container error: service: Field required");
    }

    #[test]
    fn text_html_and_nothing_still_give_a_sentence() {
        assert_eq!(read(503, b"upstream is restarting").detail, "upstream is restarting");
        assert_eq!(read(502, b"<!DOCTYPE html><html>").form, Form::Html);
        assert_eq!(read(500, b"  ").form, Form::Empty);
        assert!(!read(500, b"{\"detail\":\"\"}").detail.is_empty());
        assert!(!read(500, &[0xff, 0xfe, 0x00]).detail.is_empty());
    }

    #[test]
    fn every_slug_reads_back() {
        for slug in Slug::ALL {
            assert_eq!(Slug::from_type(&Problem::new(*slug, "x").kind), Some(*slug));
        }
    }
}
