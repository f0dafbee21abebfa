//! The main path in the real window, from a first start to the receipt: by pointer, and by keyboard alone.

use anyhow::{Result, ensure};
use headless::{Key, Page, until};
use serde_json::{Value, json};
use support::desktop::{Desk, words};
use support::stage::{OWNER, PIPELINE, STUCK, Stage};

/// Everything of an effect that will be sent stands on the card.
async fn shows_the_effect(page: &Page, effect: &Value) -> Result<()> {
    let text = |name: &str| effect[name].as_str().unwrap_or_default().to_owned();
    page.says(&format!("{} {}", text("method"), text("url"))).await?;
    page.says(&text("body")).await?;
    for (name, value) in effect["headers"].as_object().unwrap() {
        page.says(&format!("{name}: {}", value.as_str().unwrap())).await?;
    }
    Ok(())
}

/// Waits until the target is being called, while it does not answer yet.
async fn runs(stage: &Stage) -> Result<()> {
    until("the call of the target", || async { (stage.target.count("/restart") == 1).then_some(()) }).await
}

/// The history has the decision, and its receipt hangs in a whole chain, also for a second pair of eyes.
async fn is_on_record(desk: &Desk, page: &Page) -> Result<()> {
    page.says(words::CHAIN_WHOLE).await?;
    page.says(&format!("identity\n{OWNER}")).await?;
    let receipts = desk.holdctl(&["receipts", "verify"])?;
    ensure!(receipts["ok"] == json!(true), "{receipts}");
    ensure!(receipts["count"].as_u64() >= Some(2), "decided and outcome: {receipts}");
    Ok(())
}

#[tokio::test]
async fn a_request_is_raised_judged_approved_and_its_effect_proved_in_the_window_rules_1_3_7_10_12()
-> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    page.says(words::NOTHING_HELD).await?;
    page.script("window.loadedOnce = true; return true;").await?;

    let id = stage.raise(STUCK).await;
    page.choose(STUCK).await?;
    page.says(&id).await?;
    let asked = stage.approval(&id).await;
    shows_the_effect(&page, &asked["actions"][0]["effect"]).await?;

    stage.target.hold("/restart");
    let approve = words::approve(1, OWNER, PIPELINE);
    page.click(&approve).await?;
    page.says(words::CONFIRMATION).await?;
    ensure!(stage.target.calls().is_empty(), "something ran before anybody decided");
    page.click(&approve).await?;
    runs(&stage).await?;
    page.stops_saying(words::CONFIRMATION).await?;
    let text = page.text().await?;
    ensure!(!text.contains(words::TOOK_EFFECT), "it has not happened yet:\n{text}");
    stage.target.release("/restart");
    page.says(words::TOOK_EFFECT).await?;
    ensure!(stage.target.calls().len() == 1, "{:?}", stage.target.calls());

    page.click(words::HISTORY).await?;
    page.fill(words::SEARCH, &id).await?;
    page.choose(words::DECIDED_BY_YOU).await?;
    is_on_record(&desk, &page).await?;
    ensure!(page.script("return window.loadedOnce;").await? == json!(true), "the page was loaded anew");
    page.close().await
}

#[tokio::test]
async fn the_whole_path_goes_by_keyboard_alone_from_the_first_start_on_rules_7_12() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let page = desk.window().await?;
    page.says(words::DOORS).await?;
    for (field, text) in [
        (words::ADDRESS, stage.gateway.origin()),
        (words::EMAIL, OWNER),
        (words::PASSWORD, support::account::PASSWORD),
    ] {
        page.tab_to(field).await?;
        page.type_keys(text).await?;
        if field != words::EMAIL {
            page.type_keys(&Key::Enter).await?;
        }
    }
    page.says_line(words::LIVE).await?;

    let id = stage.raise(STUCK).await;
    page.says(STUCK).await?;
    page.type_keys("j").await?;
    page.type_keys(&Key::Enter).await?;
    page.says(&id).await?;
    let approve = words::approve(1, OWNER, PIPELINE);
    until("the card can be decided", || async { page.offers(&approve).await.then_some(()) }).await?;
    page.type_keys("a").await?;
    page.says(words::CONFIRMATION).await?;
    page.tab_to(&approve).await?;
    until("the confirmation is armed", || async { page.offers(&approve).await.then_some(()) }).await?;
    ensure!(stage.target.calls().is_empty(), "something ran before anybody decided");
    page.type_keys(&Key::Enter).await?;
    page.says(words::TOOK_EFFECT).await?;
    ensure!(stage.target.calls().len() == 1, "{:?}", stage.target.calls());

    page.type_keys("g").await?;
    page.type_keys("h").await?;
    page.tab_to(words::SEARCH).await?;
    page.type_keys(&id).await?;
    is_on_record(&desk, &page).await?;
    page.close().await
}
