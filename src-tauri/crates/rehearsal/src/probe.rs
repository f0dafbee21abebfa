//! The probe: asks the service how it is, and finds out when that has changed for good. It judges by what the service
//! answers and by nothing else.

use crate::wire::reqwest;
use serde_json::Value;
use std::time::Duration;

/// Between two looks.
pub const PROBE_MS: u64 = 200;

/// Looks in a row that must agree before the probe believes them.
pub const AGREEING_LOOKS: u32 = 3;

/// Looks between two reminders that the service is still failing: five seconds.
pub const REMINDER_LOOKS: u32 = 25;

/// What one look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It says it is healthy.
    Healthy,
    /// It says what is wrong, or does not answer.
    Failing {
        /// The error, as the service words it.
        error: String,
    },
}

/// What the probe has found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An incident began. Comes once per incident.
    Failing {
        /// The error of the look that settled it.
        error: String,
    },
    /// It goes on; every [`REMINDER_LOOKS`].
    StillFailing {
        /// The error of this look.
        error: String,
        /// Failing looks since the incident began.
        looks: u32,
    },
    /// The incident is over. Comes once per incident.
    Recovered,
}

/// What the probe believes, and how many looks in a row speak against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// All is well.
    Healthy {
        /// Failing looks in a row.
        against: u32,
    },
    /// An incident.
    Failing {
        /// Healthy looks in a row.
        against: u32,
        /// Failing looks since it began.
        looks: u32,
    },
}

impl Default for Belief {
    fn default() -> Self {
        Belief::Healthy { against: 0 }
    }
}

impl Belief {
    /// The belief after one more look, and what was found out by it.
    pub fn after(self, health: &Health) -> (Self, Option<Finding>) {
        match (self, health) {
            (Belief::Healthy { .. }, Health::Healthy) => (Belief::Healthy { against: 0 }, None),
            (Belief::Healthy { against }, Health::Failing { error }) if against + 1 >= AGREEING_LOOKS => {
                (Belief::Failing { against: 0, looks: 0 }, Some(Finding::Failing { error: error.clone() }))
            }
            (Belief::Healthy { against }, Health::Failing { .. }) => {
                (Belief::Healthy { against: against + 1 }, None)
            }
            (Belief::Failing { against, .. }, Health::Healthy) if against + 1 >= AGREEING_LOOKS => {
                (Belief::default(), Some(Finding::Recovered))
            }
            (Belief::Failing { against, looks }, Health::Healthy) => {
                (Belief::Failing { against: against + 1, looks }, None)
            }
            (Belief::Failing { looks, .. }, Health::Failing { error }) => {
                let looks = looks.saturating_add(1);
                let reminder = looks.is_multiple_of(REMINDER_LOOKS);
                let finding = reminder.then(|| Finding::StillFailing { error: error.clone(), looks });
                (Belief::Failing { against: 0, looks }, finding)
            }
        }
    }
}

/// One look at `GET /health`.
pub async fn look(client: &reqwest::Client, origin: &str) -> Health {
    let asked = client.get(format!("{origin}/health")).timeout(Duration::from_secs(2)).send().await;
    let answer = match asked {
        Ok(answer) => answer,
        Err(_) => return Health::Failing { error: format!("ServiceUnreachable: {origin} does not answer") },
    };
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if status.is_success() && body["status"] == "healthy" {
        return Health::Healthy;
    }
    let error = body["error"].as_str().map_or_else(|| format!("HealthCheckFailed: {status}"), str::to_owned);
    Health::Failing { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(looks: impl IntoIterator<Item = bool>) -> Vec<Option<Finding>> {
        let mut belief = Belief::default();
        let mut found = Vec::new();
        for healthy in looks {
            let health = if healthy { Health::Healthy } else { Health::Failing { error: "E".into() } };
            let (next, finding) = belief.after(&health);
            belief = next;
            found.push(finding);
        }
        found
    }

    #[test]
    fn three_failing_looks_in_a_row_raise_exactly_once() {
        let raised = Some(Finding::Failing { error: "E".into() });
        assert_eq!(findings([false; 10]).iter().filter(|f| **f == raised).count(), 1);
        assert_eq!(findings([false; 3])[2], raised);
        assert!(findings([false, false, true, false, false, true]).iter().all(Option::is_none));
    }

    #[test]
    fn a_blip_of_health_neither_ends_an_incident_nor_raises_it_again() {
        let looks = [false, false, false, true, true, false, false, false, false];
        assert_eq!(findings(looks).iter().flatten().count(), 1);
    }

    #[test]
    fn recovery_is_told_once_and_the_next_incident_raises_anew() {
        let looks = [false, false, false, true, true, true, true, false, false, false];
        let found: Vec<_> = findings(looks).into_iter().flatten().collect();
        assert!(matches!(found[..], [Finding::Failing { .. }, Finding::Recovered, Finding::Failing { .. }]));
    }

    #[test]
    fn an_incident_that_goes_on_is_said_again_and_again() {
        let reminders = findings([false; 60]).into_iter().flatten().filter_map(|f| match f {
            Finding::StillFailing { looks, .. } => Some(looks),
            _ => None,
        });
        assert!(reminders.eq([25, 50]));
    }
}
