//! Registry entries of the platform fixture: what they say, and what really happens when they run.

use serde_json::{Value, json};

/// A registry entry about to be added.
#[derive(Clone, Debug)]
pub struct Action {
    pub(super) id: String,
    pub(super) entry: Value,
    pub(super) answer: Answer,
}

/// What an action comes back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A status of its own making; nothing is called.
    Status(u16),
    /// No answer at all.
    Unreachable,
    /// Whatever `execution.base_url` + `execution.endpoint` answers to a real call.
    Called,
}

impl Action {
    /// Low risk, runs without being asked for.
    pub fn low(id: &str) -> Self {
        Self::new(id, "low")
    }

    /// Medium risk.
    pub fn medium(id: &str) -> Self {
        Self::new(id, "medium")
    }

    /// High risk, `requires_approval`.
    pub fn high(id: &str) -> Self {
        Self::new(id, "high").gated()
    }

    /// The same, asking for a decision of its own.
    #[must_use]
    pub fn gated(mut self) -> Self {
        self.entry["requires_approval"] = json!(true);
        self
    }

    /// The service it acts on; `ledger-db` otherwise.
    #[must_use]
    pub fn on(mut self, service: &str) -> Self {
        self.entry["service"] = json!(service);
        self
    }

    /// Its prose.
    #[must_use]
    pub fn saying(mut self, definition: &str) -> Self {
        self.entry["definition"] = json!(definition);
        self
    }

    /// Really calls `POST origin/path` when it runs.
    #[must_use]
    pub fn calling(mut self, origin: &str, path: &str) -> Self {
        self.entry["execution"]["base_url"] = json!(origin);
        self.entry["execution"]["endpoint"] = json!(path);
        self.answer = Answer::Called;
        self
    }

    /// Comes back with this HTTP status, without calling anything. From 400 on that is a failure under `success:true`.
    #[must_use]
    pub fn answering(mut self, status: u16) -> Self {
        self.answer = Answer::Status(status);
        self
    }

    /// Reaches nobody: the one failure that the platform calls a failure.
    #[must_use]
    pub fn unreachable(mut self) -> Self {
        self.answer = Answer::Unreachable;
        self
    }

    /// Changes any field of the entry.
    #[must_use]
    pub fn with(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        edit(&mut self.entry);
        self
    }

    fn new(id: &str, risk: &str) -> Self {
        let entry = json!({
            "action_id": id,
            "method": "rpc",
            "service": "ledger-db",
            "definition": format!("Carries out {id}."),
            "requires_approval": false,
            "risk_level": risk,
            "validated": true,
            "execution": {
                "endpoint": format!("/ops/{id}"),
                "http_method": "POST",
                "base_url": "http://127.0.0.1:9"
            },
            "parameters": {"service_name": {"type": "string", "required": true}},
            "secrets": {"secret_references": []},
            "action_metadata": {"timeout": 5}
        });
        Self { id: id.to_owned(), entry, answer: Answer::Status(200) }
    }
}
