//! What is asked of the page, as bodies of functions. They read; none of them changes what is shown.

use std::sync::LazyLock;

/// How a person would name a control, and whether they could use it. Keys that stand on a button for the eye are no part
/// of its name, and a button that is closed by `aria-disabled` cannot be used.
const READING: &str = r#"
const words = (node) => {
    const copy = node.cloneNode(true);
    for (const gone of copy.querySelectorAll("kbd, input, textarea, select, [aria-hidden='true']")) gone.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
};
const names = (node) => {
    const by = (node.getAttribute("aria-labelledby") ?? "").split(" ").filter((id) => id !== "");
    return [
        ...[node.getAttribute("aria-label")].filter((label) => label !== null),
        ...by.map((id) => document.getElementById(id)).filter((label) => label !== null).map(words),
        ...[...(node.labels ?? [])].map(words),
        words(node),
    ];
};
const seen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
const usable = (node) => !node.disabled && node.getAttribute("aria-disabled") !== "true";
"#;

/// The control with that accessible name that can be seen and used, or nothing.
pub(crate) static NAMED: LazyLock<String> = LazyLock::new(|| {
    reading(
        r#"
const controls = document.querySelectorAll("button, a, input, textarea, select, summary, [role]");
return [...controls].find((node) => seen(node) && usable(node) && names(node).includes(arguments[0])) ?? null;
"#,
    )
});

/// The row of a list that has those words, or nothing.
pub(crate) static ROW: LazyLock<String> = LazyLock::new(|| {
    reading(
        r#"
const rows = document.querySelectorAll("[role='option'], [role='row']");
return [...rows].find((node) => seen(node) && words(node).includes(arguments[0])) ?? null;
"#,
    )
});

/// The names of what has the focus.
pub(crate) static FOCUSED: LazyLock<String> =
    LazyLock::new(|| reading("return document.activeElement === null ? [] : names(document.activeElement);"));

/// Notes from now on what the page tries although its policy forbids it. What it tried before the driver took hold of it
/// nobody remembers.
pub(crate) const WATCH_VIOLATIONS: &str = r#"
if (window.__violations === undefined) {
    window.__violations = [];
    addEventListener("securitypolicyviolation", (event) => {
        window.__violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
}
return true;
"#;

/// What was noted.
pub(crate) const VIOLATIONS: &str = "return window.__violations ?? null;";

fn reading(body: &str) -> String {
    format!("{READING}{body}")
}
