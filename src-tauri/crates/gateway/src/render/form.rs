//! The form of `execution` for an HTTP action, as discovery writes it and as people may write it by hand; and the
//! platform's form (CONTRACT 3: `endpoint`, `http_method`, `base_url`), which is read as the same thing.

use super::Violation;
use super::template::Template;
use domain::RemediationAction;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// How one HTTP call is put together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpForm {
    /// Absolute, http or https; path allowed, no query, fragment or user.
    pub base_url: String,
    /// Begins with `/`; `{name}` holes are parameters, percent-encoded when filled.
    pub path: String,
    /// See [`HttpMethod`].
    pub http_method: HttpMethod,
    /// Texts by name; `{name}` and `{secret:name}` are filled in. A header whose only content is an optional parameter
    /// without value is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// In this order; one without value is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Field>,
    /// `None` sends no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// `application/json` (or `...+json`), `application/x-www-form-urlencoded` or `text/...`; JSON if not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Credentials to send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Credential>,
}

/// The methods an action may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Reads.
    #[serde(alias = "get")]
    Get,
    /// Reads headers.
    #[serde(alias = "head")]
    Head,
    /// Asks what is possible.
    #[serde(alias = "options")]
    Options,
    /// Does something.
    #[serde(alias = "post")]
    Post,
    /// Replaces.
    #[serde(alias = "put")]
    Put,
    /// Changes.
    #[serde(alias = "patch")]
    Patch,
    /// Removes.
    #[serde(alias = "delete")]
    Delete,
}

/// One place in the query or the body and the parameter that fills it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "FieldForm", into = "FieldForm")]
pub struct Field {
    /// The name that is sent.
    pub name: String,
    /// The parameter's name in the entry.
    pub parameter: String,
    /// How a list is written in a query or a form.
    pub style: Style,
}

/// How a list of values is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// `a=1&a=2`.
    #[default]
    Repeat,
    /// `a=1,2`.
    Comma,
    /// `a=1%202`.
    Space,
    /// `a=1|2`.
    Pipe,
    /// Tab between.
    Tab,
    /// The value as JSON text.
    Json,
}

/// What the body is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// An object (or form) of these fields; always sent, `{}` if none has a value.
    Fields(Vec<Field>),
    /// The whole body is the value of one parameter; none without a value.
    Whole {
        /// The parameter's name in the entry.
        parameter: String,
    },
}

/// A secret and where it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// See [`Place`].
    #[serde(rename = "in")]
    pub place: Place,
    /// Name of the header, query parameter or cookie.
    pub name: String,
    /// See [`Scheme`].
    #[serde(default)]
    pub scheme: Scheme,
    /// The secret's name.
    pub secret: String,
}

/// Where a credential goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A header.
    Header,
    /// The query.
    Query,
    /// The `cookie` header.
    Cookie,
}

/// What stands before the secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Nothing: the secret is the value.
    #[default]
    Plain,
    /// `Bearer `.
    Bearer,
    /// `Basic `: the secret is the base64 of `user:password` (RFC 7617).
    Basic,
}

impl HttpMethod {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            HttpMethod::Get => "GET",
            HttpMethod::Head => "HEAD",
            HttpMethod::Options => "OPTIONS",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Delete => "DELETE",
        }
    }

    /// Do arguments without a place of their own go into a body?
    fn carries_body(self) -> bool {
        matches!(self, HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch)
    }
}

impl fmt::Display for HttpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Field {
    /// A field filled by the parameter of the same name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), parameter: name.to_owned(), style: Style::default() }
    }
}

impl HttpForm {
    /// Reads `execution`, in either form.
    ///
    /// # Errors
    /// What is missing or of the wrong shape.
    pub(super) fn read(action: &RemediationAction) -> Result<Self, Violation> {
        let execution = &action.execution;
        if execution.contains_key("endpoint") && !execution.contains_key("path") {
            return Self::from_platform(action);
        }
        serde_json::from_value(Value::Object(execution.clone()))
            .map_err(|why| Violation::new("execution", format!("is not a usable HTTP call: {why}")))
    }

    /// The entry as a JSON map, for `execution`.
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            // A form is strings, lists and maps with string keys: serialisation cannot fail.
            _ => Map::new(),
        }
    }

    /// The platform does not say where an argument goes: what the path does not use goes into a JSON body for POST,
    /// PUT and PATCH, into the query otherwise.
    fn from_platform(action: &RemediationAction) -> Result<Self, Violation> {
        let text = |name: &str| {
            action.execution.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
                Violation::new(format!("execution.{name}"), "is missing; a text is needed".to_owned())
            })
        };
        let word = match action.execution.get("http_method") {
            Some(_) => text("http_method")?,
            None => "POST".to_owned(),
        };
        let http_method: HttpMethod =
            serde_json::from_value(Value::String(word.to_uppercase())).map_err(|_| {
                Violation::new(
                    "execution.http_method",
                    format!("`{word}` is no HTTP method that an action may use"),
                )
            })?;
        let endpoint = text("endpoint")?;
        let path = if endpoint.starts_with('/') { endpoint } else { format!("/{endpoint}") };
        let in_path: Vec<String> = Template::parse(&path).parameters().map(str::to_owned).collect();
        let rest: Vec<Field> = action
            .parameters
            .keys()
            .filter(|name| !in_path.contains(name))
            .map(|n| Field::named(n))
            .collect();
        let (query, body) = match http_method.carries_body() {
            true => (Vec::new(), Some(Body::Fields(rest))),
            false => (rest, None),
        };
        Ok(Self {
            base_url: text("base_url")?,
            path,
            http_method,
            headers: platform_headers(&action.execution)?,
            query,
            body,
            content_type: None,
            security: Vec::new(),
        })
    }
}

fn platform_headers(execution: &Map<String, Value>) -> Result<BTreeMap<String, String>, Violation> {
    let headers =
        execution.get("headers").filter(|v| !v.is_null()).cloned().unwrap_or(Value::Object(Map::new()));
    serde_json::from_value(headers)
        .map_err(|why| Violation::new("execution.headers", format!("must map names to texts: {why}")))
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum FieldForm {
    Name(String),
    Full {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameter: Option<String>,
        #[serde(default)]
        style: Style,
    },
}

impl From<FieldForm> for Field {
    fn from(form: FieldForm) -> Self {
        match form {
            FieldForm::Name(name) => Field::named(&name),
            FieldForm::Full { name, parameter, style } => {
                Field { parameter: parameter.unwrap_or_else(|| name.clone()), name, style }
            }
        }
    }
}

impl From<Field> for FieldForm {
    fn from(field: Field) -> Self {
        if field.parameter == field.name && field.style == Style::default() {
            return FieldForm::Name(field.name);
        }
        FieldForm::Full { name: field.name, parameter: Some(field.parameter), style: field.style }
    }
}
