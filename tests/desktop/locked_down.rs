//! A page that has been taken over (A5, A6, A7): whatever script runs in it, it leads nowhere, reaches no network, runs no
//! foreign code, and commands nothing but what a window may.

use anyhow::{Context, Result, ensure};
use headless::{Page, until};
use serde_json::Value;
use support::desktop::{Canary, Desk, words};
use tokio::net::TcpStream;

/// Every way out of a page that a script has; each answers with a word once it is over.
const WAYS_OUT: &str = r#"
const at = "CANARY";
const answer = arguments[0];
const bad = [];
const element = (name, properties) => new Promise((over) => {
    const node = Object.assign(document.createElement(name), properties);
    // A frame that was stopped says that it has loaded: there the listener at its address tells.
    node.onload = () => { if (name !== "iframe") bad.push(`${name} loaded`); over(); };
    node.onerror = () => over();
    document.body.append(node);
    setTimeout(over, 1500);
});
const closed = (socket) => new Promise((over) => {
    socket.onopen = () => { bad.push("a connection opened"); over(); };
    socket.onerror = () => over();
    socket.onclose = () => over();
    setTimeout(over, 1500);
});
const attempt = async (name, way) => { try { await way(); } catch (refused) { return; } };
const request = () => new Promise((over) => {
    const call = new XMLHttpRequest();
    call.onload = () => { bad.push("XMLHttpRequest answered"); over(); };
    call.onerror = () => over();
    call.open("GET", `${at}/xhr`);
    call.send();
});
Promise.all([
    attempt("fetch", async () => { await fetch(`${at}/fetch`, { mode: "no-cors" }); bad.push("fetch answered"); }),
    attempt("xhr", request),
    attempt("beacon", async () => { navigator.sendBeacon?.(`${at}/beacon`, "x"); }),
    attempt("socket", () => closed(new WebSocket(at.replace("http", "ws")))),
    attempt("events", () => closed(new EventSource(`${at}/events`))),
    attempt("img", () => element("img", { src: `${at}/img` })),
    attempt("script", () => element("script", { src: `${at}/script.js` })),
    attempt("style", () => element("link", { rel: "stylesheet", href: `${at}/style.css` })),
    attempt("prefetch", () => element("link", { rel: "prefetch", href: `${at}/prefetch` })),
    attempt("frame", () => element("iframe", { src: `${at}/frame` })),
    attempt("object", () => element("object", { data: `${at}/object` })),
    attempt("video", () => element("video", { src: `${at}/video` })),
    attempt("import", async () => { await import(`${at}/module.js`); bad.push("a module was imported"); }),
    attempt("worker", async () => { new Worker(`${at}/worker.js`); }),
    attempt("font", () => new FontFace("foreign", `url(${at}/font)`).load().then(() => bad.push("a font was loaded"))),
]).then(() => answer(bad));
"#;

/// Code that is not the page's own, as a script may try to get it to run.
const FOREIGN_CODE: &str = r#"
const answer = arguments[0];
window.ran = [];
const script = (properties) => document.body.append(Object.assign(document.createElement("script"), properties));
const attempt = (way) => { try { way(); } catch (refused) { return; } };
const text = (what) => `window.ran.push("${what}")`;
attempt(() => setTimeout(text("a timer's text"), 0));
attempt(() => script({ textContent: text("an inline script") }));
attempt(() => script({ src: `data:text/javascript,${text("a data: script")}` }));
attempt(() => script({ src: URL.createObjectURL(new Blob([text("a blob: script")])) }));
attempt(() => document.body.insertAdjacentHTML("beforeend", `<b id="handled" onclick='${text("a handler in markup")}'></b>`));
attempt(() => document.getElementById("handled").click());
attempt(() => document.body.append(Object.assign(document.createElement("iframe"), { srcdoc: `<script>parent.${text("a frame")}</` + "script>" })));
attempt(() => { const frame = document.createElement("iframe"); frame.src = `javascript:parent.${text("a frame's address")}`; document.body.append(frame); });
const link = Object.assign(document.createElement("a"), { href: `javascript:${text("a link")}` });
document.body.append(link);
attempt(() => link.click());
setTimeout(() => answer({ ran: window.ran, frozen: Object.isFrozen(Object.prototype), global: window.__TAURI__ !== undefined }), 1000);
"#;

