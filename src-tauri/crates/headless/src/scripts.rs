//! What is asked of the page, as bodies of functions. They read; none of them changes what is shown.

/// The control with that accessible name that can be seen and used, or nothing. Keys that stand on a button for the eye
/// are no part of its name, and a button that is closed by `aria-disabled` cannot be used.
pub(crate) const NAMED: &str = r#"
const wanted = arguments[0];
const words = (node) => {
    const copy = node.cloneNode(true);
    for (const gone of copy.querySelectorAll("kbd, input, textarea, select, [aria-hidden='true']")) gone.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
};
const names = (node) => {
    const by = (node.getAttribute("aria-labelledby") ?? "").split(" ").filter((id) => id !== "");
    return [
        node.getAttribute("aria-label"),
        ...by.map((id) => document.getElementById(id)).filter((label) => label !== null).map(words),
        ...[...(node.labels ?? [])].map(words),
        words(node),
    ];
};
const seen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
const usable = (node) => !node.disabled && node.getAttribute("aria-disabled") !== "true";
const controls = document.querySelectorAll("button, a, input, textarea, select, summary, [role]");
return [...controls].find((node) => seen(node) && usable(node) && names(node).includes(wanted)) ?? null;
"#;

/// Notes from now on, and as far back as the page remembers, what it tried although its policy forbids it.
pub(crate) const WATCH_VIOLATIONS: &str = r#"
if (window.__violations === undefined) {
    window.__violations = [];
    const note = (directive, address) => window.__violations.push(`${directive} ${address}`);
    addEventListener("securitypolicyviolation", (event) => note(event.effectiveDirective, event.blockedURI));
    if (window.ReportingObserver !== undefined) {
        const reports = (list) => list.forEach(({ body }) => note(body.effectiveDirective, body.blockedURL));
        new ReportingObserver(reports, { types: ["csp-violation"], buffered: true }).observe();
    }
}
return true;
"#;

/// What was noted.
pub(crate) const VIOLATIONS: &str = "return window.__violations ?? null;";
