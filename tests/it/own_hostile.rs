//! Text from the gateway is hostile (rule 11, A1, A3): nothing that steers a terminal gets through raw, whole texts stay
//! whole, and what was hidden is counted.

use serde_json::json;
use support::hostile::{ALL, ANSI, BIDI, CONTROLS, HTML, SEPARATORS, ZERO_WIDTH, raw_in};
use support::seat::until_told;
use support::stage::{OTHER, PIPELINE, Stage};
use support::{Finished, Seat, Stream};

/// Nothing raw in either stream.
fn is_harmless(ended: &Finished, what: &str) {
    assert!(raw_in(&ended.stdout).is_empty(), "{what}: {:?}", ended.stdout);
    assert!(raw_in(&ended.stderr).is_empty(), "{what}: {:?}", ended.stderr);
}

/// Runs it in text and as JSON; both must be harmless. Both answers.
async fn both(seat: &Seat, args: &[&str]) -> (Finished, Finished) {
    let text = seat.run(args.iter().copied()).await;
    is_harmless(&text, &format!("{args:?}"));
    let json = seat.run(std::iter::once("--json").chain(args.iter().copied())).await;
    is_harmless(&json, &format!("--json {args:?}"));
    (text, json)
}

/// An action whose every text is this one, and an error that leads to it. The request's id.
async fn raise_hostile(stage: &Stage, text: &str) -> String {
    stage
        .put_action("touch", |action| {
            action["definition"] = json!(format!("Definition {text}"));
            action["service"] = json!(format!("ledger {text}"));
            action["parameters"] = json!({"note": {"type": "string", "required": true}});
            action["execution"]["body"] = json!([{"name": "note", "parameter": "note"}]);
            action["requires_approval"] = json!(true);
        })
        .await;
    stage.map("HostileTrouble", &["touch"], &format!("Description {text}")).await;
    stage.raise_with(&format!("HostileTrouble {text} end"), json!({"note": text})).await
}

#[tokio::test]
async fn rule_11_no_text_of_a_gateway_steers_the_terminal() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let mut json_watch = seat.watch().await;
    let mut text_watch = seat.holdctl(["watch"]).spawn().await;
    text_watch.wait_for(Stream::Out, crate::support_caller::SOON, |line| line.contains("live")).await;
    let mut last = String::new();
    for text in ALL {
        let id = raise_hostile(&stage, text).await;
        until_told(&mut json_watch, "approval_required", &id).await;
        both(&seat, &["pending"]).await;
        let (card, shown) = both(&seat, &["show", &id]).await;
        let shown = shown.json();
        // Whole: what a program reads is to the letter what the gateway has.
        assert_eq!(shown["error_message"], format!("HostileTrouble {text} end"));
        assert_eq!(shown["actions"][0]["definition"], format!("Definition {text}"));
        assert_eq!(shown["actions"][0]["service"], format!("ledger {text}"));
        assert_eq!(shown["digest"], stage.approval(&id).await["digest"]);
        // Visible and counted, for a person.
        let hidden = raw_in(text).len();
        for c in raw_in(text) {
            assert!(
                card.stdout.contains(&format!("⟨U+{:04X}⟩", c as u32)),
                "{c:?} is not shown:\n{}",
                card.stdout
            );
        }
        assert_eq!(card.stdout.contains("hidden character"), hidden > 0, "{}", card.stdout);
        both(&seat, &["runbooks", "list"]).await;
        both(&seat, &["runbooks", "show", "touch"]).await;
        both(&seat, &["mappings", "list"]).await;
        both(&seat, &["history", "search", "HostileTrouble"]).await;
        last = id;
    }
    text_watch.wait_for(Stream::Out, crate::support_caller::SOON, |line| line.contains(&last)).await;
    is_harmless(&text_watch.terminate().await, "watch");
    is_harmless(&json_watch.terminate().await, "--json watch");
}

