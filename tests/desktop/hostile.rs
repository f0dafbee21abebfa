//! Hostile texts of a gateway in the real window (rule 11, A1 to A4): shown as text, whole and visible; no element is
//! made of them, nothing is asked of the network for them, and the page stays where it is.

use anyhow::{Result, ensure};
use headless::Page;
use serde_json::json;
use support::Platform;
use support::account::PASSWORD;
use support::desktop::{Canary, Desk, Recorder, words};
use support::platform::{Action, Role};
use support::stage::{OWNER, SERVICE, Stage};

/// The error that leads to the hostile action.
const TROUBLE: &str = "HostileTrouble";

/// What an attacker writes into every text: each piece would call `canary` or run a script if it were more than text.
fn attack(canary: &str) -> String {
    format!(
        "<img src=\"{canary}/img\" onerror=\"window.owned=1\"><script src=\"{canary}/s.js\"></script>\
         <script>window.owned=2</script><svg onload=\"window.owned=3\"></svg>\
         <style>@import '{canary}/css'; body {{ display: none }}</style><link rel=\"stylesheet\" href=\"{canary}/l\">\
         <iframe src=\"{canary}/frame\" srcdoc=\"<script>top.owned=4</script>\"></iframe><object data=\"{canary}/o\">\
         <base href=\"{canary}/\"><meta http-equiv=\"refresh\" content=\"0;url={canary}/meta\">\
         <form action=\"{canary}/form\"><button autofocus onfocus=\"window.owned=5\">go</button></form>\
         <a href=\"javascript:window.owned=6\">x</a> [click](javascript:window.owned=7) ![i]({canary}/md) \
         {{@html '<b>1</b>'}} \u{202e}gnp.txt\u{202c} \u{200b}\u{1b}[2Jend"
    )
}

/// What of the page should not be there if texts stay texts. Empty if all is well.
const FOREIGN: &str = r##"
const canary = arguments[0] ?? "";
const found = [];
const note = (what, node) => found.push(`${what}: ${node.outerHTML.slice(0, 200)}`);
for (const node of document.querySelectorAll("img, iframe, frame, object, embed, base, video, audio, form[action], link[rel~='prefetch']")) note("element", node);
for (const node of document.querySelectorAll("meta[http-equiv='refresh']")) note("refresh", node);
for (const node of document.querySelectorAll("script, link[href]")) {
    const address = node.src ?? node.href;
    if (!address.startsWith("tauri://localhost/") || node.textContent !== "") note("script or style", node);
}
for (const node of document.querySelectorAll("a[href]")) if (!node.getAttribute("href").startsWith("#")) note("link", node);
for (const node of document.querySelectorAll("*"))
    for (const attribute of node.attributes) if (attribute.name.startsWith("on")) note("handler", node);
for (const { name } of performance.getEntriesByType("resource"))
    if (!name.startsWith("tauri://localhost/") && !name.startsWith("ipc://localhost/") && !name.startsWith("http://ipc.localhost/")) found.push(`asked for: ${name.slice(0, 200)}`);
if (window.owned !== undefined) found.push(`a script ran: ${window.owned}`);
if (window.__TAURI__ !== undefined) found.push("window.__TAURI__");
if (!location.href.startsWith("tauri://localhost")) found.push(`the page is elsewhere: ${location.href}`);
return found;
"##;

/// Nothing came of the texts in this view.
async fn is_text_only(page: &Page, canary: &Canary, place: &str) -> Result<()> {
    let found: Vec<String> = serde_json::from_value(page.script(FOREIGN).await?)?;
    ensure!(found.is_empty(), "{place}: {found:#?}");
    ensure!(canary.calls() == 0, "{place}: somebody called the attacker");
    let text = page.script("return document.body.textContent;").await?;
    let text = text.as_str().unwrap_or_default();
    let raw = support::hostile::raw_in(&text.replace(['\n', '\t'], " "));
    ensure!(raw.is_empty(), "{place}: raw {raw:?} on the page");
    Ok(())
}

