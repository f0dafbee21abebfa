//! Documents of the platform's database in their two forms: Extended JSON in frames, plain with zone-less UTC times in
//! REST (CONTRACT 3).

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

/// One stored document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// 24 hex digits.
    pub(super) id: String,
    pub(super) kind: Kind,
    /// The pipeline's id, or the one word that all approvals carry.
    pub(super) pipeline_id: String,
    pub(super) at: DateTime<Utc>,
    /// Everything that looks the same in both forms.
    pub(super) fields: Map<String, Value>,
    pub(super) alert: Option<Alert>,
    /// What the frame says of the workflow; approvals say nothing.
    pub(super) workflow: Option<Workflow>,
}

/// `message_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Notification,
    Log,
    Rca,
}

/// The `alert` member.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) actions: Vec<String>,
    pub(super) taken: Option<Taken>,
    pub(super) status: &'static str,
}

/// What became of an alert.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) what: String,
    pub(super) at: DateTime<Utc>,
    pub(super) by: String,
}

/// A workflow, as frames and `retrieve_all` show it.
#[derive(Clone, Debug)]
pub(super) struct Workflow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owners: Vec<String>,
    pub(super) viewers: Vec<String>,
    pub(super) status: &'static str,
    pub(super) updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Extended,
    Plain,
}

impl Document {
    /// As it goes over the socket.
    pub(super) fn frame(&self) -> Value {
        let mut map = self.body(Form::Extended);
        let workflow = match &self.workflow {
            Some(workflow) => workflow.write(Form::Extended),
            None => json!({}),
        };
        map.insert("workflow".into(), workflow);
        map.insert("message_type".into(), json!(self.kind.word()));
        Value::Object(map)
    }

    /// As REST gives it.
    pub(super) fn plain(&self) -> Value {
        Value::Object(self.body(Form::Plain))
    }

    fn body(&self, form: Form) -> Map<String, Value> {
        let mut map = self.fields.clone();
        map.insert("_id".into(), form.id(&self.id));
        map.insert("pipeline_id".into(), json!(self.pipeline_id));
        let time = if self.kind == Kind::Rca { "triggered_at" } else { "timestamp" };
        map.insert(time.into(), form.date(self.at));
        if let Some(alert) = &self.alert {
            map.insert("alert".into(), alert.write(form));
        }
        map
    }
}

impl Alert {
    /// One that waits.
    pub(super) fn pending(actions: Vec<String>) -> Self {
        Self { actions, taken: None, status: "pending" }
    }

    fn write(&self, form: Form) -> Value {
        let taken = self.taken.as_ref();
        json!({
            "actions": self.actions,
            "action_taken": taken.map(|taken| &taken.what),
            "taken_at": taken.map(|taken| form.date(taken.at)),
            "action_executed_by": taken.map(|taken| &taken.by),
            "action_executed_by_user": null,
            "status": self.status
        })
    }
}

impl Workflow {
    /// As `retrieve_all` lists it.
    pub(super) fn plain(&self) -> Value {
        self.write(Form::Plain)
    }

    fn write(&self, form: Form) -> Value {
        json!({
            "_id": form.id(&self.id),
            "owner_ids": self.owners,
            "viewer_ids": self.viewers,
            "start_Date": null,
            "status": self.status,
            "container_id": "pl",
            "agent_container_id": "",
            "agent_port": "",
            "agent_ip": "",
            "notification": [],
            "pipeline_host_port": "21000",
            "agentic_host_port": "21001",
            "db_host_port": "",
            "host_ip": "127.0.0.1",
            "versions": [],
            "current_version_id": "",
            "last_started": null,
            "runtime": 0,
            "name": self.name,
            "last_updated": form.date(self.updated_at)
        })
    }
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Notification => "notification",
            Kind::Log => "log",
            Kind::Rca => "rca",
        }
    }
}

impl Form {
    fn id(self, id: &str) -> Value {
        match self {
            Form::Extended => json!({"$oid": id}),
            Form::Plain => json!(id),
        }
    }

    fn date(self, at: DateTime<Utc>) -> Value {
        match self {
            Form::Extended => json!({"$date": at.to_rfc3339_opts(SecondsFormat::Millis, true)}),
            Form::Plain => json!(at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()),
        }
    }
}