/// Commands of the framework that a window could have and this one has not, and ways of ours with nothing to say.
const COMMANDS: [&str; 16] = [
    "plugin:window|close",
    "plugin:window|create",
    "plugin:webview|create_webview_window",
    "plugin:webview|internal_toggle_devtools",
    "plugin:event|emit",
    "plugin:event|emit_to",
    "plugin:app|version",
    "plugin:path|resolve_directory",
    "plugin:resources|close",
    "plugin:menu|new",
    "plugin:tray|new",
    "plugin:image|from_path",
    "plugin:shell|execute",
    "plugin:fs|read_text_file",
    "plugin:opener|open_url",
    "sign_in",
];

/// Asks the shell; `Err` with its refusal.
async fn invoke(page: &Page, command: &str, arguments: &str) -> Result<Result<Value, String>> {
    let script = format!(
        "const answer = arguments[0]; window.__TAURI_INTERNALS__.invoke({command:?}, {arguments}).then(\
         (value) => answer({{ value: value ?? null }}), \
         (error) => answer({{ error: typeof error === 'string' ? error : JSON.stringify(error) }}));"
    );
    let answer = page.script_that_answers(&script).await?;
    Ok(match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["value"].clone()),
    })
}

async fn is_where_it_was(page: &Page) -> Result<()> {
    let address = page.script("return location.href;").await?;
    ensure!(address.as_str().is_some_and(|address| address.starts_with("tauri://localhost")), "{address}");
    page.says(words::DOORS).await
}

/// What a person must click for a page to open a window, and a form that sends itself.
const OPENER: &str = "const opener = document.createElement('button'); opener.textContent = 'opener'; \
    opener.onclick = () => window.open('CANARY/open'); document.querySelector('main').prepend(opener); return true;";
const FORM: &str = "const form = document.createElement('form'); form.action = 'CANARY/form'; form.method = 'post'; \
    document.body.append(form); form.submit(); return true;";

/// Ways to go elsewhere, each with what the shell tells of it.
const WAYS_ELSEWHERE: [(&str, &str); 5] = [
    ("location.href = 'CANARY/href'", "/href"),
    ("location.assign('CANARY/assign')", "/assign"),
    ("location.replace('CANARY/replace')", "/replace"),
    ("Object.assign(document.createElement('a'), { href: 'CANARY/link' }).click()", "/link"),
    ("location.href = 'data:text/html,<h1>owned</h1>#/data'", "/data"),
];

/// Waits until the shell has told that it kept the page from this address.
async fn is_denied(desk: &Desk, address: &str) -> Result<()> {
    let told = |line: &str| line.contains("was kept from") && line.contains(address);
    let said = || async { desk.session().said().lines().any(told).then_some(()) };
    until(&format!("{address} is denied"), said).await.with_context(|| desk.session().said())
}

/// The policy stopped something of each of these kinds, or a test would pass where nothing was tried.
async fn were_stopped(page: &Page, kinds: &[&str]) -> Result<()> {
    let all = || async {
        let stopped = page.violations().await.ok()?;
        kinds.iter().all(|kind| stopped.iter().any(|one| one.starts_with(kind))).then_some(())
    };
    until("the policy stops what was tried", all).await.with_context(|| format!("{kinds:?}"))
}

#[tokio::test]
async fn a5_no_script_in_the_page_reaches_the_network() -> Result<()> {
    let desk = Desk::open()?;
    let canary = Canary::listen().await;
    let page = desk.window().await?;
    page.says(words::DOORS).await?;
    let at = canary.origin();
    let reached = page.script_that_answers(&WAYS_OUT.replace("CANARY", &at)).await?;
    ensure!(reached == serde_json::json!([]), "{reached}");
    page.script(&FORM.replace("CANARY", &at)).await?;
    let kinds =
        ["connect-src", "img-src", "script-src", "style-src", "frame-src", "object-src", "form-action"];
    were_stopped(&page, &kinds).await?;
    is_where_it_was(&page).await?;
    ensure!(canary.calls() == 0, "the page reached the network");
    let _caller = TcpStream::connect(at.trim_start_matches("http://")).await?;
    until("the canary sings when somebody comes", || async { (canary.calls() == 1).then_some(()) }).await
}

