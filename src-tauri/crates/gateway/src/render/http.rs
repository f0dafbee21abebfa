//! One HTTP call, filled in: URL with query, headers, body, credentials. Sends nothing.

use super::address::{Base, Path, encode};
use super::form::{Body, Credential, Field, HttpForm, Place, Scheme, Style};
use super::template::{Names, Piece, Template, append, text_of};
use super::values::{scalar_text, sorted_json};
use super::{Arguments, Violation};
use domain::RemediationAction;
use domain::effect::{Known, Part, Text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Headers that the connection owns; an action that set them could smuggle a second request.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// An HTTP entry, read and checked.
pub(super) struct HttpPlan {
    form: HttpForm,
    base: Base,
    path: Path,
    headers: BTreeMap<String, Template>,
    encoding: Encoding,
}

/// How the body is written.
#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Json,
    Form,
    Text,
}

impl HttpPlan {
    /// Reads and checks an entry.
    pub(super) fn read(action: &RemediationAction) -> Result<Self, Vec<Violation>> {
        let form = HttpForm::read(action).map_err(|v| vec![v])?;
        let mut violations = Vec::new();
        let base = Base::parse(&form.base_url).map_err(|v| violations.push(v)).ok();
        let path = Path::parse(&form.path).map_err(|v| violations.push(v)).ok();
        let encoding = encoding(&form).map_err(|v| violations.push(v)).ok();
        let names = Names { parameters: &action.parameters, secrets: &action.secrets };
        for segment in path.iter().flat_map(|path| path.segments()) {
            segment.check("execution.path", &names, &mut violations);
        }
        let headers = headers(&form, &names, &mut violations);
        check_fields(&form, &names, &mut violations);
        check_security(&form.security, &names, &mut violations);
        match (base, path, encoding) {
            (Some(base), Some(path), Some(encoding)) if violations.is_empty() => {
                Ok(Self { form, base, path, headers, encoding })
            }
            _ => Err(violations),
        }
    }

    /// The call with its values.
    pub(super) fn fill(&self, arguments: &Arguments, violations: &mut Vec<Violation>) -> Option<Known> {
        let path = self.path.fill(arguments, violations)?;
        let url = self.base.join(&path).map_err(|v| violations.push(v)).ok()?;
        let body = self.body(arguments, violations);
        let mut headers = self.filled_headers(arguments, violations);
        if body.is_some() && !headers.contains_key("content-type") {
            let told = self.form.content_type.as_deref().unwrap_or("application/json");
            headers.insert("content-type".to_owned(), told.into());
        }
        for credential in &self.form.security {
            add_credential(credential, &mut headers);
        }
        Some(Known::Http {
            method: self.form.http_method.as_str().to_owned(),
            url: self.with_query(url, arguments, violations),
            headers,
            body: body.map(Text::Plain),
        })
    }

    fn filled_headers(
        &self,
        arguments: &Arguments,
        violations: &mut Vec<Violation>,
    ) -> BTreeMap<String, Text> {
        let mut out = BTreeMap::new();
        for (name, template) in &self.headers {
            let comma_joined: Arguments = template
                .parameters()
                .filter_map(|name| Some((name.to_owned(), Value::String(flat_text(arguments.get(name)?)?))))
                .collect();
            match template.fill(&comma_joined) {
                Ok(text) if is_header_value(&text) => drop(out.insert(name.clone(), text)),
                Ok(_) => violations.push(Violation::new(
                    format!("execution.headers.{name}"),
                    "would not be printable ASCII on one line without blanks at its ends",
                )),
                // Only optional parameters can be without value here.
                Err(_) if matches!(template.0.as_slice(), [Piece::Parameter(_)]) => {}
                Err(missing) => violations.push(Violation::new(
                    format!("context.{missing}"),
                    format!("is needed as a plain value for the header {name}"),
                )),
            }
        }
        out
    }

