//! The probe at work: looks every 200 ms, raises the alarm once per incident with its own machine account, and tells
//! when the service is well again.

use super::PIPELINE;
use crate::account::{Account, CallError};
use crate::load::Load;
use crate::probe::{Belief, Finding, PROBE_MS, look};
use crate::service::{POOL_NAME, SERVICE_NAME};
use crate::step::{Reporter, Step};
use crate::wire::reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Characters of the error that the restart is given as its reason.
const MAX_REASON_CHARS: usize = 200;

/// The probe's account.
pub(super) struct Machine {
    pub(super) email: String,
    pub(super) password: String,
}

/// See the module.
pub(super) struct Watch {
    pub(super) client: Client,
    pub(super) service_origin: String,
    pub(super) gateway_origin: String,
    pub(super) machine: Machine,
    /// Gives a new idempotency key.
    pub(super) new_key: Box<dyn Fn() -> String + Send + Sync>,
    /// Lives as long as the watch.
    pub(super) load: Load,
    pub(super) reporter: Reporter,
}

impl Watch {
    /// Looks until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut every = tokio::time::interval(Duration::from_millis(PROBE_MS));
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut belief = Belief::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = every.tick() => {}
            }
            let health = look(&self.client, &self.service_origin).await;
            let (next, finding) = belief.after(&health);
            belief = next;
            match finding {
                None => {}
                Some(Finding::Failing { error }) => {
                    self.load.stop_leaking();
                    self.reporter.report(Step::Failing { error: error.clone() });
                    let step = match self.raise(&error).await {
                        Ok(step) => step,
                        Err(why) => Step::NotRaised { why: why.to_string() },
                    };
                    self.reporter.report(step);
                }
                Some(Finding::StillFailing { error, .. }) => {
                    self.reporter.report(Step::StillFailing { error })
                }
                Some(Finding::Recovered) => self.reporter.report(Step::Recovered),
            }
        }
    }

    async fn raise(&self, error: &str) -> Result<Step, CallError> {
        let Machine { email, password } = &self.machine;
        // Anew each time: incidents may be days apart, and a token lasts an hour.
        let account = Account::sign_in(&self.client, &self.gateway_origin, email, password).await?;
        let reason: String = error.chars().take(MAX_REASON_CHARS).collect();
        let body = json!({
            "error": error,
            "context": {"pool": POOL_NAME, "reason": reason, "service": SERVICE_NAME},
        });
        let path = format!("/agentic/{PIPELINE}/runbook/remediate");
        let answer = account.call_once(&path, &(self.new_key)(), &body).await?;
        Ok(Step::Raised {
            request_id: answer["request_id"].as_str().map(str::to_owned),
            status: answer["status"].as_str().map_or_else(|| Value::Null.to_string(), str::to_owned),
        })
    }
}
