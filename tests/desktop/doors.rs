//! The two doors of a first start that need nobody else: this machine's own gateway, and the rehearsal.

use anyhow::{Result, ensure};
use serde_json::json;
use support::desktop::{Desk, Keyring, words};

#[tokio::test]
async fn this_machine_is_live_after_one_press_and_again_after_a_restart_as_the_same_gateway() -> Result<()> {
    let desk = Desk::open()?;
    let _keyring = Keyring::unlocked(&desk).await?;
    let page = desk.window().await?;
    page.click(words::THIS_MACHINE).await?;
    page.says_line(words::LIVE).await?;
    page.says(words::NOTHING_HELD).await?;
    let first = desk.holdctl(&["status"])?;
    page.quit().await?;

    let page = desk.window().await?;
    page.says_line(words::LIVE).await?;
    let again = desk.holdctl(&["status"])?;
    let of = |status: &serde_json::Value| (status["gateway_id"].clone(), status["account"].clone());
    ensure!(first["account"].is_string(), "somebody is signed in: {first}");
    ensure!(of(&first) == of(&again), "another gateway or account: {first} then {again}");
    page.quit().await
}

#[tokio::test]
async fn a_rehearsal_is_marked_raises_its_request_and_leaves_nothing_behind() -> Result<()> {
    let desk = Desk::open()?;
    let page = desk.window().await?;
    page.click(words::REHEARSE).await?;
    page.choose("PoolExhausted").await?;
    page.says("POST http://127.0.0.1:").await?;
    page.says_line(words::REHEARSAL).await?;
    page.click(words::END_REHEARSAL).await?;
    page.says(words::DOORS).await?;
    let found = desk.holdctl(&["history", "search", "PoolExhausted"])?;
    ensure!(found["count"] == json!(0), "a rehearsal counts nowhere: {found}");
    page.quit().await
}