    fn with_query(&self, url: String, arguments: &Arguments, violations: &mut Vec<Violation>) -> Text {
        let mut pairs = Vec::new();
        for field in &self.form.query {
            pairs.extend(encoded_pairs(field, arguments, violations));
        }
        let mut parts = vec![Part::Literal(url)];
        let mut separator = "?";
        for pair in pairs {
            append(&mut parts, separator);
            append(&mut parts, &pair);
            separator = "&";
        }
        for credential in self.form.security.iter().filter(|c| c.place == Place::Query) {
            append(&mut parts, &format!("{separator}{}=", encode(&credential.name)));
            parts.push(Part::Secret { secret: credential.secret.clone() });
            separator = "&";
        }
        text_of(parts)
    }

    fn body(&self, arguments: &Arguments, violations: &mut Vec<Violation>) -> Option<String> {
        match (self.form.body.as_ref()?, self.encoding) {
            (Body::Whole { parameter }, Encoding::Json) => arguments.get(parameter).map(sorted_json),
            (Body::Whole { parameter }, _) => {
                let value = arguments.get(parameter)?;
                let text = scalar_text(value);
                if text.is_none() {
                    let message = "is the whole body, which is no JSON: a plain value is needed";
                    violations.push(Violation::new(format!("context.{parameter}"), message));
                }
                text
            }
            (Body::Fields(fields), Encoding::Form) => {
                let pairs: Vec<String> =
                    fields.iter().flat_map(|field| encoded_pairs(field, arguments, violations)).collect();
                Some(pairs.join("&"))
            }
            (Body::Fields(fields), _) => {
                let object: Map<String, Value> = fields
                    .iter()
                    .filter_map(|field| Some((field.name.clone(), arguments.get(&field.parameter)?.clone())))
                    .collect();
                Some(sorted_json(&Value::Object(object)))
            }
        }
    }
}

fn encoding(form: &HttpForm) -> Result<Encoding, Violation> {
    let told = form.content_type.as_deref().unwrap_or("application/json");
    let wrong = |message: String| Err(Violation::new("execution.content_type", message));
    if !is_header_value(&told.into()) {
        return wrong("must be printable ASCII on one line".to_owned());
    }
    let essence = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") {
        Ok(Encoding::Json)
    } else if essence == "application/x-www-form-urlencoded" {
        Ok(Encoding::Form)
    } else if essence.starts_with("text/") && !matches!(form.body, Some(Body::Fields(_))) {
        Ok(Encoding::Text)
    } else {
        wrong(format!(
            "`{told}` cannot be written here; JSON, a URL-encoded form or, for one whole value, text can"
        ))
    }
}

fn headers(
    form: &HttpForm,
    names: &Names<'_>,
    violations: &mut Vec<Violation>,
) -> BTreeMap<String, Template> {
    let mut out = BTreeMap::new();
    for (name, text) in &form.headers {
        let field = format!("execution.headers.{name}");
        let name = name.to_ascii_lowercase();
        if !is_header_name(&name) || CONNECTION_HEADERS.contains(&name.as_str()) {
            violations.push(Violation::new(field, "is no header name that an action may set"));
            continue;
        }
        let template = Template::parse(text);
        template.check(&field, names, violations);
        if out.insert(name, template).is_some() {
            violations.push(Violation::new(field, "stands there twice, in other capitals"));
        }
    }
    out
}

fn check_fields(form: &HttpForm, names: &Names<'_>, violations: &mut Vec<Violation>) {
    let used_in = |place: &str, parameter: &str, violations: &mut Vec<Violation>| {
        if !names.parameters.contains_key(parameter) {
            let message = format!("uses `{parameter}`, which is none of the parameters; declare it");
            violations.push(Violation::new(format!("execution.{place}"), message));
        }
    };
    for field in &form.query {
        used_in("query", &field.parameter, violations);
    }
    match &form.body {
        Some(Body::Fields(fields)) => {
            fields.iter().for_each(|field| used_in("body", &field.parameter, violations));
        }
        Some(Body::Whole { parameter }) => used_in("body", parameter, violations),
        None => {}
    }
}

