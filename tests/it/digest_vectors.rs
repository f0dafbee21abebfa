//! The digest of what is shown against vectors made by another hand (CONTRACT 1b, rule 3): RFC 8785 and SHA-256 were
//! done by a program of their own, so that both would have to be wrong in the same way.

use domain::Approval;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// All vectors by name.
fn vectors() -> BTreeMap<String, Value> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/digest"));
    let read = |path: &Path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| read(&path))
        .collect()
}

fn approval(vector: &Value) -> Approval {
    serde_json::from_value(vector["approval"].clone()).unwrap()
}

/// Pointers to every scalar below `value`.
fn scalars(value: &Value, here: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let name = name.replace('~', "~0").replace('/', "~1");
                scalars(inner, &format!("{here}/{name}"), into);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| scalars(inner, &format!("{here}/{at}"), into));
        }
        _ => into.push(here.to_owned()),
    }
}

/// Another value of the same kind; for words of a closed set another word.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!("something"),
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => json!(number.as_u64().unwrap() - 1),
        Value::String(text) => match text.as_str() {
            "request" => json!("per_action"),
            "per_action" => json!("request"),
            "low" | "medium" => json!("high"),
            "high" => json!("low"),
            text => json!(format!("{text}.")),
        },
        other => other.clone(),
    }
}

#[test]
fn rule_3_every_vector_gives_the_digest_that_was_computed_elsewhere() {
    let vectors = vectors();
    assert!(vectors.len() >= 14, "{}", vectors.len());
    for (name, vector) in &vectors {
        let digest = approval(vector).computed_digest();
        assert_eq!(json!(digest), vector["digest"], "{name}: {}", vector["about"]);
    }
}

#[test]
fn rule_3_the_digest_is_the_hash_of_the_canonical_text() {
    for (name, vector) in vectors() {
        let canonical: Value = serde_json::from_str(vector["canonical"].as_str().unwrap()).unwrap();
        assert_eq!(canonical["v"], 1, "{name}");
        let hash = format!("sha-256:{}", domain::digest::hash_canonical(&canonical));
        assert_eq!(json!(hash), vector["digest"], "{name}");
    }
}

#[test]
fn rule_3_only_vectors_that_say_so_share_a_digest() {
    let vectors = vectors();
    let same = |vector: &Value| vector["same_as"].as_str().map(str::to_owned);
    for (name, vector) in &vectors {
        if let Some(twin) = same(vector) {
            assert_eq!(vector["digest"], vectors[&twin]["digest"], "{name}");
        }
    }
    let own: Vec<&Value> = vectors.values().filter(|vector| same(vector).is_none()).collect();
    let different: BTreeSet<&str> = own.iter().map(|vector| vector["digest"].as_str().unwrap()).collect();
    assert_eq!(different.len(), own.len());
}

#[test]
fn rule_3_the_digest_survives_a_trip_through_json() {
    for (name, vector) in vectors() {
        let read = approval(&vector);
        let again: Approval = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again.computed_digest(), read.computed_digest(), "{name}");
    }
}

#[test]
fn rule_3_any_change_to_anything_hashed_gives_another_digest() {
    let mut changed = 0;
    for (name, vector) in vectors() {
        let before = &vector["digest"];
        let mut places: Vec<String> =
            ["/request_id", "/pipeline_id", "/revision", "/mode"].map(str::to_owned).into();
        for (at, action) in vector["approval"]["actions"].as_array().unwrap().iter().enumerate() {
            for field in ["action_id", "version", "risk_level", "requires_approval"] {
                places.push(format!("/actions/{at}/{field}"));
            }
            scalars(&action["effect"], &format!("/actions/{at}/effect"), &mut places);
        }
        for place in places {
            let mut edited = vector.clone();
            let value = edited["approval"].pointer_mut(&place).unwrap();
            if *value == json!(0) {
                *value = json!(1);
            } else {
                *value = other(value);
            }
            assert_ne!(json!(approval(&edited).computed_digest()), *before, "{name}: {place}");
            changed += 1;
        }
    }
    assert!(changed > 100, "{changed}");
}

#[test]
fn rule_3_the_order_of_actions_and_the_time_out_count() {
    let vectors = vectors();
    let vector = &vectors["all_forms_in_order"];
    let mut swapped = approval(vector);
    swapped.actions.swap(0, 3);
    assert_ne!(json!(swapped.computed_digest()), vector["digest"]);
    let mut longer = approval(vector);
    longer.actions[0].action.action_metadata.insert("timeout".into(), json!(31));
    assert_ne!(json!(longer.computed_digest()), vector["digest"]);
}
