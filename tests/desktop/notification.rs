//! Notifications, held against a daemon that remembers everything: one per request, the first action is Open, withdrawn
//! when it is decided elsewhere, and Open brings up exactly its card.

use anyhow::{Result, ensure};
use headless::{Page, until};
use support::Seat;
use support::desktop::{Desk, Panel, Recorder, Shown, words};
use support::stage::{DRY, FULL, OTHER, OWNER, STUCK, Stage};

/// What a daemon like GNOME's or dunst's says it can do.
const CAPABILITIES: [&str; 4] = ["actions", "body", "body-markup", "persistence"];

/// The card of this request is open, and no other's.
async fn shows(page: &Page, id: &str, not: &str) -> Result<()> {
    page.says(id).await?;
    let text = page.text().await?;
    ensure!(!text.contains(not), "the card of another request is open:\n{text}");
    Ok(())
}

/// A person with a second console decides.
async fn decides_elsewhere(stage: &Stage, id: &str) -> Seat {
    let other = stage.seat_of(OTHER);
    let ended = other.show_and_approve(id, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    other
}

fn is_about(shown: &Shown, error: &str) -> Result<()> {
    ensure!(shown.app == "Holdpoint" && shown.body.contains(error), "{shown:?}");
    let labels: Vec<&str> = shown.actions.iter().map(|(_, label)| label.as_str()).collect();
    ensure!(labels.first() == Some(&"Open"), "the first action is Open: {shown:?}");
    ensure!(
        !labels.iter().any(|label| label.contains("pprove")),
        "nothing is decided in a notification: {shown:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_request_is_told_once_and_withdrawn_when_somebody_else_decides_it_rule_6() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let recorder = Recorder::open(desk.session().bus(), &CAPABILITIES).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;

    let id = stage.raise(STUCK).await;
    let shown = recorder.until_shown(STUCK).await?;
    is_about(&shown, STUCK)?;
    // Of high risk: it stays until it is answered.
    stage.raise(FULL).await;
    let high = recorder.until_shown(FULL).await?;
    is_about(&high, FULL)?;
    ensure!(high.urgency == Some(2) && high.timeout_ms == 0, "{high:?}");

    decides_elsewhere(&stage, &id).await;
    recorder.until_closed(shown.id).await?;
    let all = recorder.all();
    ensure!(all.len() == 2, "one for each request and none for what another decided: {all:#?}");
    ensure!(recorder.standing() == [high], "{all:#?}");
    page.close().await
}

#[tokio::test]
async fn open_in_the_notification_of_one_of_two_requests_brings_up_exactly_that_card_rule_2() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let recorder = Recorder::open(desk.session().bus(), &CAPABILITIES).await?;
    let _panel = Panel::open(desk.session().bus()).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;

    let first = stage.raise(STUCK).await;
    let second = stage.raise_with(DRY, serde_json::json!({"pool": "blue"})).await;
    let (of_first, of_second) = (recorder.until_shown(STUCK).await?, recorder.until_shown(DRY).await?);
    recorder.choose(of_second.id, "open").await?;
    shows(&page, &second, &first).await?;

    // The window is closed; the other's notification makes a new one, with its card.
    desk.close_window().await?;
    page.until_closed().await?;
    recorder.choose(of_first.id, "default").await?;
    page.again().await?;
    shows(&page, &first, &second).await?;
    ensure!(stage.target.calls().is_empty(), "a notification decided something");
    page.close().await
}

#[tokio::test]
async fn markup_in_an_error_reaches_a_daemon_that_reads_it_as_text_a21() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let recorder = Recorder::open(desk.session().bus(), &CAPABILITIES).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let hostile = "<a href=\"http://evil.test\">all good</a> & <b>\u{202e}approved</b>";
    stage.raise(&format!("{STUCK} {hostile}")).await;
    let shown = recorder.until_shown(STUCK).await?;
    ensure!(!shown.body.contains(['<', '>']), "markup would be read: {shown:?}");
    ensure!(shown.body.contains("&lt;a href=") && shown.body.contains(" &amp; "), "{shown:?}");
    ensure!(support::hostile::raw_in(&shown.body).is_empty(), "{shown:?}");
    ensure!(!shown.summary.contains(['<', '>']), "{shown:?}");
    page.close().await
}

#[tokio::test]
async fn a_desktop_without_a_daemon_is_told_in_the_window_and_one_that_comes_later_is_used_f36() -> Result<()>
{
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let id = stage.raise(STUCK).await;
    page.says(words::NO_NOTIFICATIONS).await?;
    page.says("No program on this desktop shows notifications.").await?;
    let recorder = Recorder::open(desk.session().bus(), &CAPABILITIES).await?;
    let shown = recorder.until_shown(STUCK).await?;
    page.stops_saying(words::NO_NOTIFICATIONS).await?;
    recorder.choose(shown.id, "open").await?;
    page.says(&id).await?;
    until("the answered one is gone", || async { recorder.standing().is_empty().then_some(()) }).await?;
    page.close().await
}
