//! What happens in a rehearsal, as values: each step with its time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// One step. On the wire `{"step":"raised",...}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The service answers.
    ServiceUp {
        /// `http://127.0.0.1:PORT`.
        origin: String,
        /// Its name, which a high-risk decision asks to type.
        service: String,
        /// Where its health is told.
        health_url: String,
    },
    /// The gateway answers, and accounts and pipeline are there.
    GatewayUp {
        /// `http://127.0.0.1:PORT`.
        origin: String,
        /// The person who may decide.
        email: String,
        /// The pipeline.
        pipeline: String,
    },
    /// The service's document was read.
    Discovered {
        /// The ids it gave.
        actions: Vec<String>,
    },
    /// The error leads to actions.
    Mapped {
        /// The error's name.
        error: String,
        /// Their ids, in order; a person has checked them.
        actions: Vec<String>,
    },
    /// Clients are at work, some of them leaking.
    LoadStarted {
        /// How many leak.
        leaks: usize,
    },
    /// The probe believes that the service is failing.
    Failing {
        /// In the service's words.
        error: String,
    },
    /// The probe told the gateway.
    Raised {
        /// The request that a person has to decide; `None` if the gateway does not ask.
        request_id: Option<String>,
        /// The gateway's answer: `approval_required` and the like.
        status: String,
    },
    /// The probe could not tell the gateway; it does not try again.
    NotRaised {
        /// Why.
        why: String,
    },
    /// The service is failing on; every five seconds.
    StillFailing {
        /// In the service's words.
        error: String,
    },
    /// The probe believes that the service is healthy again.
    Recovered,
}

/// A step and when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub step: Step,
}

/// Puts times to steps and sends them on.
#[derive(Clone)]
pub(crate) struct Reporter {
    pub(crate) now: std::sync::Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    pub(crate) out: mpsc::UnboundedSender<Reported>,
}

impl Reporter {
    /// Sends a step. Nobody listening is no reason to stop.
    pub(crate) fn report(&self, step: Step) {
        let _ = self.out.send(Reported { at: (self.now)(), step });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_flat_object_that_reads_back() {
        let reported = Reported {
            at: DateTime::UNIX_EPOCH,
            step: Step::Raised { request_id: Some("r1".into()), status: "approval_required".into() },
        };
        let text = serde_json::to_string(&reported).expect("serialises");
        assert_eq!(
            text,
            r#"{"at":"1970-01-01T00:00:00Z","step":"raised","request_id":"r1","status":"approval_required"}"#
        );
        assert_eq!(serde_json::from_str::<Reported>(&text).expect("reads"), reported);
    }
}
