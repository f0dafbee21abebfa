//! Arguments: where a value comes from, and whether it fits its parameter. Owns types and regular expressions; where
//! a value is put, and how it is encoded there, is not known here.

use super::{Arguments, Violation};
use domain::action::Parameter;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Characters a `validation_regex` may have, and bytes it may take compiled: a registry entry must not be able to eat
/// the gateway's memory.
const MAX_REGEX_CHARS: usize = 2_000;
const MAX_REGEX_BYTES: usize = 1 << 18;

/// Levels a value may be nested.
const MAX_DEPTH: usize = 64;

/// The JSON types a parameter may name.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Any,
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}

/// The arguments by name, from `context`, then defaults. `null` counts as not given.
pub(super) fn arguments(
    parameters: &BTreeMap<String, Parameter>,
    context: &Map<String, Value>,
    violations: &mut Vec<Violation>,
) -> Arguments {
    let mut out = Arguments::new();
    for (name, parameter) in parameters {
        let field = format!("context.{name}");
        let given = context.get(name).filter(|v| !v.is_null());
        match given.or(parameter.default.as_ref().filter(|v| !v.is_null())) {
            Some(value) => match misfit(parameter, value) {
                None => drop(out.insert(name.clone(), value.clone())),
                Some(message) => violations.push(Violation::new(field, message)),
            },
            None if parameter.required => {
                violations
                    .push(Violation::new(field, "is required, and there is no value for it and no default"));
            }
            None => {}
        }
    }
    out
}

/// Types known, regular expressions compile, defaults fit.
pub(super) fn check_parameters(parameters: &BTreeMap<String, Parameter>, violations: &mut Vec<Violation>) {
    for (name, parameter) in parameters {
        let field = format!("parameters.{name}");
        if let Err(message) = kind(&parameter.kind) {
            violations.push(Violation::new(format!("{field}.type"), message));
            continue;
        }
        if let Some(Err(message)) = parameter.validation_regex.as_deref().map(whole_match) {
            violations.push(Violation::new(format!("{field}.validation_regex"), message));
            continue;
        }
        let default = parameter.default.as_ref().filter(|v| !v.is_null());
        if let Some(message) = default.and_then(|value| misfit(parameter, value)) {
            violations.push(Violation::new(format!("{field}.default"), message));
        }
    }
}

/// A regular expression that matches a whole text or nothing.
///
/// # Errors
/// A sentence, if it does not compile or is too large.
pub(crate) fn whole_match(pattern: &str) -> Result<Regex, String> {
    if pattern.chars().count() > MAX_REGEX_CHARS {
        return Err(format!("the regular expression is longer than {MAX_REGEX_CHARS} characters"));
    }
    let compile = |text: &str| {
        let built = RegexBuilder::new(text).size_limit(MAX_REGEX_BYTES).build();
        built.map_err(|why| format!("the regular expression cannot be used: {}", last_line(&why.to_string())))
    };
    // By itself first: `a)|(?:b` must not become valid by being wrapped.
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

/// The text of a string, number or boolean.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bit) => Some(bit.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Compact JSON with sorted keys: the same value always gives the same text.
pub(super) fn sorted_json(value: &Value) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let by_name: BTreeMap<&String, &Value> = map.iter().collect();
            Value::Object(by_name.into_iter().map(|(name, item)| (name.clone(), sorted(item))).collect())
        }
        scalar => scalar.clone(),
    }
}

/// Why a value does not fit, or `None`.
pub(crate) fn misfit(parameter: &Parameter, value: &Value) -> Option<String> {
    let kind = match kind(&parameter.kind) {
        Ok(kind) => kind,
        Err(message) => return Some(message),
    };
    if !fits(kind, value) {
        return Some(format!("must be of type {}, but is {}", parameter.kind, kind_of(value)));
    }
    if too_deep(value, MAX_DEPTH) {
        return Some(format!("is nested deeper than {MAX_DEPTH} levels"));
    }
    let pattern = parameter.validation_regex.as_deref()?;
    let regex = match whole_match(pattern) {
        Ok(regex) => regex,
        Err(message) => return Some(message),
    };
    let matches = |value: &Value| match scalar_text(value) {
        Some(text) => regex.is_match(&text),
        None => regex.is_match(&sorted_json(value)),
    };
    let all = match value {
        Value::Array(items) => items.iter().all(matches),
        one => matches(one),
    };
    (!all).then(|| format!("does not match {pattern}"))
}

fn kind(word: &str) -> Result<Kind, String> {
    Ok(match word {
        "" | "any" => Kind::Any,
        "string" => Kind::String,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "array" => Kind::Array,
        "object" => Kind::Object,
        other => {
            return Err(format!(
                "`{other}` is no type; one of string, integer, number, boolean, array, object is needed"
            ));
        }
    })
}

fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Any => true,
        Kind::String => value.is_string(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Array => value.is_array(),
        Kind::Object => value.is_object(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn too_deep(value: &Value, left: usize) -> bool {
    let Some(left) = left.checked_sub(1) else { return true };
    match value {
        Value::Array(items) => items.iter().any(|item| too_deep(item, left)),
        Value::Object(map) => map.values().any(|item| too_deep(item, left)),
        _ => false,
    }
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_regular_expression_matches_the_whole_value_or_nothing() {
        let regex = whole_match("a|bc").expect("compiles");
        assert!(regex.is_match("a") && regex.is_match("bc"));
        assert!(!regex.is_match("ac") && !regex.is_match("a\n") && !regex.is_match("abc"));
    }

    #[test]
    fn a_regular_expression_cannot_break_out_of_its_frame_or_eat_the_memory() {
        assert!(whole_match("a)|(?:b").is_err());
        assert!(whole_match("(?x)a #").is_err());
        assert!(whole_match("((a{1000}){1000}){1000}").is_err());
        assert!(whole_match(&"a".repeat(MAX_REGEX_CHARS + 1)).is_err());
    }

    #[test]
    fn the_same_value_gives_the_same_text_whatever_the_order_of_its_keys() {
        assert_eq!(
            sorted_json(&json!({"b": [{"z": 1, "a": null}], "a": "x"})),
            r#"{"a":"x","b":[{"a":null,"z":1}]}"#
        );
    }

    #[test]
    fn a_value_nested_too_deep_is_refused() {
        let deep = (0..MAX_DEPTH).fold(json!(1), |inner, _| json!([inner]));
        assert!(misfit(&Parameter::default(), &deep).is_some_and(|m| m.contains("nested")));
    }
}
