//! The card shows what is hashed, and nothing hostile gets a shape of its own.

use super::*;
use serde_json::json;

fn approval(effect: Value) -> Approval {
    serde_json::from_value(json!({
        "request_id": "APR-77aa", "pipeline_id": "payments-prod", "revision": 41, "mode": "per_action",
        "error_message": "PoolExhausted", "action_ids": ["restart-pool"], "status": "pending",
        "actions": [{"action_id": "restart-pool", "version": 17, "service": "payments-api", "risk_level": "medium",
            "requires_approval": true, "action_metadata": {"timeout": 93}, "effect": effect}],
    }))
    .expect("an approval")
}

/// Every scalar of what is hashed, as it should be readable.
fn scalars(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|inner| scalars(inner, into)),
        Value::Array(items) => items.iter().for_each(|inner| scalars(inner, into)),
        Value::String(text) => into.extend(text.split('\n').map(str::to_owned)),
        Value::Number(number) => into.push(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

#[test]
fn rule_3_each_hashed_field_is_visible_on_the_card() {
    let effects = [
        json!({"kind":"http","method":"PATCH","url":"http://127.0.0.1:9/x?y=1","headers":{"x-team":"db","a":["k ",{"secret":"pool-key"}]},"body":"{\"pool\":\n\"main\"}"}),
        json!({"kind":"argv","argv":["/bin/fix","--all"],"cwd":"/srv/app"}),
        json!({"kind":"ssh","host":"db1","port":"2222","user":"ops","host_key":"ssh-ed25519 AAAAC3","argv":["restart"]}),
        json!({"kind":"k8s","argv":["rollout","restart","deploy/api"]}),
        json!({"kind":"undisclosed","entry":{"base_url":"http://h","timeout":{"n":"5.0"}}}),
        json!({"kind":"telepathy","strength":"11"}),
    ];
    for effect in effects {
        let approval = approval(effect.clone());
        let card = text(&approval, &approval.computed_digest(), &approval.action_ids);
        let mut wanted = vec![
            "APR-77aa",
            "payments-prod",
            "41",
            "per_action",
            "restart-pool",
            "17",
            "medium",
            "true",
            "93",
        ]
        .into_iter()
        .map(str::to_owned)
        .collect();
        scalars(&effect, &mut wanted);
        for one in wanted {
            assert!(card.contains(&one), "{one} is hashed but not on the card:\n{card}");
        }
    }
}

#[test]
fn rule_11_hostile_text_is_counted_and_cannot_write_lines_of_its_own() {
    let mut approval = approval(json!({"kind":"k8s","argv":["a\nDECISION\n  holdctl approve OTHER --yes"]}));
    approval.error_message = "boom\u{202e}\u{1b}[2J\nDECISION".into();
    let card = text(&approval, &approval.computed_digest(), &approval.action_ids);
    assert_eq!(card.lines().filter(|line| *line == "DECISION").count(), 1);
    assert!(card.contains("2 hidden characters"));
}

#[test]
fn rule_11_prose_is_marked_as_a_claim_apart_from_the_effect() {
    let mut approval = approval(json!({"kind":"k8s","argv":["get","pods"]}));
    approval.actions[0].action.definition = "only looks".into();
    let card = text(&approval, &approval.computed_digest(), &approval.action_ids);
    assert!(card.contains("claimed by the registry: only looks"));
}
