//! The URL of an HTTP action. Owns the promise that a value can change neither host nor path structure: values are
//! percent-encoded down to RFC 3986 "unreserved", and a segment that would be empty, `.` or `..` is refused.

use super::template::{Piece, Template};
use super::values::scalar_text;
use super::{Arguments, Violation};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use url::Url;

/// Everything but RFC 3986 "unreserved".
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A base address that was checked: http(s), a host, no user, query or fragment.
#[derive(Clone, Debug)]
pub(super) struct Base(Url);

/// A path template, split into checked segments.
#[derive(Clone, Debug)]
pub(super) struct Path(Vec<Template>);

impl Base {
    /// Reads `execution.base_url`.
    pub(super) fn parse(text: &str) -> Result<Self, Violation> {
        let wrong = |message: String| Violation::new("execution.base_url", message);
        let url = Url::parse(text).map_err(|why| {
            wrong(format!(
                "`{text}` is not an absolute address ({why}); write it like https://host:port/path"
            ))
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong(format!("`{text}` must begin with http:// or https:// and name a host")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user or password; use `security` with a secret instead".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(format!("`{text}` holds a query or fragment; those do not belong here")));
        }
        Ok(Self(url))
    }

    /// The address for a path that was filled in.
    pub(super) fn join(&self, path: &str) -> Result<String, Violation> {
        let text = format!("{}{}{path}", self.origin(), self.0.path().trim_end_matches('/'));
        // Read back as the sender will read it: the text shown must be the text that is sent.
        let read = Url::parse(&text).map_err(|why| Violation::new("execution.path", why.to_string()))?;
        if read.as_str() != text || read.origin() != self.0.origin() {
            return Err(Violation::new("execution.path", format!("{text} would be sent as {read}")));
        }
        Ok(text)
    }

    fn origin(&self) -> &str {
        &self.0[..url::Position::BeforePath]
    }
}

impl Path {
    /// Reads `execution.path`.
    pub(super) fn parse(text: &str) -> Result<Self, Violation> {
        let wrong = |message: String| Violation::new("execution.path", message);
        let inner = text.strip_prefix('/').ok_or_else(|| wrong(format!("`{text}` must begin with /")))?;
        let count = inner.split('/').count();
        let mut segments = Vec::with_capacity(count);
        for (index, segment) in inner.split('/').enumerate() {
            let template = Template::parse(segment);
            if segment.is_empty() && index + 1 < count {
                return Err(wrong(format!("`{text}` holds an empty segment")));
            }
            for piece in &template.0 {
                match piece {
                    Piece::Literal(literal) if !is_path_text(literal) => {
                        return Err(wrong(format!("`{segment}` holds characters that no path may hold")));
                    }
                    Piece::Secret(_) => {
                        return Err(wrong(
                            "holds a secret; a path is shown and logged, use a header".to_owned(),
                        ));
                    }
                    Piece::Literal(_) | Piece::Parameter(_) => {}
                }
            }
            if is_dots(segment) {
                return Err(wrong(format!("`{text}` holds `{segment}`, which would climb")));
            }
            segments.push(template);
        }
        Ok(Self(segments))
    }

    /// Its segments, for checks on their holes.
    pub(super) fn segments(&self) -> &[Template] {
        &self.0
    }

    /// The path with its values, encoded.
    pub(super) fn fill(&self, arguments: &Arguments, violations: &mut Vec<Violation>) -> Option<String> {
        let mut out = String::new();
        let before = violations.len();
        for template in &self.0 {
            let mut segment = String::new();
            for piece in &template.0 {
                match piece {
                    Piece::Literal(text) => segment.push_str(text),
                    Piece::Secret(_) => {}
                    Piece::Parameter(name) => match arguments.get(name).and_then(path_text) {
                        Some(text) => segment.push_str(&text),
                        None => violations.push(Violation::new(
                            format!("context.{name}"),
                            "stands in the path: a text, number or boolean that is not empty is needed",
                        )),
                    },
                }
            }
            if is_dots(&segment) && violations.len() == before {
                let name = template.parameters().next().unwrap_or_default();
                violations.push(Violation::new(
                    format!("context.{name}"),
                    format!("`{segment}` would climb in the path"),
                ));
            }
            out.push('/');
            out.push_str(&segment);
        }
        (violations.len() == before).then_some(out)
    }
}

/// Percent-encodes all but unreserved characters.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A value as it stands in a path; a list with commas between (OpenAPI style `simple`).
fn path_text(value: &Value) -> Option<String> {
    let encoded =
        |value: &Value| scalar_text(value).filter(|text| !text.is_empty()).map(|text| encode(&text));
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(encoded).collect::<Option<Vec<_>>>().map(|all| all.join(","))
        }
        one => encoded(one),
    }
}

