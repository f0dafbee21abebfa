//! Finding things in the JSON that the product's programs print.
//!
//! Deliberately loose: this tool judges what happened, not the exact shape of each object; the shapes have tests of
//! their own.

use serde_json::Value;

/// The value of the field `name` that lies nearest to the root.
pub(crate) fn seek<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let mut level = vec![value];
    while !level.is_empty() {
        if let Some(found) = level.iter().find_map(|value| value.get(name)) {
            return Some(found);
        }
        level = level.into_iter().flat_map(children).collect();
    }
    None
}

/// The same, as text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    seek(value, name)?.as_str()
}

/// Whether any string in it, at any depth, is exactly `word`.
pub(crate) fn holds(value: &Value, word: &str) -> bool {
    value.as_str() == Some(word) || children(value).any(|child| holds(child, word))
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_field_nearest_to_the_root_wins() {
        let value = json!({"a":{"digest":"deep"},"b":[{"c":{"digest":"deeper"}}],"digest":"top"});
        assert_eq!(text(&value, "digest"), Some("top"));
        assert_eq!(text(&value["b"], "digest"), Some("deeper"));
        assert_eq!(text(&value, "absent"), None);
    }

    #[test]
    fn a_word_is_held_whole_or_not_at_all() {
        let value = json!({"events":[{"data":{"request_id":"APR-1"}}]});
        assert!(holds(&value, "APR-1"));
        assert!(!holds(&value, "APR"));
    }
}
