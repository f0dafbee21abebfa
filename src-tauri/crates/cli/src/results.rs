//! What became of a decision, in words, JSON and an exit code (rules 5 and 12).

use crate::exit::{Exit, Stop};
use crate::shapes;
use domain::{OutboxState, Outcome, Status, Verdict, escape};
use engine::Code;
use engine::view::DecisionView;
use serde_json::{Value, json};
use std::fmt::Write;

/// Is there anything left to wait for?
pub(crate) fn is_settled(decision: &DecisionView) -> bool {
    !decision.state.locks()
}

/// How the program ends with this decision; a refusal stops it.
pub(crate) fn exit(decision: &DecisionView) -> Result<Exit, Stop> {
    let detail = || decision.detail.clone().unwrap_or_else(|| decision.state.word().replace('_', " "));
    let code = match decision.state {
        OutboxState::Observed => return Ok(observed(decision)),
        OutboxState::Conflict => decision.code.unwrap_or(Code::AlreadyDecided),
        OutboxState::Changed => Code::Changed,
        OutboxState::Expired => Code::Expired,
        OutboxState::Refused => decision.code.unwrap_or(Code::Refused),
        OutboxState::NotTaken => decision.code.unwrap_or(Code::NotTaken),
        OutboxState::Held
        | OutboxState::Queued
        | OutboxState::Sent
        | OutboxState::Acknowledged
        | OutboxState::Unknown => Code::Unknown,
    };
    let message = match decision.state {
        _ if decision.waits.is_some() => format!(
            "The decision on {} has not been sent yet: it still waits here, and `holdctl status` tells for what.",
            decision.key.request
        ),
        OutboxState::Acknowledged => format!(
            "The gateway took the decision on {}; how it ends is not known yet. `holdctl show {0}` tells.",
            decision.key.request
        ),
        OutboxState::Queued | OutboxState::Sent | OutboxState::Unknown => format!(
            "Whether the decision on {} took effect is unknown - checking. {} Do not decide again before `holdctl show {0}` tells how it stands.",
            decision.key.request,
            decision.detail.as_deref().unwrap_or_default()
        ),
        _ => detail(),
    };
    Err(Stop { exit: Exit::of(code), code: code.word(), message })
}

fn observed(decision: &DecisionView) -> Exit {
    if !matches!(decision.verdict, Verdict::Approve) {
        return Exit::Done;
    }
    let any = |outcome| decision.results.iter().any(|result| result.outcome() == outcome);
    match decision.status {
        Some(Status::Failed) => Exit::ActionFailed,
        _ if any(Outcome::Failed) => Exit::ActionFailed,
        Some(Status::Interrupted) => Exit::Unknown,
        _ if any(Outcome::Unknown) => Exit::Unknown,
        // Approved, but it was ended before all of it ran.
        Some(Status::Stopped | Status::Rejected | Status::Withdrawn | Status::Expired) => Exit::ActionFailed,
        _ => Exit::Done,
    }
}

/// The word of CONTRACT 1's RemediationResponse for where the request stands.
fn status_word(decision: &DecisionView) -> Value {
    match &decision.status {
        Some(Status::Completed) => json!("executed"),
        Some(Status::Paused) => json!("action_approval_required"),
        Some(other) => json!(other),
        None => Value::Null,
    }
}

/// As JSON: a RemediationResponse with the decision's own fields beside it.
pub(crate) fn value(decision: &DecisionView) -> Value {
    let executed = decision.results.iter().filter(|result| result.outcome() != Outcome::Skipped).count();
    let ended = matches!(
        decision.status,
        Some(Status::Completed | Status::Failed | Status::Stopped | Status::Interrupted)
    );
    let all = decision.results.iter().all(|result| result.outcome() == Outcome::Succeeded);
    let success = ended.then_some(all && decision.status == Some(Status::Completed));
    json!({
        "status": status_word(decision),
        "request_id": decision.key.request,
        "pipeline_id": decision.pipeline,
        "action_id": decision.point.action(),
        "verdict": decision.verdict.word(),
        "decision": decision.id,
        "state": decision.state,
        "identity": decision.identity,
        "digest": decision.digest,
        "actions_executed": executed,
        "execution_results": decision.results.iter().map(shapes::result).collect::<Vec<_>>(),
        "overall_success": success,
        "pending_approval_actions": decision.waiting.iter().collect::<Vec<_>>(),
        "message": decision.detail,
    })
}