#[tokio::test]
async fn a5_no_script_in_the_page_leads_it_elsewhere_or_opens_a_window() -> Result<()> {
    let desk = Desk::open()?;
    let canary = Canary::listen().await;
    let page = desk.window().await?;
    page.says(words::DOORS).await?;
    // The engine itself refuses this one; had the page gone there, what follows would not find it.
    page.script("location.href = 'file:///etc/hostname'; return true;").await?;
    for (way, told) in WAYS_ELSEWHERE {
        page.script(&format!("{}; return true;", way.replace("CANARY", &canary.origin()))).await?;
        is_denied(&desk, told).await?;
        is_where_it_was(&page).await?;
    }
    // A window is opened only at a person's click, so a person clicks.
    page.script(&OPENER.replace("CANARY", &canary.origin())).await?;
    page.click("opener").await?;
    is_denied(&desk, "/open").await?;
    is_where_it_was(&page).await?;
    ensure!(page.client().windows().await?.len() == 1, "a window was opened");
    ensure!(canary.calls() == 0, "the page reached the network");
    page.close().await
}

#[tokio::test]
async fn a6_a7_foreign_code_does_not_run_and_the_window_commands_only_what_is_its_own() -> Result<()> {
    let desk = Desk::open()?;
    let page = desk.window().await?;
    page.says(words::DOORS).await?;
    for command in COMMANDS {
        let answer = invoke(&page, command, "{}").await?;
        let refused = answer.err().with_context(|| format!("{command} was carried out"))?;
        ensure!(refused.contains("not allowed") || refused.contains("not found"), "{command}: {refused}");
    }
    // A8, at the window: nothing is confirmed that was not prepared here.
    let confirm = r#"{ command: { do: "confirm", nonce: "00112233445566778899aabbccddeeff", typed: null } }"#;
    let refused = invoke(&page, "dispatch", confirm).await?.err().context("it was confirmed")?;
    ensure!(refused.contains("not_prepared"), "{refused}");
    let refused = invoke(&page, "dispatch", r#"{ command: { do: "decide", password: "hunter2" } }"#).await?;
    let refused = refused.err().context("it was understood")?;
    ensure!(refused.contains("usage") && !refused.contains("hunter2"), "{refused}");
    // The control: what is the window's own is answered.
    let view = invoke(&page, "view", "{}").await?.map_err(anyhow::Error::msg)?;
    ensure!(view["realm"] == "own", "{view}");

    let found = page.script_that_answers(FOREIGN_CODE).await?;
    ensure!(found["ran"] == serde_json::json!([]), "{found}");
    ensure!(found["frozen"] == true && found["global"] == false, "{found}");
    were_stopped(&page, &["script-src"]).await?;
    is_where_it_was(&page).await
}

#[test]
fn a7_the_policy_lets_no_script_in_that_is_not_the_apps_own() {
    let config = include_str!("../../src-tauri/tauri.conf.json");
    let config: Value = serde_json::from_str(config).unwrap();
    let policy = config["app"]["security"]["csp"].as_str().expect("a policy");
    let rules: Vec<Vec<&str>> = policy.split(';').map(|rule| rule.split_whitespace().collect()).collect();
    let of =
        |name: &str| rules.iter().find(|rule| rule.first() == Some(&name)).map(|rule| rule[1..].to_vec());
    assert_eq!(of("default-src"), Some(vec!["'none'"]), "{policy}");
    assert_eq!(of("script-src"), Some(vec!["'self'"]), "{policy}");
    assert_eq!(of("style-src"), Some(vec!["'self'"]), "{policy}");
    for foreign in ["data:", "blob:", "unsafe-", "*", "https:", "'strict-dynamic'"] {
        assert!(!policy.contains(foreign), "{foreign} in {policy}");
    }
    assert_eq!(config["app"]["withGlobalTauri"], false);
    assert_eq!(config["app"]["security"]["freezePrototype"], true);
}
