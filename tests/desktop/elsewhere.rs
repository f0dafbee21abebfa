//! What happens to a card while a person looks at it: somebody else decides, the gateway dies and comes back.

use anyhow::{Result, ensure};
use headless::until;
use serde_json::json;
use support::desktop::{Desk, words};
use support::stage::{OTHER, OWNER, PIPELINE, STUCK, Stage};

#[tokio::test]
async fn a_request_decided_elsewhere_while_its_card_is_open_names_who_and_when_and_cannot_be_decided_rule_6_f24()
-> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let id = stage.raise(STUCK).await;
    page.choose(STUCK).await?;
    page.says(&id).await?;
    let approve = words::approve(1, OWNER, PIPELINE);
    // With the confirmation open: what is armed under the pointer must not go on offering itself.
    page.click(&approve).await?;
    page.says(words::CONFIRMATION).await?;

    let other = stage.seat_of(OTHER);
    assert_eq!(other.show_and_approve(&id, &[]).await.code, Some(0));
    page.says(OTHER).await?;
    until("the end of the offer", || async { (!page.offers(&approve).await).then_some(()) }).await?;
    page.click(words::CLOSE).await?;
    page.stops_saying(words::CONFIRMATION).await?;
    page.says(&id).await?;
    page.says(OTHER).await?;
    let decided_at = stage.approval(&id).await["decided_at"].as_str().unwrap_or_default().to_owned();
    // The desktop's clock and the gateway's are one, in UTC: the seconds are the same.
    page.says(&decided_at[11..19]).await?;
    ensure!(!page.offers(&approve).await, "it can still be approved");

    ensure!(stage.target.calls().len() == 1, "{:?}", stage.target.calls());
    let receipts = desk.holdctl(&["receipts", "verify"])?;
    ensure!(receipts["count"] == json!(0), "nothing was decided here: {receipts}");
    page.close().await
}

#[tokio::test]
async fn a_gateway_that_dies_and_comes_back_is_told_in_words_and_approving_waits_for_it_rules_7_9()
-> Result<()> {
    let mut stage = Stage::ready().await;
    let desk = Desk::open()?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let id = stage.raise(STUCK).await;
    page.choose(STUCK).await?;
    let approve = words::approve(1, OWNER, PIPELINE);
    until("the card can be decided", || async { page.offers(&approve).await.then_some(()) }).await?;

    stage.gateway.kill_9().await;
    page.says(words::STALE).await?;
    page.says(words::NEEDS_FRESH_LOOK).await?;
    let text = page.text().await?;
    ensure!(text.contains(&id), "the card stays:\n{text}");
    ensure!(!text.lines().any(|line| line.trim() == words::LIVE), "nothing is live:\n{text}");
    ensure!(!page.offers(&approve).await, "what cannot be checked cannot be approved");

    stage.gateway.restart().await;
    page.says_line(words::LIVE).await?;
    page.stops_saying(words::STALE).await?;
    page.click(&approve).await?;
    page.says(words::CONFIRMATION).await?;
    page.click(&approve).await?;
    page.says(words::TOOK_EFFECT).await?;
    ensure!(stage.target.calls().len() == 1, "{:?}", stage.target.calls());
    page.close().await
}