/// For people. "Approved" stands here only after the gateway said so (rule 7).
pub(crate) fn text(decision: &DecisionView) -> String {
    let id = escape::one_line(decision.key.request.as_str());
    let done = match (&decision.verdict, &decision.status) {
        (Verdict::Approve, _) => "Approved",
        (Verdict::Reject { .. }, _) => "Rejected",
        (Verdict::Stop { .. }, Some(Status::Stopped)) => "Stopped",
        // It was asked for in time and taken; the request came to its end by itself all the same.
        (Verdict::Stop { .. }, _) => "Asked to stop",
    };
    let what = decision
        .point
        .action()
        .map(|action| format!("{} of ", escape::one_line(action.as_str())))
        .unwrap_or_default();
    let mut text = format!("{done} {what}{id} as {}.", escape::one_line(&decision.identity));
    for result in &decision.results {
        let codes = [
            result.status_code().map(|code| format!("HTTP {code}")),
            result.exit_code().map(|code| format!("exit {code}")),
            result.execution_time.map(|seconds| format!("{seconds:.2} s")),
        ];
        let codes: Vec<String> = codes.into_iter().flatten().collect();
        let _ = write!(
            text,
            "\n  {}  {}  {}",
            escape::one_line(result.action_id.as_str()),
            result.outcome(),
            codes.join(", ")
        );
        if let Some(error) = result.error.as_ref().filter(|error| !error.is_null()) {
            let error = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
            let _ = write!(text, "\n      {}", escape::one_line(&error));
        }
    }
    match (&decision.status, &decision.waiting) {
        (Some(Status::Paused), Some(action)) => {
            let action = escape::one_line(action.as_str());
            let _ = write!(
                text,
                "\nIt is paused: {action} needs a decision of its own (holdctl show {id}, then holdctl approve {id} --action {action} --yes)."
            );
        }
        (Some(status), _) => {
            let _ = write!(text, "\nThe request is {}.", escape::one_line(&status.to_string()));
        }
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{DecisionId, Digest, GatewayId, Point, RequestKey};

    fn decision(state: OutboxState, status: &str, results: Value) -> DecisionView {
        DecisionView {
            id: DecisionId(Default::default()),
            key: RequestKey { gateway: GatewayId(Default::default()), request: "r".into() },
            pipeline: "p".into(),
            point: Point::Request,
            verdict: Verdict::Approve,
            identity: "me".into(),
            digest: Digest(String::new()),
            state,
            code: None,
            detail: None,
            status: serde_json::from_value(json!(status)).expect("a status"),
            waiting: None,
            results: serde_json::from_value(results).expect("results"),
            waits: None,
        }
    }

    fn code(state: OutboxState, status: &str, results: Value) -> Exit {
        exit(&decision(state, status, results)).unwrap_or_else(|stop| stop.exit)
    }

    #[test]
    fn rule_12_a_failure_inside_a_success_ends_with_9() {
        let fine = json!([{"action_id":"a","success":true,"result":{"status_code":200}}]);
        let hidden = json!([{"action_id":"a","success":true,"result":{"status":"failed"}}]);
        assert_eq!(code(OutboxState::Observed, "completed", fine.clone()), Exit::Done);
        assert_eq!(code(OutboxState::Observed, "completed", hidden), Exit::ActionFailed);
        assert_eq!(code(OutboxState::Observed, "failed", fine.clone()), Exit::ActionFailed);
        assert_eq!(code(OutboxState::Observed, "interrupted", fine.clone()), Exit::Unknown);
        assert_eq!(code(OutboxState::Observed, "paused", fine), Exit::Done);
    }

    #[test]
    fn a_stop_that_came_too_late_is_not_called_a_stop() {
        let stop = |status| {
            let verdict = Verdict::Stop { reason: "enough".into() };
            text(&DecisionView { verdict, ..decision(OutboxState::Observed, status, json!([])) })
        };
        assert!(stop("stopped").starts_with("Stopped r"));
        assert!(stop("completed").starts_with("Asked to stop r"));
        assert!(stop("completed").ends_with("The request is completed."));
    }

    #[test]
    fn rule_5_what_is_not_known_ends_with_7_and_never_with_success() {
        for state in [
            OutboxState::Queued,
            OutboxState::Sent,
            OutboxState::Acknowledged,
            OutboxState::Unknown,
            OutboxState::NotTaken,
        ] {
            assert_eq!(code(state, "executing", json!([])), Exit::Unknown, "{state:?}");
        }
        assert_eq!(code(OutboxState::Conflict, "rejected", json!([])), Exit::Conflict);
        assert_eq!(code(OutboxState::Changed, "pending", json!([])), Exit::Conflict);
        assert_eq!(code(OutboxState::Expired, "expired", json!([])), Exit::Conflict);
    }
}
