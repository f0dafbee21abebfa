//! The request body: which media type is sent, and the parameters its schema becomes. An object's properties are
//! parameters of their own; anything else is one parameter that is the whole body.

use super::Dialect;
use super::parameter::{Declared, Inputs, swagger_style};
use super::reference::{Document, Unusable};
use super::schema::{Need, Schema};
use crate::render::{Body, Field, Style};
use serde_json::Value;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Takes in the body of an operation, in either dialect.
pub(super) fn take_in<'a>(
    document: &Document<'a>,
    dialect: Dialect,
    operation: &'a Value,
    declared: &[Declared<'a>],
    inputs: &mut Inputs,
) -> Result<(), Unusable> {
    match dialect {
        Dialect::Swagger => swagger(document, operation, declared, inputs),
        Dialect::OpenApi3 => openapi3(document, operation, inputs),
    }
}

fn openapi3<'a>(document: &Document<'a>, operation: &'a Value, inputs: &mut Inputs) -> Result<(), Unusable> {
    let Some(body) = operation.get("requestBody") else { return Ok(()) };
    let body = document.resolve(body)?;
    let need = need(body);
    let Some(content) = body.get("content").and_then(Value::as_object) else { return Ok(()) };
    let media_types: Vec<&str> = content.keys().map(String::as_str).collect();
    let (key, content_type) = match choose(&media_types) {
        Some(chosen) => chosen,
        None if need == Need::Optional => return Ok(()),
        None => return Err(Unusable::ContentType(media_types.join(", ").chars().take(200).collect())),
    };
    let schema = content.get(key).and_then(|media| media.get("schema"));
    inputs.content_type = Some(content_type.to_owned());
    match schema {
        Some(schema) => of_schema(document, schema, need, inputs),
        None => whole(document, &Value::Null, need, inputs),
    }
}

fn swagger<'a>(
    document: &Document<'a>,
    operation: &'a Value,
    declared: &[Declared<'a>],
    inputs: &mut Inputs,
) -> Result<(), Unusable> {
    let consumes = operation.get("consumes").or_else(|| document.root().get("consumes"));
    let media_types: Vec<&str> =
        consumes.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(body) = declared.iter().find(|d| d.place == "body") {
        let (_, content_type) = if media_types.is_empty() { (JSON, JSON) } else { chosen(&media_types)? };
        inputs.content_type = Some(content_type.to_owned());
        return match body.value.get("schema") {
            Some(schema) => of_schema(document, schema, body.need(), inputs),
            None => whole(document, &Value::Null, body.need(), inputs),
        };
    }
    let fields: Vec<&Declared<'a>> = declared.iter().filter(|d| d.place == "formData").collect();
    if fields.is_empty() {
        return Ok(());
    }
    let is_file = |d: &&&Declared<'a>| d.value.get("type").and_then(Value::as_str) == Some("file");
    if fields.iter().any(|d| is_file(&d)) || (!media_types.is_empty() && !media_types.contains(&FORM)) {
        return Err(Unusable::ContentType("multipart/form-data".to_owned()));
    }
    let mut places = Vec::new();
    for field in fields {
        let parameter = Schema::read(document, field.value)?.parameter(document, field.need())?;
        let key = inputs.claim(field.name, "form", parameter)?;
        places.push(Field { name: field.name.to_owned(), parameter: key, style: swagger_style(field.value) });
    }
    inputs.content_type = Some(FORM.to_owned());
    inputs.body = Some(Body::Fields(places));
    Ok(())
}

fn of_schema<'a>(
    document: &Document<'a>,
    schema: &'a Value,
    need: Need,
    inputs: &mut Inputs,
) -> Result<(), Unusable> {
    let read = Schema::read(document, schema)?;
    let properties = read.properties();
    let is_text = inputs.content_type.as_deref().is_some_and(|told| told.starts_with("text/"));
    if properties.is_empty() || is_text || !matches!(read.kind(), "object" | "") {
        return whole(document, schema, need, inputs);
    }
    let is_form = inputs.content_type.as_deref().is_some_and(|told| told.starts_with(FORM));
    let mut fields = Vec::with_capacity(properties.len());
    for (name, property) in properties {
        let property = Schema::read(document, property)?;
        let mut parameter = property.parameter(document, read.need(name))?;
        if is_form && property.kind() == "object" {
            if read.need(name) == Need::Optional {
                continue;
            }
            let name = name.chars().take(100).collect();
            return Err(Unusable::Parameter { name, why: "is an object, which a form cannot hold" });
        }
        parameter.required = read.need(name) == Need::Required;
        let parameter = inputs.claim(name, "body", parameter)?;
        fields.push(Field { name: name.to_owned(), parameter, style: Style::Repeat });
    }
    inputs.body = Some(Body::Fields(fields));
    Ok(())
}

fn whole<'a>(
    document: &Document<'a>,
    schema: &'a Value,
    need: Need,
    inputs: &mut Inputs,
) -> Result<(), Unusable> {
    if inputs.content_type.as_deref().is_some_and(|told| told.starts_with(FORM)) {
        return match need {
            Need::Optional => Ok(()),
            Need::Required => Err(Unusable::ContentType(format!("{FORM} without named fields"))),
        };
    }
    let parameter = Schema::read(document, schema)?.parameter(document, need)?;
    let parameter = inputs.claim("body", "request", parameter)?;
    inputs.body = Some(Body::Whole { parameter });
    Ok(())
}

fn need(body: &Value) -> Need {
    if body.get("required") == Some(&Value::Bool(true)) { Need::Required } else { Need::Optional }
}

fn chosen<'t>(media_types: &[&'t str]) -> Result<(&'t str, &'t str), Unusable> {
    choose(media_types)
        .ok_or_else(|| Unusable::ContentType(media_types.join(", ").chars().take(200).collect()))
}

/// The media type to send, as the document keys it and as it is sent: JSON, else a form, else plain text.
fn choose<'t>(media_types: &[&'t str]) -> Option<(&'t str, &'t str)> {
    let essence = |told: &str| told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let find =
        |wanted: &dyn Fn(&str) -> bool| media_types.iter().copied().find(|told| wanted(&essence(told)));
    find(&|t| t == JSON)
        .or_else(|| find(&|t| t.ends_with("+json")))
        .map(|told| (told, told))
        .or_else(|| find(&|t| matches!(t, "*/*" | "application/*")).map(|told| (told, JSON)))
        .or_else(|| find(&|t| t == FORM).map(|told| (told, told)))
        .or_else(|| find(&|t| t == "text/plain").map(|told| (told, told)))
}
