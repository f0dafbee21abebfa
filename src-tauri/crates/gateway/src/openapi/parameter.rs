//! Path, query and header parameters of an operation: its path's and its own, gathered into one set of names.

use super::Dialect;
use super::reference::{Document, Unusable};
use super::schema::{Need, Schema, shortened};
use crate::render::{Body, Field, Style, is_name};
use domain::action::Parameter;
use serde_json::Value;
use std::collections::BTreeMap;

/// Parameters and body properties an operation may have.
pub(super) const MAX_PARAMETERS: usize = 300;

/// What an operation takes, and where each value goes.
#[derive(Default)]
pub(super) struct Inputs {
    /// By name in the entry.
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// Header templates.
    pub(super) headers: BTreeMap<String, String>,
    /// Query fields.
    pub(super) query: Vec<Field>,
    /// See [`Body`].
    pub(super) body: Option<Body>,
    /// Of the body.
    pub(super) content_type: Option<String>,
}

/// One declared parameter.
pub(super) struct Declared<'a> {
    /// `path`, `query`, `header`, `cookie`; in Swagger also `body`, `formData`.
    pub(super) place: &'a str,
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

impl Declared<'_> {
    pub(super) fn need(&self) -> Need {
        let told = self.place == "path" || self.value.get("required") == Some(&Value::Bool(true));
        if told { Need::Required } else { Need::Optional }
    }

    fn unusable(&self, why: &'static str) -> Unusable {
        Unusable::Parameter { name: self.name.chars().take(100).collect(), why }
    }
}

impl Inputs {
    /// Takes a parameter in under its own name, or, where another place has that name, with the place before it.
    pub(super) fn claim(
        &mut self,
        name: &str,
        place: &str,
        parameter: Parameter,
    ) -> Result<String, Unusable> {
        if self.parameters.len() >= MAX_PARAMETERS {
            return Err(Unusable::TooManyParameters(MAX_PARAMETERS));
        }
        let mut key = name.to_owned();
        while self.parameters.contains_key(&key) {
            key = format!("{place}_{key}");
        }
        self.parameters.insert(key.clone(), parameter);
        Ok(key)
    }
}

/// The parameters that count: the operation's own replace its path's of the same place and name.
pub(super) fn declared<'a>(
    document: &Document<'a>,
    path_item: &'a Value,
    operation: &'a Value,
) -> Result<Vec<Declared<'a>>, Unusable> {
    let mut out: Vec<Declared<'a>> = Vec::new();
    for list in [path_item.get("parameters"), operation.get("parameters")].into_iter().flatten() {
        let list = list.as_array().ok_or(Unusable::Malformed)?;
        if list.len() > MAX_PARAMETERS {
            return Err(Unusable::TooManyParameters(MAX_PARAMETERS));
        }
        for entry in list {
            let value = document.resolve(entry)?;
            let text = |field: &str| value.get(field).and_then(Value::as_str).ok_or(Unusable::Malformed);
            let (place, name) = (text("in")?, text("name")?);
            out.retain(|earlier| (earlier.place, earlier.name) != (place, name));
            out.push(Declared { place, name, value });
        }
    }
    // Path parameters keep their names: the path's template uses them.
    out.sort_by_key(|declared| declared.place != "path");
    Ok(out)
}

/// Takes in one path, query, header or cookie parameter.
pub(super) fn take_in<'a>(
    document: &Document<'a>,
    dialect: Dialect,
    declared: &Declared<'a>,
    inputs: &mut Inputs,
) -> Result<(), Unusable> {
    match in_place(document, dialect, declared, inputs) {
        // One that need not be given can be left out.
        Err(Unusable::Parameter { .. }) if declared.need() == Need::Optional => Ok(()),
        other => other,
    }
}

fn in_place<'a>(
    document: &Document<'a>,
    dialect: Dialect,
    declared: &Declared<'a>,
    inputs: &mut Inputs,
) -> Result<(), Unusable> {
    let (schema, style) = schema_and_style(document, dialect, declared)?;
    if schema.kind() == "object" && style != Style::Json {
        return Err(declared.unusable("is an object, which this place cannot hold"));
    }
    let mut parameter = schema.parameter(document, declared.need())?;
    if let Some(prose) = declared.value.get("description").and_then(Value::as_str) {
        parameter.extra.insert("description".to_owned(), shortened(prose));
    }
    let name = declared.name;
    match declared.place {
        "path" if !is_name(name) => Err(declared.unusable("has a name that a path cannot hold here")),
        "path" => inputs.claim(name, "path", parameter).map(drop),
        "query" => {
            let key = inputs.claim(name, "query", parameter)?;
            inputs.query.push(Field { name: name.to_owned(), parameter: key, style });
            Ok(())
        }
        "header" => {
            let sent_as = name.to_ascii_lowercase();
            // OpenAPI: these three are described elsewhere.
            if matches!(sent_as.as_str(), "accept" | "content-type" | "authorization") {
                return Ok(());
            }
            if !is_name(name) {
                return Err(declared.unusable("has a name that no header can have"));
            }
            let key = inputs.claim(name, "header", parameter)?;
            inputs.headers.insert(sent_as, format!("{{{key}}}"));
            Ok(())
        }
        _ => Err(declared.unusable("stands in a place that is not supported")),
    }
}

fn schema_and_style<'a>(
    document: &Document<'a>,
    dialect: Dialect,
    declared: &Declared<'a>,
) -> Result<(Schema<'a>, Style), Unusable> {
    let value = declared.value;
    if dialect == Dialect::Swagger {
        if value.get("type").and_then(Value::as_str) == Some("file") {
            return Err(declared.unusable("is a file"));
        }
        return Ok((Schema::read(document, value)?, swagger_style(value)));
    }
    if let Some(content) = value.get("content").and_then(Value::as_object) {
        let media = content.values().next().and_then(|media| media.get("schema"));
        let schema = media.ok_or_else(|| declared.unusable("has no schema"))?;
        return Ok((Schema::read(document, schema)?, Style::Json));
    }
    let style =
        match (value.get("style").and_then(Value::as_str), value.get("explode").and_then(Value::as_bool)) {
            (Some("spaceDelimited"), Some(false)) => Style::Space,
            (Some("pipeDelimited"), Some(false)) => Style::Pipe,
            (Some("deepObject"), _) => {
                return Err(declared.unusable("is an object, which this place cannot hold"));
            }
            (_, Some(false)) => Style::Comma,
            _ => Style::Repeat,
        };
    let schema = value.get("schema").ok_or_else(|| declared.unusable("has no schema"))?;
    Ok((Schema::read(document, schema)?, style))
}

pub(super) fn swagger_style(value: &Value) -> Style {
    match value.get("collectionFormat").and_then(Value::as_str) {
        Some("multi") => Style::Repeat,
        Some("ssv") => Style::Space,
        Some("tsv") => Style::Tab,
        Some("pipes") => Style::Pipe,
        _ if value.get("type").and_then(Value::as_str) == Some("array") => Style::Comma,
        _ => Style::Repeat,
    }
}
