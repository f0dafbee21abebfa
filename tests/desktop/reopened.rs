//! Closed and opened again while the gateway is dead: everything that was known is there, as old as it says, and nothing
//! can be approved.

use anyhow::{Result, ensure};
use support::desktop::{Desk, Keyring, Recorder, words};
use support::stage::{DRY, OWNER, PIPELINE, STUCK, Stage};

#[tokio::test]
async fn reopened_without_the_gateway_all_that_was_known_is_there_with_its_age_and_nothing_is_approved_rules_6_9()
-> Result<()> {
    let mut stage = Stage::ready().await;
    let desk = Desk::open()?;
    let _keyring = Keyring::unlocked(&desk).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let decided = stage.raise(STUCK).await;
    page.choose(STUCK).await?;
    let approve = words::approve(1, OWNER, PIPELINE);
    page.click(&approve).await?;
    page.says(words::CONFIRMATION).await?;
    page.click(&approve).await?;
    page.says(words::TOOK_EFFECT).await?;
    let waiting = stage.raise_with(DRY, serde_json::json!({"pool": "blue"})).await;
    page.click(words::SHOW_NEW).await?;
    page.choose(DRY).await?;
    page.says(&waiting).await?;
    page.click(words::RUNBOOKS).await?;
    page.says("drop-snapshots").await?;
    page.click(words::MAPPINGS).await?;
    page.says(DRY).await?;
    page.quit().await?;
    stage.gateway.kill_9().await;

    let recorder = Recorder::open(desk.session().bus(), &["body"]).await?;
    let page = desk.window().await?;
    page.says(words::UNREACHABLE).await?;
    page.choose(DRY).await?;
    page.says(&waiting).await?;
    page.says("/pools/blue/drain").await?;
    page.says(words::NEEDS_FRESH_LOOK).await?;
    page.says(words::AS_OF).await?;
    ensure!(!page.offers(&approve).await, "what cannot be checked cannot be approved");

    page.click(words::RUNBOOKS).await?;
    page.says("drop-snapshots").await?;
    page.says(words::AS_OF).await?;
    page.click(words::MAPPINGS).await?;
    page.says(DRY).await?;
    page.says(words::AS_OF).await?;
    page.click(words::HISTORY).await?;
    page.fill(words::SEARCH, &decided).await?;
    page.choose(words::DECIDED_BY_YOU).await?;
    page.says(words::CHAIN_WHOLE).await?;
    page.says("/restart").await?;
    ensure!(recorder.all().is_empty(), "nobody is called for what may be over: {:#?}", recorder.all());

    stage.gateway.restart().await;
    page.says_line(words::LIVE).await?;
    recorder.until_shown(DRY).await?;
    ensure!(stage.target.calls().len() == 1, "{:?}", stage.target.calls());
    page.close().await
}
