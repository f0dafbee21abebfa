//! The judgement before anything leaves, case by case.

use super::*;
use serde_json::{Value, json};

fn request(change: impl FnOnce(&mut Value)) -> Approval {
    let action = |id: &str, risk: &str| {
        json!({"action_id": id, "version": 1, "method": "api", "service": "payments", "risk_level": risk,
            "validated": true, "requires_approval": false,
            "effect": {"kind":"http","method":"POST","url":"http://127.0.0.1:1/x","headers":{},"body":null}})
    };
    let mut value = json!({
        "request_id": "r1", "pipeline_id": "p1", "revision": 1, "mode": "per_action", "error_message": "boom",
        "action_ids": ["check", "fix", "drop"], "status": "pending", "requested_by": "probe@example.com",
        "actions": [action("check", "low"), action("fix", "medium"), action("drop", "high")],
        "expires_at": "2030-01-01T00:00:00Z",
    });
    change(&mut value);
    serde_json::from_value(value).expect("an approval")
}

fn code(
    approval: &Approval,
    point: Point,
    verdict: Verdict,
    change: impl FnOnce(&mut Asked<'_>),
) -> Result<Judged, Code> {
    let shown = approval.computed_digest();
    let mut asked = Asked {
        approval,
        dialect: Dialect::Holdpoint,
        rights: Rights::Decide,
        identity: "ops@example.com",
        point: &point,
        verdict: &verdict,
        shown: Some(&shown),
        now: Some("2029-12-31T00:00:00Z".parse().expect("a time")),
    };
    change(&mut asked);
    judge(&asked).map_err(|refused| refused.code)
}

fn no() -> Verdict {
    Verdict::Reject { reason: "not now".into() }
}

#[test]
fn an_approve_covers_what_runs_before_anybody_is_asked_again() {
    let pending = request(|_| ());
    let judged = code(&pending, Point::Request, Verdict::Approve, |_| ()).expect("may be decided");
    assert_eq!(judged.covers, ["check".into(), "fix".into()]);
    assert_eq!(judged.target, None, "the gated high-risk action is not covered");

    let paused = request(|r| {
        r["status"] = "paused".into();
        r["pending_approval_actions"] = json!(["drop"]);
    });
    let judged =
        code(&paused, Point::Action("drop".into()), Verdict::Approve, |_| ()).expect("may be decided");
    assert_eq!(judged.covers, ["drop".into()]);
    assert_eq!(judged.target.as_deref(), Some("payments"));
}

#[test]
fn on_the_platform_an_approve_may_cover_a_high_risk_action_and_then_asks_for_its_target() {
    let judged = code(&request(|_| ()), Point::Request, Verdict::Approve, |a| a.dialect = Dialect::Platform);
    assert_eq!(judged.expect("may be decided").target.as_deref(), Some("payments"));
}

#[test]
fn rule_3_nothing_leaves_unless_shown_computed_and_told_digest_are_one() {
    let approval = request(|_| ());
    let other: &'static Digest = Box::leak(Box::new(Digest("sha-256:0".into())));
    assert_eq!(code(&approval, Point::Request, Verdict::Approve, |a| a.shown = None), Err(Code::Changed));
    assert_eq!(
        code(&approval, Point::Request, Verdict::Approve, |a| a.shown = Some(other)),
        Err(Code::Changed)
    );
    let lied = request(|r| r["digest"] = "sha-256:1".into());
    assert_eq!(code(&lied, Point::Request, Verdict::Approve, |_| ()), Err(Code::Changed));
    assert_eq!(code(&lied, Point::Request, no(), |_| ()), Err(Code::Changed));
    assert!(code(&approval, Point::Request, no(), |a| a.shown = None).is_ok(), "a reject may come without");
}

#[test]
fn rule_6_an_expired_or_decided_request_is_refused_and_the_decider_named() {
    let approval = request(|_| ());
    let late = Some("2030-01-01T00:00:00Z".parse().expect("a time"));
    assert_eq!(code(&approval, Point::Request, Verdict::Approve, |a| a.now = late), Err(Code::Expired));
    let decided = request(|r| {
        r["status"] = "rejected".into();
        r["decided_by"] = "anna@example.com".into();
    });
    assert_eq!(code(&decided, Point::Request, Verdict::Approve, |_| ()), Err(Code::AlreadyDecided));
    assert!(decided_by(&decided).contains("anna@example.com"));
}

#[test]
fn rule_8_a_viewer_and_the_requester_do_not_approve() {
    let approval = request(|_| ());
    assert_eq!(
        code(&approval, Point::Request, Verdict::Approve, |a| a.rights = Rights::Look),
        Err(Code::NotAllowed)
    );
    assert_eq!(
        code(&approval, Point::Request, Verdict::Approve, |a| a.identity = "probe@example.com"),
        Err(Code::NotAllowed)
    );
}

#[test]
fn what_the_platform_cannot_do_is_refused_before_sending() {
    let paused = request(|r| {
        r["status"] = "paused".into();
        r["pending_approval_actions"] = json!(["drop"]);
    });
    let stop = Verdict::Stop { reason: "enough".into() };
    for verdict in [no(), stop] {
        assert_eq!(
            code(&paused, Point::Request, verdict, |a| a.dialect = Dialect::Platform),
            Err(Code::NotPossibleHere)
        );
    }
}

#[test]
fn an_unknown_action_or_status_and_a_blank_reason_are_refused() {
    let approval = request(|_| ());
    assert_eq!(code(&approval, Point::Action("nope".into()), Verdict::Approve, |_| ()), Err(Code::NotFound));
    assert_eq!(
        code(&approval, Point::Request, Verdict::Reject { reason: " .. ".into() }, |_| ()),
        Err(Code::Usage)
    );
    let odd = request(|r| r["status"] = "hibernating".into());
    assert_eq!(code(&odd, Point::Request, Verdict::Approve, |_| ()), Err(Code::NotPossibleHere));
}

#[test]
fn a_typed_target_must_fit_and_a_superfluous_one_must_name_a_service_of_the_request() {
    let approval = request(|_| ());
    let fits = |target, typed| typed_fits(target, typed, &approval).is_ok();
    assert!(fits(None, None) && fits(Some("payments"), Some("payments")) && fits(None, Some("payments")));
    assert!(
        !fits(Some("payments"), None)
            && !fits(Some("payments"), Some("Payments"))
            && !fits(None, Some("ledger"))
    );
}
