//! JSON Schema as far as a parameter needs it: type, default, and what can be checked as one regular expression. The
//! rest of a schema is the service's own business; it checks again.

use super::reference::{Document, Unusable};
use crate::render::{misfit, whole_match};
use domain::action::Parameter;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Schemas that `allOf` may join.
const MAX_PARTS: usize = 100;

/// Characters of a description that are kept.
const MAX_PROSE_CHARS: usize = 500;

/// Must a value be given?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Yes.
    Required,
    /// No.
    Optional,
}

/// A schema with what `allOf` joins to it, references resolved. The outermost comes first.
pub(super) struct Schema<'a>(Vec<&'a Value>);

impl<'a> Schema<'a> {
    /// Reads a schema; each part is taken once, however often it is referred to.
    pub(super) fn read(document: &Document<'a>, schema: &'a Value) -> Result<Self, Unusable> {
        let mut parts: Vec<&'a Value> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![schema];
        while let Some(next) = waiting.pop() {
            let part = document.resolve(next)?;
            if parts.len() >= MAX_PARTS || !seen.insert(std::ptr::from_ref(part) as usize) {
                continue;
            }
            parts.push(part);
            if let Some(all) = part.get("allOf").and_then(Value::as_array) {
                waiting.extend(all.iter().take(MAX_PARTS).rev());
            }
        }
        Ok(Self(parts))
    }

    /// The JSON type, empty if the schema leaves it open.
    pub(super) fn kind(&self) -> &'static str {
        if let Some(kind) = self.0.iter().find_map(|part| told_kind(part.get("type")?)) {
            return kind;
        }
        let holds = |name: &str| self.0.iter().any(|part| part.get(name).is_some());
        match () {
            () if holds("properties") || holds("additionalProperties") => "object",
            () if holds("items") => "array",
            () if holds("pattern") => "string",
            () => "",
        }
    }

    /// Properties in order of name; a later part does not replace an earlier one. What only the service may write is
    /// left out.
    pub(super) fn properties(&self) -> Vec<(&'a str, &'a Value)> {
        let mut seen = BTreeSet::new();
        let all = self.0.iter().filter_map(|part| part.get("properties")?.as_object()).flatten();
        all.filter(|(name, schema)| schema.get("readOnly") != Some(&Value::Bool(true)) && seen.insert(*name))
            .map(|(name, schema)| (name.as_str(), schema))
            .collect()
    }

    /// Must this property be given?
    pub(super) fn need(&self, property: &str) -> Need {
        let required = |part: &&Value| {
            part.get("required")
                .and_then(Value::as_array)
                .is_some_and(|all| all.iter().any(|name| name == property))
        };
        if self.0.iter().any(required) { Need::Required } else { Need::Optional }
    }

    /// The parameter for a value of this schema.
    pub(super) fn parameter(&self, document: &Document<'a>, need: Need) -> Result<Parameter, Unusable> {
        let kind = self.kind();
        let mut extra = Map::new();
        if let Some(prose) = self.first("description").and_then(Value::as_str) {
            extra.insert("description".to_owned(), shortened(prose));
        }
        let told = match self.first("items") {
            Some(items) if kind == "array" => Schema::read(document, items)?.pattern(),
            _ => self.pattern(),
        };
        if let Some(pattern) = &told {
            // Compiling is the dearest work on a document: without a price, patterns would escape the bound.
            document.work(if pattern.contains(['{', '*', '+', '\\']) { 1_000 } else { 50 })?;
        }
        let validation_regex = told.filter(|pattern| match whole_match(pattern) {
            Ok(_) => true,
            Err(_) => {
                // Look-around and the like: the service still checks it, a person should know of it.
                extra.insert("pattern_not_checked".to_owned(), shortened(pattern));
                false
            }
        });
        let mut parameter = Parameter {
            kind: kind.to_owned(),
            required: need == Need::Required,
            default: None,
            validation_regex,
            extra,
        };
        parameter.default = self.default().filter(|value| misfit(&parameter, value).is_none()).cloned();
        Ok(parameter)
    }

    fn first(&self, name: &str) -> Option<&'a Value> {
        self.0.iter().find_map(|part| part.get(name))
    }

    /// The default, or the only value there can be.
    fn default(&self) -> Option<&'a Value> {
        let only = || match self.first("enum")?.as_array()?.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        self.first("default").or_else(|| self.first("const")).or_else(only).filter(|value| !value.is_null())
    }

    /// `const`, `enum` or `pattern`, as an expression over the whole text.
    fn pattern(&self) -> Option<String> {
        let one_of = |values: &[Value]| {
            let texts: Option<Vec<String>> = values
                .iter()
                .filter(|v| !v.is_null())
                .map(|v| plain(v).map(|text| regex::escape(&text)))
                .collect();
            texts.filter(|all| !all.is_empty()).map(|all| all.join("|"))
        };
        if let Some(value) = self.first("const") {
            return one_of(std::slice::from_ref(value));
        }
        if let Some(values) = self.first("enum").and_then(Value::as_array) {
            return one_of(values);
        }
        let pattern = self.first("pattern")?.as_str()?;
        let anchored = pattern.starts_with('^')
            && pattern.ends_with('$')
            && !pattern.ends_with("\\$")
            && !pattern.contains('|');
        // JSON Schema searches, a validation_regex matches the whole.
        Some(if anchored { pattern.to_owned() } else { format!("(?s:.*)(?:{pattern})(?s:.*)") })
    }
}

