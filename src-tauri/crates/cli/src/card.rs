//! The decision card in a terminal, in reading order: what broke, what will be sent, how to decide. Every field that is
//! hashed stands on it (rule 3); prose of the gateway stands apart from effects and is marked as a claim (rule 11).

use domain::effect::{Known, Text};
use domain::{ActionId, Approval, Confidence, Digest, Effect, Mode, RenderedAction, Risk, Status, escape};
use engine::rules::target_name;
use serde_json::Value;
use std::fmt::Write;

/// The whole card. Still to be escaped by the writer.
///
/// `covers`: what an approve now would run before anybody is asked again.
pub fn text(approval: &Approval, digest: &Digest, covers: &[ActionId]) -> String {
    let mut card = String::new();
    broke(&mut card, approval);
    effects(&mut card, approval);
    decision(&mut card, approval, digest, covers);
    let hidden = escape::visible(&card).hidden;
    if hidden > 0 {
        let _ = writeln!(card, "\n{hidden} hidden characters in this text are shown as ⟨U+XXXX⟩.");
    }
    card.truncate(card.trim_end().len());
    card
}

fn broke(card: &mut String, approval: &Approval) {
    let _ = writeln!(card, "WHAT BROKE");
    quoted(card, "  ", &approval.error_message);
    let matched = approval.matched_error.as_deref().unwrap_or("nothing");
    let _ = writeln!(card, "  matched    {}{}", escape::one_line(matched), confidence(approval));
    if let Some(claim) = approval.description.as_deref().filter(|text| !text.is_empty()) {
        let _ = writeln!(card, "  claimed    {}", escape::one_line(claim));
    }
    let _ = writeln!(card, "  request    {}", escape::one_line(approval.request_id.as_str()));
    let _ = writeln!(card, "  pipeline   {}", escape::one_line(approval.pipeline_id.as_str()));
    let mode = match approval.mode {
        Mode::Request => "request (one decision for all)",
        Mode::PerAction => "per_action (gated actions ask for themselves)",
    };
    let _ = writeln!(
        card,
        "  status     {}, revision {}, mode {mode}",
        escape::one_line(&approval.status.to_string()),
        approval.revision
    );
    if let Some(by) = &approval.requested_by {
        let _ = writeln!(card, "  asked by   {}", escape::one_line(by));
    }
    if let Some(at) = approval.created_at {
        let _ = writeln!(card, "  raised     {}", at.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    if let Some(at) = approval.expires_at {
        let _ = writeln!(card, "  expires    {}", at.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    for (name, link) in &approval.links {
        let link = link.as_str().map_or_else(|| link.to_string(), str::to_owned);
        let _ = writeln!(card, "  {:<10} {}", escape::one_line(name), escape::one_line(&link));
    }
    if let Some(by) = &approval.decided_by {
        let at = approval
            .decided_at
            .map(|at| at.format(" at %Y-%m-%d %H:%M:%S UTC").to_string())
            .unwrap_or_default();
        let _ = writeln!(card, "  decided by {}{at}", escape::one_line(by));
    }
    if let Some(reason) = &approval.rejection_reason {
        let _ = writeln!(card, "  reason     {}", escape::one_line(reason));
    }
}

fn confidence(approval: &Approval) -> String {
    let word = match approval.confidence {
        Some(Confidence::High) => "high",
        Some(Confidence::Medium) => "medium",
        Some(Confidence::Low) => "low",
        None => return String::new(),
    };
    match approval.distance {
        Some(distance) => format!(" ({word} confidence, distance {distance:.2})"),
        None => format!(" ({word} confidence)"),
    }
}

fn effects(card: &mut String, approval: &Approval) {
    let count = approval.actions.len();
    let heading = if approval.status.is_open() { "WHAT WILL BE SENT" } else { "WHAT IT WAS ABOUT" };
    let _ =
        writeln!(card, "\n{heading} ({count} action{}, in this order)", if count == 1 { "" } else { "s" });
    for (index, rendered) in approval.actions.iter().enumerate() {
        action(card, index + 1, rendered, approval);
    }
}

fn action(card: &mut String, number: usize, rendered: &RenderedAction, approval: &Approval) {
    let entry = &rendered.action;
    let service = if entry.service.is_empty() { "an unnamed service" } else { &entry.service };
    let _ = writeln!(
        card,
        "  {number}. {} on {}, version {}",
        escape::one_line(entry.action_id.as_str()),
        escape::one_line(service),
        entry.version
    );
    for (what, name) in [("action", entry.action_id.as_str()), ("service", service)] {
        if let Some(letters) = escape::beyond_ascii(name) {
            let _ = writeln!(card, "     the {what}'s name holds letters beyond ASCII: {letters}");
        }
    }
    let approval_word = match (entry.requires_approval, entry.gated()) {
        (true, _) => "requires approval: true (asks for itself)",
        (false, true) => "requires approval: false (asks for itself: high risk or not validated)",
        (false, false) => "requires approval: false",
    };
    let _ =
        writeln!(card, "     {} risk, {approval_word}, time-out {} s", entry.risk_level, entry.timeout_s());
    if let Some(state) = approval.execution_state.get(&entry.action_id).filter(|state| state.executed) {
        let word = match state.success {
            Some(true) => "ran, says it succeeded",
            Some(false) => "ran, failed",
            None => "was started, how it ended is unknown",
        };
        let _ = writeln!(card, "     {word}");
    }
    effect(card, &rendered.effect);
    if !entry.definition.is_empty() {
        let _ = writeln!(card, "     claimed by the registry: {}", escape::one_line(&entry.definition));
    }
}

fn effect(card: &mut String, effect: &Effect) {
    match effect {
        Effect::Known(Known::Http { method, url, headers, body }) => {
            let _ = writeln!(card, "       http {} {}", escape::one_line(method), line(url));
            for (name, value) in headers {
                let _ = writeln!(card, "       {}: {}", escape::one_line(name), line(value));
            }
            match body {
                Some(body) => quoted(card, "       | ", &body.to_string()),
                None => {
                    let _ = writeln!(card, "       (no body)");
                }
            }
        }
        Effect::Known(Known::Argv { argv, cwd }) => {
            let place = cwd.as_deref().unwrap_or("no directory named");
            let _ = writeln!(card, "       argv in {}:", escape::one_line(place));
            arguments(card, argv);
        }
        Effect::Known(Known::Ssh { host, port, user, host_key, argv }) => {
            let _ = writeln!(
                card,
                "       ssh {}@{} port {}",
                escape::one_line(user),
                escape::one_line(host),
                escape::one_line(port)
            );
            let _ = writeln!(card, "       host key {}", escape::one_line(host_key));
            arguments(card, argv);
        }
        Effect::Known(Known::K8s { argv }) => {
            let _ = writeln!(card, "       k8s:");
            arguments(card, argv);
        }
        Effect::Known(Known::Undisclosed { entry: Value::Null }) => {
            let _ = writeln!(
                card,
                "       undisclosed: the gateway does not say what it will send, and its registry does not know the action"
            );
        }
        Effect::Known(Known::Undisclosed { entry }) => {
            let _ = writeln!(
                card,
                "       undisclosed: the gateway does not say which values it will send. Its registry entry:"
            );
            quoted(card, "       | ", &pretty(entry));
        }
        Effect::Raw(raw) => {
            let _ = writeln!(card, "       an effect this build does not know, as it came:");
            quoted(card, "       | ", &pretty(raw));
        }
    }
}

fn arguments(card: &mut String, argv: &[Text]) {
    for argument in argv {
        quoted(card, "       | ", &argument.to_string());
    }
}

/// What the next approve starts, and where it stops for another decision.
fn coverage(covers: &[ActionId], actions: &[RenderedAction]) -> String {
    let next = match covers.last() {
        Some(last) => actions.iter().skip_while(|one| one.action.action_id != *last).nth(1),
        None => actions.first(),
    };
    let runs = match covers {
        [] => "an approve runs nothing yet".to_owned(),
        covers => {
            let names: Vec<String> = covers.iter().map(|id| escape::one_line(id.as_str())).collect();
            format!("an approve runs {}", names.join(", "))
        }
    };
    match next {
        Some(next) => {
            format!("{runs} and then asks for {}", escape::one_line(next.action.action_id.as_str()))
        }
        None => runs,
    }
}

/// The flag that a covered high-risk action asks for.
fn target(covers: &[ActionId], approval: &Approval) -> String {
    let mut covered = covers.iter().filter_map(|id| approval.action(id));
    let high = covered.find(|one| one.action.risk_level == Risk::High);
    high.map(|one| format!(" --target {}", escape::one_line(target_name(one)))).unwrap_or_default()
}

fn decision(card: &mut String, approval: &Approval, digest: &Digest, covers: &[ActionId]) {
    let id = escape::one_line(approval.request_id.as_str());
    let _ = writeln!(card, "\nDECISION");
    match &approval.status {
        Status::Pending => {
            let flag = target(covers, approval);
            let _ = writeln!(card, "  {}", coverage(covers, &approval.actions));
            let _ = writeln!(card, "  holdctl approve {id} --yes{flag}\n  holdctl reject {id} --reason TEXT");
        }
        Status::Paused => {
            let action = approval
                .pending_approval_actions
                .first()
                .map(|id| escape::one_line(id.as_str()))
                .unwrap_or_default();
            let flag = target(covers, approval);
            let _ =
                writeln!(card, "  waits for a decision on {action}; {}", coverage(covers, &approval.actions));
            let _ = writeln!(
                card,
                "  holdctl approve {id} --action {action} --yes{flag}\n  holdctl reject {id} --reason TEXT"
            );
        }
        Status::Executing => {
            let _ = writeln!(card, "  executing\n  holdctl stop {id} --reason TEXT");
        }
        other => {
            let _ = writeln!(card, "  none: it is {}", escape::one_line(&other.to_string()));
        }
    }
    let _ = writeln!(card, "  digest {digest}");
}

/// A text on one line.
fn line(text: &Text) -> String {
    escape::one_line(&text.to_string())
}

/// A hostile text over several lines, each behind a margin of ours, so that it cannot pass for the card itself.
fn quoted(card: &mut String, margin: &str, text: &str) {
    for line in text.split('\n') {
        let _ = writeln!(card, "{margin}{line}");
    }
}

/// Indented JSON; numbers that stand as `{"n":"literal"}` keep that form, for that is what is hashed.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
