//! One operation of a document as a registry entry.

use super::parameter::{self, Inputs};
use super::reference::{Document, Unusable};
use super::risk::risk_level;
use super::slug::{Taken, slug};
use super::{Dialect, body, security, server};
use crate::render::{HttpForm, HttpMethod, validate};
use domain::{OnFailure, RemediationAction, Risk};
use serde_json::{Map, Value};
use url::Url;

/// Characters of prose that are kept.
const MAX_DEFINITION_CHARS: usize = 2_000;

const METHODS: &[(&str, HttpMethod)] = &[
    ("get", HttpMethod::Get),
    ("head", HttpMethod::Head),
    ("options", HttpMethod::Options),
    ("post", HttpMethod::Post),
    ("put", HttpMethod::Put),
    ("patch", HttpMethod::Patch),
    ("delete", HttpMethod::Delete),
];

/// What all operations of a document share.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) dialect: Dialect,
    pub(super) service: &'a str,
    pub(super) base: Option<&'a Url>,
}

/// A method of a path.
pub(super) struct Operation<'a> {
    pub(super) method: HttpMethod,
    path: &'a str,
    item: &'a Value,
    value: &'a Value,
}

impl<'a> Reader<'a> {
    /// The operations of a path; TRACE is none.
    pub(super) fn operations(&self, path: &'a str, item: &'a Value) -> Result<Vec<Operation<'a>>, Unusable> {
        let item = self.document.resolve(item)?;
        let item_map = item.as_object().ok_or(Unusable::Malformed)?;
        let of = |&(key, method): &(&str, HttpMethod)| {
            item_map.get(key).map(|value| Operation { method, path, item, value })
        };
        Ok(METHODS.iter().filter_map(of).collect())
    }

    /// The entry for an operation, checked as the registry will check it.
    pub(super) fn action(
        &self,
        operation: &Operation<'a>,
        taken: &mut Taken,
    ) -> Result<RemediationAction, Unusable> {
        let value = self.document.resolve(operation.value)?;
        if !value.is_object() {
            return Err(Unusable::Malformed);
        }
        let base_url = server::base_url(self.document, self.dialect, operation.item, value, self.base)?;
        let inputs = self.inputs(operation.item, value)?;
        let credentials = security::credentials(self.document, self.dialect, self.service, value)?;
        let mut secrets: Vec<String> = credentials.iter().map(|c| c.secret.clone()).collect();
        secrets.sort();
        secrets.dedup();
        let form = HttpForm {
            base_url,
            path: operation.path.to_owned(),
            http_method: operation.method,
            headers: inputs.headers,
            query: inputs.query,
            content_type: inputs.content_type.filter(|_| inputs.body.is_some()),
            body: inputs.body,
            security: credentials,
        };
        let (name, words) = names(operation, value);
        let risk_level = risk_level(operation.method, &words, value.get("x-holdpoint-risk"));
        let told = value.get("x-holdpoint-requires-approval").and_then(Value::as_bool);
        let mut action = RemediationAction {
            action_id: name.clone().into(),
            version: 1,
            method: "api".to_owned(),
            service: self.service.to_owned(),
            definition: definition(operation, value),
            requires_approval: told.unwrap_or(risk_level == Risk::High),
            risk_level,
            validated: false,
            execution: form.to_map(),
            parameters: inputs.parameters,
            secrets,
            on_failure: OnFailure::Stop,
            rollback: None,
            action_metadata: Map::new(),
            extra: Map::new(),
        };
        if let Some(violation) = validate(&action).into_iter().next() {
            return Err(Unusable::Invalid(violation.to_string()));
        }
        action.action_id = taken.unique(name).into();
        Ok(action)
    }

    fn inputs(&self, item: &'a Value, value: &'a Value) -> Result<Inputs, Unusable> {
        let mut inputs = Inputs::default();
        let declared = parameter::declared(self.document, item, value)?;
        for one in declared.iter().filter(|d| !matches!(d.place, "body" | "formData")) {
            parameter::take_in(self.document, self.dialect, one, &mut inputs)?;
        }
        body::take_in(self.document, self.dialect, value, &declared, &mut inputs)?;
        Ok(inputs)
    }
}

/// The id, and the words that the risk is judged by.
fn names(operation: &Operation<'_>, value: &Value) -> (String, String) {
    let by_path = match slug(operation.path) {
        path if path.is_empty() => "root".to_owned(),
        path => path,
    };
    let told = value.get("operationId").and_then(Value::as_str).map(slug).filter(|id| !id.is_empty());
    let words = format!("{}-{by_path}", told.as_deref().unwrap_or_default());
    let id = told.unwrap_or_else(|| format!("{}-{by_path}", operation.method.as_str().to_ascii_lowercase()));
    (id, words)
}

fn definition(operation: &Operation<'_>, value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    let prose = match (text("summary"), text("description")) {
        (Some(summary), Some(description)) if summary != description => format!("{summary}\n{description}"),
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => format!("{} {}", operation.method, operation.path),
    };
    prose.chars().take(MAX_DEFINITION_CHARS).collect()
}
