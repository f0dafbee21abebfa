//! `GET /health`, before anything that is worth stealing is sent: which gateway is this? (CONTRACT, head)

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::wire::call::{Answer, Auth, Call};
use crate::wire::verdict;
use protocol::problem;
use protocol::rest::{Health, PROTOCOL, SERVICE};
use std::sync::PoisonError;

/// What a gateway says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// To be pinned.
    pub dialect: Dialect,
    /// Its build, if it says.
    pub version: Option<String>,
}

impl Gateway {
    /// Asks what it is. Needs no session.
    ///
    /// # Errors
    /// [`Failure::Protocol`] if it is not what was pinned; [`Failure::Portal`] if a web page answers.
    pub async fn probe(&self) -> Result<Probe, Failure> {
        let answer = self.inner.transport.send(&Call::get("/health").auth(Auth::Open), None).await?;
        let probe = match judge(&answer) {
            Some(probe) => probe?,
            None => return Err(verdict::refusal(Dialect::Holdpoint, &answer, self.inner.transport.now())),
        };
        // What it said once in this run binds it as well: it is pinned on disk by then.
        if self.known_dialect().is_some_and(|pinned| pinned != probe.dialect) {
            return Err(Failure::Protocol { why: "this gateway changed its protocol".to_owned() });
        }
        *self.inner.checked.write().unwrap_or_else(PoisonError::into_inner) = Some(probe.dialect);
        Ok(probe)
    }
}

/// Reads the answer; `None` if it says nothing about the gateway but that something fails.
fn judge(answer: &Answer) -> Option<Result<Probe, Failure>> {
    let health: Option<Health> = serde_json::from_slice(&answer.body).ok();
    if let Some(health) = &health
        && health.service.as_deref() == Some(SERVICE)
    {
        return Some(match health.protocol {
            Some(PROTOCOL) => Ok(Probe { dialect: Dialect::Holdpoint, version: health.version.clone() }),
            other => Err(Failure::Protocol { why: unknown_protocol(other) }),
        });
    }
    match answer.status {
        300..400 | 511 => Some(Err(Failure::Portal)),
        407 | 429 | 500.. => None,
        _ if problem::looks_like_html(&answer.text()) => Some(Err(Failure::Portal)),
        _ => {
            Some(Ok(Probe { dialect: Dialect::Platform, version: health.and_then(|health| health.version) }))
        }
    }
}

fn unknown_protocol(told: Option<u32>) -> String {
    match told {
        Some(number) => format!("the gateway speaks protocol {number}, this program speaks {PROTOCOL}"),
        None => "the gateway does not say which protocol it speaks".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Option<Result<Dialect, &'static str>> {
        let answer = Answer { status, headers: http::HeaderMap::new(), body: body.as_bytes().to_vec() };
        judge(&answer).map(|judged| judged.map(|probe| probe.dialect).map_err(|failure| failure.code()))
    }

    #[test]
    fn our_gateway_says_its_name_and_everything_else_that_speaks_is_the_platform() {
        let ours = r#"{"status":"ok","service":"holdpoint-gateway","protocol":1,"version":"0.1.0"}"#;
        assert_eq!(judged(200, ours), Some(Ok(Dialect::Holdpoint)));
        assert_eq!(judged(503, ours), Some(Ok(Dialect::Holdpoint)));
        assert_eq!(judged(200, r#"{"status":"healthy"}"#), Some(Ok(Dialect::Platform)));
        assert_eq!(judged(200, "OK"), Some(Ok(Dialect::Platform)));
        assert_eq!(judged(404, r#"{"detail":"Not Found"}"#), Some(Ok(Dialect::Platform)));
    }

    #[test]
    fn another_protocol_a_portal_and_an_outage_are_not_taken_for_a_gateway() {
        let newer = r#"{"service":"holdpoint-gateway","protocol":2}"#;
        assert_eq!(judged(200, newer), Some(Err("protocol")));
        assert_eq!(judged(302, ""), Some(Err("portal")));
        assert_eq!(judged(200, "<!DOCTYPE html><html>"), Some(Err("portal")));
        assert_eq!(judged(503, "upstream restarting"), None);
        assert_eq!(judged(502, "<html>"), None);
    }
}