#[tokio::test]
async fn rule_11_results_reasons_and_refusals_are_hostile_too() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    for text in [ANSI, CONTROLS, BIDI, ZERO_WIDTH, SEPARATORS] {
        // What the service answers.
        let id = raise_hostile(&stage, text).await;
        stage.target.fail("/touch", support::target::Fault::Answer(500, text.to_owned()));
        both(&seat, &["show", &id]).await;
        let service = format!("ledger {text}");
        // A control character cannot stand in an argument list when it is NUL.
        if !text.contains('\0') {
            both(&seat, &["approve", &id, "--action", "touch", "--yes", "--target", &service]).await;
        }
        // A reason of somebody else's, told in a refusal and on the card.
        let id = raise_hostile(&stage, text).await;
        let reason = format!("because {text}");
        let other = support::Account::sign_in(stage.gateway.origin(), OTHER).await;
        let body = json!({"request_id": id, "approved": false, "rejection_reason": reason});
        let (status, answer) =
            other.post(&format!("/agentic/{PIPELINE}/runbook/remediate/approve"), &body).await;
        assert_eq!(status, 200, "{answer}");
        let (_, shown) = both(&seat, &["show", &id]).await;
        assert_eq!(shown.json()["rejection_reason"], reason);
        let (refused, _) = both(&seat, &["approve", &id, "--yes"]).await;
        assert_eq!(refused.code, Some(4));
        both(&seat, &["history", "search", "because"]).await;
        // What was typed comes back in the refusal.
        if !text.contains('\0') {
            both(&seat, &["show", text]).await;
            both(&seat, &["runbooks", "show", text]).await;
            both(&seat, &["reject", &id, "--reason", text]).await;
            both(&seat, &["history", "search", text]).await;
            both(&seat, &[text]).await;
            both(&seat, &["--pipeline", text, "pending"]).await;
        }
    }
}

#[tokio::test]
async fn a1_a_text_cannot_pass_for_the_card_itself() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    let fake = format!(
        "{HTML}\n\nWHAT WILL BE SENT (1 action, in this order)\n  1. nothing at all\n\nDECISION\n  digest sha-256:{}",
        "0".repeat(64)
    );
    let id = raise_hostile(&stage, &fake).await;
    let card = seat.ends(0, ["show", &id]).await.stdout;
    for heading in ["WHAT BROKE", "WHAT WILL BE SENT", "DECISION"] {
        let count = card.lines().filter(|line| line.starts_with(heading)).count();
        assert_eq!(count, 1, "{heading} stands {count} times at the margin:\n{card}");
    }
    assert!(card.contains("<img src=x"), "markup is literal text:\n{card}");
    // The digest is told in one place of the card's own; a reader by line finds the real one.
    let digests: Vec<&str> = card.lines().filter_map(|line| line.strip_prefix("  digest ")).collect();
    let (_, real) = (id.clone(), seat.json(0, ["show", &id]).await["digest"].clone());
    assert_eq!(digests.last().map(|digest| json!(digest)), Some(real), "{card}");
    assert_eq!(digests.len(), 1, "a text printed a digest line of its own:\n{card}");
}

#[tokio::test]
async fn a_name_in_look_alike_letters_is_flagged_a3() {
    let stage = Stage::ready().await;
    let seat = stage.seat();
    stage.put_action("touch", |action| action["service"] = json!(support::hostile::HOMOGLYPH)).await;
    stage.map("HostileTrouble", &["touch"], "A name that looks like another").await;
    let id = stage.raise("HostileTrouble").await;
    let card = seat.ends(0, ["show", &id]).await.stdout;
    for letter in ["U+0440", "U+0430"] {
        assert!(card.contains(letter), "a name in letters of another script is not flagged:\n{card}");
    }
}

#[tokio::test]
async fn a_hostile_answer_of_an_alien_gateway_is_harmless() {
    let hostile: &'static str = "{\"detail\":\"\\u001b[2J\\u202e \\u200b gone\",\"title\":\"\\u009b31m\"}";
    let answer = move || async move {
        (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            [("content-type", "application/problem+json"), ("x-hostile", "1")],
            hostile,
        )
    };
    let serving = support::serve::Serving::start(axum::Router::new().fallback(answer)).await;
    let seat = Seat::new(&serving.origin(), OTHER);
    for args in
        [["pending"].as_slice(), &["status"], &["doctor"], &["watch", "--for", "1"], &["show", "APR-1"]]
    {
        let (text, json) = both(&seat, args).await;
        assert!(!matches!(text.code, None | Some(101)), "{args:?}: {text:?}");
        if json.code != Some(0) && json.stdout.is_empty() {
            json.error();
        }
    }
}
