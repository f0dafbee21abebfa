//! From a registry entry and a context to exactly what will be done (CONTRACT 1b).
//!
//! Owns the form of `execution`, the filling-in of parameters and the checks on an entry. Deliberately does no I/O,
//! runs nothing and never sees the value of a secret: a secret stays a name until the executor fills it in.

mod address;
mod form;
mod http;
mod process;
mod template;
mod values;

use domain::effect::{Effect, Known};
use domain::{RemediationAction, RenderedAction};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

pub use form::{Body, Credential, Field, HttpForm, HttpMethod, Place, Scheme, Style};
pub(crate) use template::is_name;
pub(crate) use values::{misfit, whole_match};

/// Characters an action id may have at most.
pub const MAX_ACTION_ID_CHARS: usize = 200;

/// Seconds an action may ask for at most.
pub const MAX_TIMEOUT_S: u64 = 3600;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Dotted path in the entry (`execution.path`, `parameters.pool`) or in the context (`context.pool`).
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Violation {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Values by parameter name.
type Arguments = BTreeMap<String, Value>;

/// How an entry is carried out, read from its `method` and `execution`, before any value is known.
enum Plan {
    Http(Box<http::HttpPlan>),
    Process(process::ProcessPlan),
}

/// Fills an entry in. Values come from `context`, then from the parameters' defaults; what the context holds beyond
/// the parameters is left alone, since one context serves all actions of a mapping.
///
/// # Errors
/// Everything that is wrong with the entry or the values, at once. Nothing is rendered then.
pub fn render(
    action: &RemediationAction,
    context: &Map<String, Value>,
) -> Result<RenderedAction, Vec<Violation>> {
    let mut violations = Vec::new();
    let plan = plan(action).map_err(|found| violations.extend(found)).ok();
    let arguments = values::arguments(&action.parameters, context, &mut violations);
    let known = match plan {
        Some(plan) if violations.is_empty() => plan.fill(&arguments, &mut violations),
        _ => None,
    };
    match known {
        Some(known) if violations.is_empty() => {
            Ok(RenderedAction { action: action.clone(), arguments, effect: Effect::Known(known) })
        }
        _ => Err(violations),
    }
}

/// Everything wrong with an entry by itself, before it enters the registry. Empty means: it can be rendered, given
/// values that fit its parameters.
pub fn validate(action: &RemediationAction) -> Vec<Violation> {
    let mut violations = Vec::new();
    check_id(action.action_id.as_str(), &mut violations);
    if action.service.trim().is_empty() {
        violations.push(Violation::new(
            "service",
            "is missing; name the service this action acts on, as people know it",
        ));
    }
    if let Some(timeout) = action.action_metadata.get("timeout")
        && !timeout.as_u64().is_some_and(|s| (1..=MAX_TIMEOUT_S).contains(&s))
    {
        let message = format!("must be a whole number of seconds from 1 to {MAX_TIMEOUT_S}, not {timeout}");
        violations.push(Violation::new("action_metadata.timeout", message));
    }
    values::check_parameters(&action.parameters, &mut violations);
    if let Err(found) = plan(action) {
        violations.extend(found);
    }
    violations
}

fn check_id(id: &str, violations: &mut Vec<Violation>) {
    let length = id.chars().count();
    if id.trim().is_empty() {
        violations.push(Violation::new("action_id", "is empty; give the action an id, like `restart-pool`"));
    } else if length > MAX_ACTION_ID_CHARS {
        let message = format!("has {length} characters; at most {MAX_ACTION_ID_CHARS} are allowed");
        violations.push(Violation::new("action_id", message));
    } else if id.chars().any(|c| c.is_control() || domain::escape::is_hostile(c)) || id.trim() != id {
        let message =
            "holds invisible characters or blanks at its ends; use letters, digits, `-`, `_` and `.`";
        violations.push(Violation::new("action_id", message));
    }
}

fn plan(action: &RemediationAction) -> Result<Plan, Vec<Violation>> {
    match action.method.as_str() {
        "api" | "rpc" => http::HttpPlan::read(action).map(|plan| Plan::Http(Box::new(plan))),
        "script" | "command" => process::ProcessPlan::of_host(action).map(Plan::Process),
        "k8s" => process::ProcessPlan::of_cluster(action).map(Plan::Process),
        "" => {
            Err(vec![Violation::new("method", "is missing; one of api, rpc, script, command, k8s is needed")])
        }
        other => {
            let message = format!("`{other}` is not known; one of api, rpc, script, command, k8s is needed");
            Err(vec![Violation::new("method", message)])
        }
    }
}

impl Plan {
    fn fill(&self, arguments: &Arguments, violations: &mut Vec<Violation>) -> Option<Known> {
        match self {
            Plan::Http(plan) => plan.fill(arguments, violations),
            Plan::Process(plan) => plan.fill(arguments, violations),
        }
    }
}

#[cfg(test)]
mod tests;