fn check_security(security: &[Credential], names: &Names<'_>, violations: &mut Vec<Violation>) {
    for credential in security {
        let mut wrong = |message: String| violations.push(Violation::new("execution.security", message));
        if !names.secrets.contains(&credential.secret) {
            wrong(format!(
                "uses the secret `{}`, which is not in `secrets`; list it there",
                credential.secret
            ));
        }
        let name = credential.name.to_ascii_lowercase();
        match credential.place {
            Place::Header if !is_header_name(&name) || CONNECTION_HEADERS.contains(&name.as_str()) => {
                wrong(format!("`{}` is no header name that an action may set", credential.name));
            }
            Place::Cookie if !is_header_name(&name) => {
                wrong(format!("`{}` is no cookie name", credential.name))
            }
            Place::Query if credential.scheme != Scheme::Plain => {
                wrong("a secret in the query has no scheme before it".to_owned());
            }
            Place::Header | Place::Cookie | Place::Query => {}
        }
    }
}

fn add_credential(credential: &Credential, headers: &mut BTreeMap<String, Text>) {
    let secret = Part::Secret { secret: credential.secret.clone() };
    let before = match credential.scheme {
        Scheme::Plain => "",
        Scheme::Bearer => "Bearer ",
        Scheme::Basic => "Basic ",
    };
    match credential.place {
        Place::Query => {}
        Place::Header => {
            let text = text_of(vec![Part::Literal(before.to_owned()), secret]);
            headers.insert(credential.name.to_ascii_lowercase(), text);
        }
        Place::Cookie => {
            let mut parts = match headers.remove("cookie") {
                Some(Text::Plain(text)) => vec![Part::Literal(text + "; ")],
                Some(Text::Parts(mut parts)) => {
                    append(&mut parts, "; ");
                    parts
                }
                None => Vec::new(),
            };
            append(&mut parts, &format!("{}=", credential.name));
            parts.push(secret);
            headers.insert("cookie".to_owned(), text_of(parts));
        }
    }
}

/// `name=value` pairs of one field, encoded.
fn encoded_pairs(field: &Field, arguments: &Arguments, violations: &mut Vec<Violation>) -> Vec<String> {
    let Some(value) = arguments.get(&field.parameter) else { return Vec::new() };
    let texts = match (value, field.style) {
        (value, Style::Json) => Some(vec![sorted_json(value)]),
        (Value::Array(items), Style::Repeat) => items.iter().map(scalar_text).collect(),
        (Value::Array(items), style) => {
            let separator = match style {
                Style::Space => " ",
                Style::Pipe => "|",
                Style::Tab => "\t",
                Style::Comma | Style::Repeat | Style::Json => ",",
            };
            items.iter().map(scalar_text).collect::<Option<Vec<_>>>().map(|all| vec![all.join(separator)])
        }
        (value, _) => scalar_text(value).map(|text| vec![text]),
    };
    let Some(texts) = texts else {
        let message = "must be a plain value or a list of plain values to be sent here";
        violations.push(Violation::new(format!("context.{}", field.parameter), message));
        return Vec::new();
    };
    texts.iter().map(|text| format!("{}={}", encode(&field.name), encode(text))).collect()
}

/// The text of a plain value, or of a list of them with commas between.
fn flat_text(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => {
            items.iter().map(scalar_text).collect::<Option<Vec<_>>>().map(|all| all.join(","))
        }
        one => scalar_text(one),
    }
}

/// RFC 9110 `token`.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Printable ASCII and blanks between, so that the text shown is the text sent and no line can be added.
fn is_header_value(text: &Text) -> bool {
    let printable = |text: &str| text.bytes().all(|b| (0x20..0x7f).contains(&b));
    match text {
        Text::Plain(text) => printable(text) && text.trim() == text,
        Text::Parts(parts) => parts.iter().all(|part| match part {
            Part::Literal(text) => printable(text),
            Part::Secret { .. } => true,
        }),
    }
}
