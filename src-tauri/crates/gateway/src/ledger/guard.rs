//! Rule 3 at the gateway: what was shown is what is decided (CONTRACT 1b). Pure.

use crate::fault::Fault;
use domain::decision::Point;
use domain::{Approval, Digest, Risk};
use protocol::problem::Slug;

/// How a digest that was sent relates to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Current,
    /// It was the digest of an earlier revision.
    Earlier,
    /// It never was.
    Foreign,
}

/// The one digest that was sent, in the body or as `If-Match`; both and different is an error.
pub(crate) fn shown(body: Option<&Digest>, if_match: Option<&str>) -> Result<Option<Digest>, Fault> {
    let header = if_match.map(|text| {
        let text = text.trim();
        Digest(text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text).to_owned())
    });
    match (body, header) {
        (Some(body), Some(header)) if *body != header => Err(mismatch(
            "The digest in the body and the one in If-Match differ; nothing was decided. Send one of them.",
        )),
        (Some(digest), _) => Ok(Some(digest.clone())),
        (None, header) => Ok(header),
    }
}

/// Does this decision cover a high-risk action? "Approve all" of a request that holds one counts as covering it: the
/// safe reading.
pub(crate) fn covers_high_risk(approval: &Approval, point: &Point) -> bool {
    approval
        .actions
        .iter()
        .filter(|a| point.action().is_none_or(|id| *id == a.action.action_id))
        .any(|a| a.action.risk_level == Risk::High)
}

/// Judges what was shown against what stands here.
pub(crate) fn judge(relation: Option<Relation>, high_risk: bool, approval: &Approval) -> Result<(), Fault> {
    match relation {
        Some(Relation::Current) => Ok(()),
        Some(Relation::Earlier) => Err(Fault::new(
            Slug::Changed,
            format!(
                "Request {} was rendered anew (revision {}) after it was shown; nothing was decided. Look at it again.",
                approval.request_id, approval.revision
            ),
        )
        .with("digest", approval.computed_digest().0)
        .with("revision", approval.revision)),
        Some(Relation::Foreign) => {
            Err(mismatch("The digest never belonged to this request; nothing was decided. Look at it again."))
        }
        None if high_risk => Err(Fault::new(
            Slug::DigestRequired,
            "This decision covers a high-risk action: send the digest of what was shown as shown_digest or If-Match.",
        )
        .with("digest", approval.computed_digest().0)),
        None => Ok(()),
    }
}

fn mismatch(detail: &str) -> Fault {
    Fault::new(Slug::DigestMismatch, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_3_one_digest_may_be_sent_twice_but_not_two() {
        let digest = Digest("sha-256:a".into());
        assert_eq!(shown(None, None).expect("none"), None);
        assert_eq!(shown(None, Some("\"sha-256:a\"")).expect("one"), Some(digest.clone()));
        assert_eq!(shown(Some(&digest), Some("\"sha-256:a\"")).expect("same"), Some(digest.clone()));
        let fault = shown(Some(&digest), Some("\"sha-256:b\"")).expect_err("two");
        assert_eq!(fault.problem.status, 400);
    }
}
