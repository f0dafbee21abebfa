//! Processes: on the gateway's host, over SSH, or a kubectl call. No shell anywhere: each item of argv is filled on its
//! own, so that a value can never become a second word, an operator or an option. Runs nothing.

use super::template::{Names, Piece, Template};
use super::{Arguments, Violation};
use domain::RemediationAction;
use domain::effect::{Known, Part, Text};
use serde_json::Value;

/// A process entry, read and checked.
pub(super) struct ProcessPlan {
    argv: Vec<Template>,
    place: Where,
}

enum Where {
    Host { cwd: Option<String> },
    Ssh { host: String, port: String, user: String, host_key: String },
    Cluster,
}

impl ProcessPlan {
    /// Methods `script` and `command`: `argv` (a list), `command` (a list, or words without shell operators), or
    /// `script_path` with `args`; `cwd`. With a `host` it goes over SSH and needs `user` and `host_key`.
    pub(super) fn of_host(action: &RemediationAction) -> Result<Self, Vec<Violation>> {
        let execution = &action.execution;
        let mut violations = Vec::new();
        let text = |name: &str| execution.get(name).and_then(Value::as_str).map(str::to_owned);
        let place = match execution.get("host").or(execution.get("hostname")) {
            None | Some(Value::Null) => Where::Host { cwd: text("cwd") },
            Some(_) => {
                let mut needed = |name: &str, why: &str| {
                    text(name).filter(|t| !t.trim().is_empty()).unwrap_or_else(|| {
                        violations.push(Violation::new(format!("execution.{name}"), why));
                        String::new()
                    })
                };
                Where::Ssh {
                    host: text("hostname")
                        .unwrap_or_else(|| needed("host", "must be a host name or address")),
                    port: port(execution.get("port")),
                    user: needed("user", "is missing; name the remote user"),
                    host_key: needed(
                        "host_key",
                        "is missing; without it the host cannot be told from another",
                    ),
                }
            }
        };
        Self::checked(action, place, violations)
    }

    /// Method `k8s`: `argv` or `command`.
    pub(super) fn of_cluster(action: &RemediationAction) -> Result<Self, Vec<Violation>> {
        Self::checked(action, Where::Cluster, Vec::new())
    }

    fn checked(
        action: &RemediationAction,
        place: Where,
        mut violations: Vec<Violation>,
    ) -> Result<Self, Vec<Violation>> {
        let items = argv_items(action).unwrap_or_else(|violation| {
            violations.push(violation);
            Vec::new()
        });
        let argv: Vec<Template> = items.iter().map(|item| Template::parse(item)).collect();
        let names = Names { parameters: &action.parameters, secrets: &action.secrets };
        for (index, template) in argv.iter().enumerate() {
            template.check(&format!("execution.argv.{index}"), &names, &mut violations);
        }
        if argv.first().is_some_and(|first| first.0.iter().any(|p| !matches!(p, Piece::Literal(_)))) {
            violations.push(Violation::new("execution.argv.0", "is the program: no value may choose it"));
        }
        if violations.is_empty() { Ok(Self { argv, place }) } else { Err(violations) }
    }

    /// The process with its values. Every hole needs one: leaving an item out would make its neighbour mean
    /// something else.
    pub(super) fn fill(&self, arguments: &Arguments, violations: &mut Vec<Violation>) -> Option<Known> {
        let mut argv: Vec<Text> = Vec::with_capacity(self.argv.len());
        let mut options_ended = false;
        for template in &self.argv {
            let text = match template.fill(arguments) {
                Ok(text) => text,
                Err(name) => {
                    let message = "is needed as a text, number or boolean in the command";
                    violations.push(Violation::new(format!("context.{name}"), message));
                    continue;
                }
            };
            if let Some(Piece::Parameter(name)) = template.0.first()
                && !options_ended
                && text.to_string().starts_with('-')
            {
                let message =
                    "begins with `-` and would be read as an option; put `--` before it in the entry";
                violations.push(Violation::new(format!("context.{name}"), message));
            }
            if holds_nul(&text) {
                violations.push(Violation::new(
                    "execution.argv",
                    "would hold a NUL character, which no argument can",
                ));
            }
            options_ended |= text == Text::Plain("--".to_owned());
            argv.push(text);
        }
        Some(match &self.place {
            Where::Host { cwd } => Known::Argv { argv, cwd: cwd.clone() },
            Where::Cluster => Known::K8s { argv },
            Where::Ssh { host, port, user, host_key } => Known::Ssh {
                host: host.clone(),
                port: port.clone(),
                user: user.clone(),
                host_key: host_key.clone(),
                argv,
            },
        })
    }
}

fn argv_items(action: &RemediationAction) -> Result<Vec<String>, Violation> {
    let execution = &action.execution;
    let items = if let Some(list) = execution.get("argv") {
        texts("argv", list)?
    } else if let Some(Value::String(line)) = execution.get("command") {
        words(line).map_err(|message| Violation::new("execution.command", message))?
    } else if let Some(list) = execution.get("command") {
        texts("command", list)?
    } else if let Some(Value::String(script)) = execution.get("script_path") {
        let mut items = vec![script.clone()];
        if let Some(args) = execution.get("args").filter(|v| !v.is_null()) {
            items.extend(texts("args", args)?);
        }
        items
    } else {
        return Err(Violation::new("execution.argv", "is missing; list the program and its arguments"));
    };
    match items.first() {
        Some(program) if !program.trim().is_empty() => Ok(items),
        _ => Err(Violation::new("execution.argv", "is empty; list the program and its arguments")),
    }
}

fn texts(name: &str, list: &Value) -> Result<Vec<String>, Violation> {
    let all = list.as_array().and_then(|items| items.iter().map(|i| i.as_str().map(str::to_owned)).collect());
    all.ok_or_else(|| Violation::new(format!("execution.{name}"), "must be a list of texts"))
}

/// Splits a command line into words. Quotes group; whatever only a shell understands is refused.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (None, '|' | '&' | ';' | '<' | '>' | '$' | '`' | '(' | ')' | '*' | '?' | '\\' | '#' | '~') => {
                return Err(format!("holds `{c}`, but no shell reads it; write `argv` as a list instead"));
            }
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("holds a quote that never ends".to_owned());
    }
    out.extend(word);
    Ok(out)
}

fn port(told: Option<&Value>) -> String {
    match told {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        _ => "22".to_owned(),
    }
}

fn holds_nul(text: &Text) -> bool {
    match text {
        Text::Plain(text) => text.contains('\0'),
        Text::Parts(parts) => parts.iter().any(|p| matches!(p, Part::Literal(text) if text.contains('\0'))),
    }
}
