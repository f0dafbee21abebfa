//! A decision on the wire: sent once per call, under its own key where the gateway knows keys, and never turned into an
//! outcome when no answer comes (rules 1, 3, 5, 8).

use crate::api::routes;
use crate::capability::Capability;
use crate::failure::{Failure, Unclear};
use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::wire::call::{Answer, Body, Call};
use crate::wire::traps;
use domain::registry::{RemediationResponse, RemediationStatus};
use domain::{DecisionId, Digest, PipelineId, Point, RequestId, Verdict};
use http::header::{HeaderName, HeaderValue};
use protocol::rest::{DecideRequest, ReasonRequest};
use serde_json::Value;

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decide {
    /// The key of every try.
    pub decision: DecisionId,
    /// The request.
    pub request: RequestId,
    /// The whole of it, or one action.
    pub point: Point,
    /// What the person wants.
    pub verdict: Verdict,
    /// Of what was shown.
    pub digest: Digest,
    /// Who is signed in; only a gateway that asks the client is told (rule 8).
    pub identity: String,
}

/// A decision the gateway took.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Its answer.
    pub response: RemediationResponse,
    /// HTTP status: 202 where the outcome comes over the stream.
    pub status: u16,
}

impl Gateway {
    /// Sends a decision, once. A 401 renews the session and sends the same decision under the same key once more.
    ///
    /// # Errors
    /// [`Failure::leaves_unclear`] says whether it may have been taken all the same. Stopping is refused before sending
    /// where the gateway does not offer it.
    pub async fn decide(&self, pipeline: &PipelineId, decide: &Decide) -> Result<Taken, Failure> {
        let dialect = self.dialect().await?;
        let (path, body) = message(dialect, pipeline, decide)?;
        let mut call = Call::post(path, body).timeout_ms(self.inner.settings.timeouts.decide_ms);
        let can = self.capabilities();
        if can.has(Capability::Idempotency) {
            call = call.header(HeaderName::from_static("idempotency-key"), key(&decide.decision)?);
        }
        if can.has(Capability::RespondAsync) {
            call = call.header(HeaderName::from_static("prefer"), HeaderValue::from_static("respond-async"));
        }
        match self.call(&call).await {
            Ok(answer) => taken(decide, &answer),
            Err(Failure::Told { told, .. })
                if dialect == Dialect::Platform && traps::has_no_reason(&told) =>
            {
                Err(Failure::Unclear { why: Unclear::NoReason { status: told.status } })
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Where it goes and what it says.
fn message(dialect: Dialect, pipeline: &PipelineId, decide: &Decide) -> Result<(String, Body), Failure> {
    if let Verdict::Stop { reason } = &decide.verdict {
        return match dialect {
            Dialect::Platform => Err(Failure::NotOffered { what: "stopping an execution" }),
            Dialect::Holdpoint => {
                let body = Body::json(&ReasonRequest { reason: reason.clone() })?;
                Ok((routes::stop(pipeline, &decide.request), body))
            }
        };
    }
    let approved = decide.verdict == Verdict::Approve;
    let ours = dialect == Dialect::Holdpoint;
    let body = DecideRequest {
        request_id: decide.request.clone(),
        // The platform rejects the whole request in any case, so it is not asked for less.
        action_id: decide.point.action().filter(|_| approved || ours).cloned(),
        approved,
        shown_digest: ours.then(|| decide.digest.clone()),
        rejection_reason: decide.verdict.reason().map(str::to_owned),
        approved_by: (!ours).then(|| decide.identity.clone()),
    };
    Ok((routes::decide(pipeline), Body::json(&body)?))
}

/// A quoted string, as the header's definition wants it.
fn key(decision: &DecisionId) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(&format!("\"{decision}\"")).map_err(Failure::bad_answer)
}

/// Reads the answer. A stop is taken by its status alone; its body need not be a remediation's.
fn taken(decide: &Decide, answer: &Answer) -> Result<Taken, Failure> {
    let response = match answer.read::<RemediationResponse>() {
        Ok(response) => response,
        Err(_) if matches!(decide.verdict, Verdict::Stop { .. }) => acknowledged(decide, answer),
        Err(failure) => return Err(failure),
    };
    Ok(Taken { response, status: answer.status })
}

/// What a stop's answer says beyond its status, kept as it came. The running action goes on to its end.
fn acknowledged(decide: &Decide, answer: &Answer) -> RemediationResponse {
    let extra = match answer.read::<Value>() {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    RemediationResponse {
        status: RemediationStatus::Executing,
        error: None,
        matched_error: None,
        confidence: None,
        actions_executed: None,
        execution_results: None,
        overall_success: None,
        message: extra.get("message").and_then(Value::as_str).map(str::to_owned),
        request_id: Some(decide.request.clone()),
        suggestion: None,
        extra,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Entropy;
    use serde_json::json;

    fn decide(point: Point, verdict: Verdict) -> Decide {
        Decide {
            decision: DecisionId(crate::system::SystemEntropy.uuid()),
            request: "r-1".into(),
            point,
            verdict,
            digest: Digest("sha-256:00".into()),
            identity: "ann@example.com".into(),
        }
    }

    fn sent(dialect: Dialect, decide: &Decide) -> (String, Value) {
        let (path, body) = message(dialect, &"p/1".into(), decide).expect("a message");
        let Body::Json(text) = body else { panic!("not JSON") };
        (path, serde_json::from_str(&text).expect("json"))
    }

    #[test]
    fn rule_3_and_8_our_gateway_gets_the_digest_and_no_name() {
        let (path, body) = sent(Dialect::Holdpoint, &decide(Point::Action("a".into()), Verdict::Approve));
        assert_eq!(path, "/agentic/p%2F1/runbook/remediate/approve");
        assert_eq!(
            body,
            json!({"request_id":"r-1","action_id":"a","approved":true,"shown_digest":"sha-256:00"})
        );
    }

    #[test]
    fn the_platform_gets_the_name_and_a_reject_of_the_whole() {
        let reject = Verdict::Reject { reason: "not now".into() };
        let (_, body) = sent(Dialect::Platform, &decide(Point::Action("a".into()), reject));
        assert_eq!(
            body,
            json!({
                "request_id":"r-1","approved":false,"rejection_reason":"not now","approved_by":"ann@example.com"
            })
        );
    }

    #[test]
    fn the_platform_cannot_stop_and_nothing_is_sent() {
        let stop = decide(Point::Request, Verdict::Stop { reason: "enough".into() });
        let refused = message(Dialect::Platform, &"p".into(), &stop).err().expect("refused");
        assert!(matches!(refused, Failure::NotOffered { .. }) && !refused.leaves_unclear());
        let (path, body) = sent(Dialect::Holdpoint, &stop);
        assert_eq!(path, "/agentic/p%2F1/runbook/approvals/r-1/stop");
        assert_eq!(body, json!({"reason":"enough"}));
    }
}
