//! One app for one data directory: a second start brings up the first and ends.

use anyhow::{Context, Result, ensure};
use headless::{Running, until};
use std::future::ready;
use support::desktop::{Desk, Panel, shows_a_page, words};

/// Starts the app once more; it must end by itself, well.
async fn starts_again(desk: &Desk) -> Result<()> {
    let mut second: Running = desk.start(&[])?;
    let code = until("the second start's end", || ready(second.code())).await?;
    ensure!(code == 0, "it ended with {code}{}", desk.session().said());
    Ok(())
}

#[tokio::test]
async fn a_second_start_brings_up_the_first_ones_window_and_ends_well_f43() -> Result<()> {
    let desk = Desk::open()?;
    let page = desk.window().await?;
    page.says(words::DOORS).await?;
    let first = page.program()?;

    // Minimised, as where there is no tray.
    desk.close_window().await?;
    desk.until_no_window().await?;
    starts_again(&desk).await?;
    desk.until_window().await?;

    // Closed, as where there is one.
    let panel = Panel::open(desk.session().bus()).await?;
    panel.face().await.context("the icon of the first")?;
    desk.close_window().await?;
    page.until_closed().await?;
    starts_again(&desk).await?;
    page.again().await?;
    page.says(words::DOORS).await?;
    ensure!(page.program()? == first && shows_a_page(first), "the window is the first one's");
    page.close().await
}

#[tokio::test]
async fn another_data_directory_is_another_app_f43() -> Result<()> {
    let desk = Desk::open()?;
    let mut first = desk.start(&[])?;
    until("the first one's page", || ready(shows_a_page(first.id()).then_some(()))).await?;
    let mut command = desk.app(&[]);
    command.env("HOLDPOINT_DATA_DIR", desk.session().path("data").join("other"));
    let mut second = desk.session().start(command)?;
    until("the second one's page", || ready(shows_a_page(second.id()).then_some(()))).await?;
    ensure!(!first.has_ended() && !second.has_ended(), "both go on");
    Ok(())
}