/// An action all of whose texts attack, and an error that leads to it. The request's id.
async fn raise(stage: &Stage, attack: &str, canary: &str) -> String {
    stage
        .put_action("touch", |action| {
            action["definition"] = json!(format!("Definition {attack}"));
            action["service"] = json!(format!("{SERVICE} {attack}"));
            action["parameters"] = json!({"note": {"type": "string", "required": true}});
            action["execution"]["body"] = json!([{"name": "note", "parameter": "note"}]);
        })
        .await;
    stage.map(TROUBLE, &["touch"], &format!("Description {attack}")).await;
    let links = json!({
        "runbook_url": "javascript:window.owned=8", "data_url": "data:text/html,<script>top.owned=9</script>",
        "file_url": "file:///etc/passwd", "dashboard_url": format!("{canary}/dashboard"),
    });
    stage.raise_with(&format!("{TROUBLE} {attack}"), json!({"note": attack, "links": links})).await
}

#[tokio::test]
async fn a1_a2_a3_texts_of_a_request_are_text_in_every_view_and_what_they_hide_is_counted_rule_11()
-> Result<()> {
    let stage = Stage::ready().await;
    let canary = Canary::listen().await;
    let attack = attack(&canary.origin());
    let desk = Desk::open()?;
    let recorder = Recorder::open(desk.session().bus(), &["actions", "body", "body-markup"]).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let id = raise(&stage, &attack, &canary.origin()).await;
    let shown = recorder.until_shown(TROUBLE).await?;
    ensure!(!shown.body.contains('<'), "{shown:?}");

    page.choose(TROUBLE).await?;
    page.says(&id).await?;
    page.says("<img src=").await?;
    page.says("⟨U+202E⟩").await?;
    page.says("hidden character").await?;
    is_text_only(&page, &canary, "card").await?;
    page.type_keys("a").await?;
    page.says(words::CONFIRMATION).await?;
    is_text_only(&page, &canary, "confirmation").await?;
    page.click(words::CANCEL).await?;
    page.click(words::RUNBOOKS).await?;
    page.click("touch").await?;
    page.says("<script").await?;
    is_text_only(&page, &canary, words::RUNBOOKS).await?;
    for view in [words::MAPPINGS, words::HISTORY] {
        page.click(view).await?;
        page.choose(TROUBLE).await?;
        page.says("<script").await?;
        is_text_only(&page, &canary, view).await?;
    }
    ensure!(stage.target.calls().is_empty(), "{:?}", stage.target.calls());
    page.close().await
}

#[tokio::test]
async fn a4_texts_of_a_megabyte_neither_freeze_the_window_nor_become_more_than_text() -> Result<()> {
    let canary = Canary::listen().await;
    let attack = attack(&canary.origin());
    let huge = format!("{attack}{} the end of it", "all work and no play ".repeat(50_000));
    let platform = Platform::start().await;
    platform.add_user(OWNER, PASSWORD, Role::Owner);
    let pipeline = platform.add_pipeline("ledger");
    platform.add_action(&pipeline, Action::medium("touch").saying(&huge).on(&attack));
    platform.add_mapping(&pipeline, TROUBLE, &["touch"], &huge);
    let desk = Desk::open()?;
    let page = desk.connected(&platform.origin(), OWNER).await?;
    platform.notice(&pipeline, &attack, &huge);
    platform.log(&pipeline, &attack, &huge);
    platform.root_cause(&pipeline, &attack, &huge);
    let id = platform.raise(&pipeline, &format!("{TROUBLE} {attack}"), 0.4, &["touch"]);
    page.choose(TROUBLE).await?;
    page.holds(id.as_str()).await?;
    page.holds("the end of it").await?;
    is_text_only(&page, &canary, "card").await?;
    page.click(words::HISTORY).await?;
    page.holds("<img src=").await?;
    is_text_only(&page, &canary, "history").await?;
    let answered = page.script("return 1 + 1;").await?;
    ensure!(answered == 2, "{answered}");
    page.close().await
}