/// The beginning of a text from the document.
pub(super) fn shortened(prose: &str) -> Value {
    Value::String(prose.chars().take(MAX_PROSE_CHARS).collect())
}

fn told_kind(told: &Value) -> Option<&'static str> {
    let known = |word: &str| {
        ["string", "integer", "number", "boolean", "array", "object"].into_iter().find(|kind| *kind == word)
    };
    match told {
        Value::String(word) => known(word),
        // OpenAPI 3.1 lists types; with more than one besides null, the value is left open.
        Value::Array(words) => {
            let mut kinds = words.iter().filter_map(Value::as_str).filter(|word| *word != "null");
            match (kinds.next(), kinds.next()) {
                (Some(one), None) => known(one),
                _ => None,
            }
        }
        _ => None,
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bit) => Some(bit.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameter(schema: Value) -> Parameter {
        let document = Document::new(&schema);
        Schema::read(&document, &schema)
            .and_then(|s| s.parameter(&document, Need::Optional))
            .expect("readable")
    }

    #[test]
    fn an_enum_is_one_expression_with_nothing_special_in_it() {
        let found = parameter(json!({"type":"string","enum":["a.b","c|d"],"default":"a.b"}));
        let regex = whole_match(found.validation_regex.as_deref().expect("there")).expect("compiles");
        assert!(
            regex.is_match("a.b") && regex.is_match("c|d") && !regex.is_match("axb") && !regex.is_match("c")
        );
        assert_eq!(found.default, Some(json!("a.b")));
    }

    #[test]
    fn a_pattern_that_searches_still_searches() {
        let found = parameter(json!({"type":"string","pattern":"^a|b$"})).validation_regex.expect("there");
        let regex = whole_match(&found).expect("compiles");
        assert!(regex.is_match("axx") && regex.is_match("xxb") && !regex.is_match("xax"));
    }

    #[test]
    fn a_pattern_that_cannot_be_checked_here_is_kept_for_people() {
        let found = parameter(json!({"type":"string","pattern":"^(?!x).*$"}));
        assert_eq!(found.validation_regex, None);
        assert_eq!(found.extra["pattern_not_checked"], "^(?!x).*$");
    }

    #[test]
    fn a_default_that_does_not_fit_is_no_default_and_the_only_value_is_one() {
        assert_eq!(parameter(json!({"type":"integer","default":"ten"})).default, None);
        assert_eq!(parameter(json!({"type":"string","enum":["payments"]})).default, Some(json!("payments")));
        assert_eq!(parameter(json!({"type":["integer","null"],"const":3})).default, Some(json!(3)));
    }

    #[test]
    fn parts_that_refer_to_each_other_are_taken_once() {
        let root = json!({"s":{"allOf":[{"$ref":"#/s"},{"$ref":"#/t"}],"properties":{"a":{}}},
            "t":{"allOf":[{"$ref":"#/s"}],"properties":{"b":{"readOnly":true},"c":{}},"required":["c"]}});
        let document = Document::new(&root);
        let schema = Schema::read(&document, &root["s"]).expect("readable");
        let names: Vec<_> = schema.properties().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!((schema.need("a"), schema.need("c")), (Need::Optional, Need::Required));
    }
}
