//! What happens at the platform by itself: requests raised, notices, logs, root causes, and decisions of other people.

use super::Platform;
use super::approve;
use super::document::{Alert, Document, Kind};
use super::execute;
use super::request::{Request, Status, Step};
use super::world::{State, now};
use domain::{ActionId, PipelineId, Point, RequestId};
use serde_json::{Map, Value, json};

/// Says nothing about where a request belongs.
const SYSTEM: &str = protocol::platform::SYSTEM_PIPELINE;
/// What `matched_error` says where no mapping names these actions.
const SOME_ERROR: &str = "LedgerPoolExhausted";

impl Platform {
    /// An error asks for `actions`: a request is made, and a frame goes to every user.
    ///
    /// # Panics
    /// When the registry has no such action.
    pub fn raise(&self, pipeline: &PipelineId, error: &str, distance: f64, actions: &[&str]) -> RequestId {
        let (id, document_id) = self.world.with(|state| (format!("APR-{}", state.hex(12)), state.hex(24)));
        let request = self.change(pipeline, |pipeline| {
            let mapping = pipeline.mappings.iter().find(|mapping| mapping["actions"] == json!(actions));
            let told = |name: &str| mapping.and_then(|mapping| mapping[name].as_str()).map(str::to_owned);
            let steps = actions.iter().map(|action| match pipeline.registry.get(*action) {
                Some(registered) => Step {
                    action_id: (*action).to_owned(),
                    gated: registered.entry["requires_approval"] == true,
                    executed: false,
                    success: None,
                    approved: None,
                },
                None => panic!("no action {action} in {}", pipeline.id),
            });
            let request = Request {
                id: id.clone(),
                error_message: error.to_owned(),
                matched_error: told("error").unwrap_or_else(|| SOME_ERROR.to_owned()),
                description: told("description").unwrap_or_else(|| "No free slot in the pool".to_owned()),
                distance,
                steps: steps.collect(),
                status: Status::Pending,
                created_at: now(),
                approved: None,
                rejection_reason: None,
                current_action_index: 0,
                waiting: None,
                document_id,
            };
            pipeline.requests.push(request.clone());
            request
        });
        self.world.with(|state| state.publish(notification(&request)));
        RequestId(id)
    }

    /// An `alert` without remediation metadata: a notice, never an approval.
    pub fn notice(&self, pipeline: &PipelineId, title: &str, text: &str) {
        let alert = Alert::pending(vec!["Go on".to_owned(), "Leave it".to_owned()]);
        let fields = json!({"title": title, "desc": text, "type": "alert"});
        self.publish(pipeline, Kind::Notification, Some(alert), fields);
    }

    /// A notification that asks for nothing.
    pub fn notify(&self, pipeline: &PipelineId, title: &str, text: &str) {
        let fields = json!({"title": title, "desc": text, "type": "success"});
        self.publish(pipeline, Kind::Notification, None, fields);
    }

    /// A line of a log.
    pub fn log(&self, pipeline: &PipelineId, level: &str, message: &str) {
        let fields = json!({"level": level, "message": message, "source": "watcher"});
        self.publish(pipeline, Kind::Log, None, fields);
    }

    /// A root-cause report.
    pub fn root_cause(&self, pipeline: &PipelineId, title: &str, text: &str) {
        let fields = json!({
            "title": title,
            "description": text,
            "trace_ids": ["trace_17", "trace_204"],
            "metadata": {"test": false, "source": "watcher", "severity": "high", "status": "in_progress"}
        });
        self.publish(pipeline, Kind::Rca, None, fields);
    }

    /// Somebody else approves a point, and it runs to its end or its next pause.
    ///
    /// # Panics
    /// When the platform refuses.
    pub async fn approve_elsewhere(&self, request: &RequestId, point: &Point, by: &str) {
        let id = request.as_str();
        let action = point.action().map(ActionId::as_str);
        let run = match self.world.with(|state| approve::take(state, id, action, by)) {
            Ok(()) => execute::run(self.world.clone(), id.to_owned(), by.to_owned()).await,
            Err(refused) => Err(refused),
        };
        assert!(run.is_ok(), "{request}: {run:?}");
    }

    /// Somebody else rejects the request.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn reject_elsewhere(&self, request: &RequestId, by: &str, reason: &str) {
        let reason = Some(reason.to_owned());
        let answer = self.world.with(|state| approve::reject(state, request.as_str(), by, reason));
        assert!(answer.is_ok(), "{request}: {answer:?}");
    }

    fn publish(&self, pipeline: &PipelineId, kind: Kind, alert: Option<Alert>, fields: Value) {
        self.world.with(|state: &mut State| {
            let document = Document {
                id: state.hex(24),
                kind,
                pipeline_id: pipeline.0.clone(),
                at: now(),
                fields: members(fields),
                alert,
                workflow: state.workflow(pipeline.as_str()),
            };
            state.publish(document);
        });
    }
}

fn notification(request: &Request) -> Document {
    let (ids, gated) = (request.action_ids(), request.gated_ids());
    let (kind, reason) = match gated.is_empty() {
        true => ("request-level", format!("A {} match is not run without a yes", request.confidence())),
        false => ("per-action", format!("Each of these needs a yes of its own: {}", gated.join(", "))),
    };
    let desc = format!(
        "Seen: {}\nNearest: {}\nMatch: {}\n\n{reason}",
        request.error_message,
        request.matched_error,
        request.confidence()
    );
    let fields = json!({
        "title": "A runbook waits for a yes",
        "desc": desc,
        "type": "alert",
        "remediation_metadata": {
            "request_id": request.id,
            "error_message": request.error_message,
            "matched_error": request.matched_error,
            "confidence": request.confidence(),
            "description": request.description,
            "type": "approval_request",
            "approval_type": kind,
            "actions_requiring_individual_approval": gated,
            "all_actions": ids,
            "approval_reason": reason
        }
    });
    Document {
        id: request.document_id.clone(),
        kind: Kind::Notification,
        pipeline_id: SYSTEM.to_owned(),
        at: request.created_at,
        fields: members(fields),
        alert: Some(Alert::pending(ids)),
        workflow: None,
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