/// RFC 3986 `pchar`s.
fn is_path_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';'
        | b'=' | b':' | b'@' => true,
        other => other.is_ascii_alphanumeric(),
    })
}

/// `.` or `..`, in any encoding.
fn is_dots(segment: &str) -> bool {
    matches!(percent_decode_str(segment).decode_utf8_lossy().as_ref(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn filled(template: &str, value: Value) -> Result<String, Vec<Violation>> {
        let arguments = Arguments::from([("id".to_owned(), value)]);
        let mut violations = Vec::new();
        let base = Base::parse("http://host:81/api/").map_err(|v| vec![v])?;
        let path = Path::parse(template).map_err(|v| vec![v])?;
        match path.fill(&arguments, &mut violations) {
            Some(path) => base.join(&path).map_err(|v| vec![v]),
            None => Err(violations),
        }
    }

    #[test]
    fn a_value_is_one_segment_whatever_it_holds() {
        let url = filled("/pools/{id}/restart", json!("a/../b?x=1#y\\@evil.example")).expect("renders");
        assert_eq!(url, "http://host:81/api/pools/a%2F..%2Fb%3Fx%3D1%23y%5C%40evil.example/restart");
    }

    #[test]
    fn values_that_would_climb_or_vanish_are_refused() {
        for value in [json!(".."), json!("."), json!(""), json!(null), json!({}), json!([])] {
            assert!(filled("/pools/{id}", value.clone()).is_err(), "{value}");
        }
        assert!(filled("/x/.{id}", json!(".")).is_err());
        assert_eq!(filled("/x/{id}", json!("%2e%2e")).expect("a text"), "http://host:81/api/x/%252e%252e");
    }

    #[test]
    fn templates_that_climb_or_hold_strange_characters_are_refused() {
        for template in
            ["x", "/a//b", "/../a", "/%2e%2E/a", "/a b", "/a\\b", "/a?x=1", "/{secret:k}", "//evil.example/"]
        {
            assert!(Path::parse(template).is_err(), "{template}");
        }
        assert!(Path::parse("/").is_ok() && Path::parse("/a/").is_ok());
    }

    #[test]
    fn a_base_is_absolute_http_without_user_or_query() {
        for text in [
            "",
            "/x",
            "ftp://h/",
            "http://u:p@h/",
            "http://h/?q",
            "http://h/#f",
            "file:///etc",
            "javascript:1",
        ] {
            assert!(Base::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_value_changes_host_or_depth(value in "\\PC*|[\\x00-\\x7f]*") {
            if let Ok(text) = filled("/p/{id}/end", json!(value)) {
                let url = Url::parse(&text).expect("absolute");
                prop_assert_eq!(url.host_str(), Some("host"));
                prop_assert_eq!(url.port(), Some(81));
                prop_assert_eq!(url.path_segments().map(Iterator::count), Some(4));
                prop_assert!(url.query().is_none() && url.fragment().is_none());
                prop_assert_eq!(url.as_str(), text);
            }
        }
    }
}
