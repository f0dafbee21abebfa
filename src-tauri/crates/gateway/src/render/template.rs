//! Texts with holes: `{name}` is a parameter, `{secret:name}` a secret, `{{` and `}}` are braces. Owns the reading of
//! such texts; what a filled hole may hold is the business of whoever uses it.

use super::values::scalar_text;
use super::{Arguments, Violation};
use domain::action::Parameter;
use domain::effect::{Part, Text};
use std::collections::BTreeMap;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Stands as it is.
    Literal(String),
    /// Replaced by an argument.
    Parameter(String),
    /// Replaced at execution.
    Secret(String),
}

/// A text with holes, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(pub(super) Vec<Piece>);

/// What a template may refer to.
pub(super) struct Names<'a> {
    /// Declared parameters.
    pub(super) parameters: &'a BTreeMap<String, Parameter>,
    /// Declared secrets.
    pub(super) secrets: &'a [String],
}

impl Template {
    /// Reads a template. A brace that opens no name (`{.items}`, `{"a":1}`) is a plain brace.
    pub(super) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let here = &rest[at..];
            if here.starts_with("{{") || here.starts_with("}}") {
                literal.push_str(&here[..1]);
                rest = &here[2..];
            } else if let Some((piece, after)) = hole(here) {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(piece);
                rest = after;
            } else {
                literal.push_str(&here[..1]);
                rest = &here[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self(pieces)
    }

    /// The parameters it uses.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Tells of holes that nothing can fill.
    pub(super) fn check(&self, field: &str, names: &Names<'_>, violations: &mut Vec<Violation>) {
        for piece in &self.0 {
            let message = match piece {
                Piece::Parameter(name) if !names.parameters.contains_key(name) => {
                    format!(
                        "uses {{{name}}}, which is none of the parameters; declare it, or write {{{{ for a brace"
                    )
                }
                Piece::Secret(name) if !names.secrets.contains(name) => {
                    format!("uses {{secret:{name}}}, which is not in `secrets`; list it there")
                }
                _ => continue,
            };
            violations.push(Violation::new(field, message));
        }
    }

    /// The text with its arguments put in; `None` if an argument is missing or is no scalar, with the parameter's name.
    pub(super) fn fill(&self, arguments: &Arguments) -> Result<Text, String> {
        let mut parts: Vec<Part> = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => append(&mut parts, text),
                Piece::Parameter(name) => {
                    let text = arguments.get(name).and_then(scalar_text).ok_or_else(|| name.clone())?;
                    append(&mut parts, &text);
                }
                Piece::Secret(secret) => parts.push(Part::Secret { secret: secret.clone() }),
            }
        }
        Ok(text_of(parts))
    }
}

/// Adds literal text, joining neighbours, so that the same text always has the same parts.
pub(super) fn append(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Literal(last)) => last.push_str(text),
        _ => parts.push(Part::Literal(text.to_owned())),
    }
}

/// A plain text where there is no secret, else the parts without empty literals.
pub(super) fn text_of(parts: Vec<Part>) -> Text {
    let mut plain = String::new();
    for part in &parts {
        match part {
            Part::Literal(text) => plain.push_str(text),
            Part::Secret { .. } => {
                let kept = |part: &Part| !matches!(part, Part::Literal(text) if text.is_empty());
                return Text::Parts(parts.into_iter().filter(kept).collect());
            }
        }
    }
    Text::Plain(plain)
}

fn hole(text: &str) -> Option<(Piece, &str)> {
    let inner = text.strip_prefix('{')?;
    let (name, after) = inner.split_once('}')?;
    if let Some(secret) = name.strip_prefix("secret:") {
        return is_name(secret).then(|| (Piece::Secret(secret.to_owned()), after));
    }
    is_name(name).then(|| (Piece::Parameter(name.to_owned()), after))
}

/// Can this stand between braces?
pub(crate) fn is_name(name: &str) -> bool {
    name.chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '@'))
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '{' | '}' | '"' | '\'' | '/' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn holes_braces_and_secrets_are_told_apart() {
        let template = Template::parse("a{{b}} {pool}-{secret:key} {.items} {\"x\":1}");
        assert_eq!(
            template.0,
            [
                Piece::Literal("a{b} ".into()),
                Piece::Parameter("pool".into()),
                Piece::Literal("-".into()),
                Piece::Secret("key".into()),
                Piece::Literal(" {.items} {\"x\":1}".into()),
            ]
        );
    }

    #[test]
    fn a_value_with_braces_is_not_read_as_a_template_again() {
        let arguments = Arguments::from([("a".to_owned(), json!("{secret:key}"))]);
        assert_eq!(Template::parse("{a}").fill(&arguments), Ok(Text::Plain("{secret:key}".into())));
    }

    #[test]
    fn a_missing_argument_is_named() {
        assert_eq!(Template::parse("x{a}").fill(&Arguments::new()), Err("a".to_owned()));
    }
}
