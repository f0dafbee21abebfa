//! The tray: rule 9's states by picture and words, what waits by name, and a window that comes and goes while the app
//! stays.

use anyhow::{Result, ensure};
use axum::Router;
use headless::{Page, children, until};
use std::path::Path;
use support::desktop::{Desk, Panel, Recorder, shows_a_page, words};
use support::stage::{DRY, OWNER, SLOW, STUCK, Stage};
use tokio::net::TcpListener;

/// Waits until the tray shows this picture of `icons/tray`.
async fn shows(desk: &Desk, panel: &Panel, picture: &str) -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../icons/tray").join(format!("{picture}.png"));
    let wanted = pixels(desk, &file.display().to_string())?;
    let shown = || async { (pixels(desk, &panel.face().await.ok()?.icon).ok()? == wanted).then_some(()) };
    until(&format!("the picture {picture} in the tray"), shown).await
}

/// A hash of what a picture shows, whatever its file says besides.
fn pixels(desk: &Desk, path: &str) -> Result<String> {
    desk.session().run("identify", &["-format", "%wx%h %#", path])
}

/// The tray's clickable lines between the count and the end, which name requests.
async fn named(panel: &Panel) -> Result<Vec<String>> {
    let lines = panel.menu().await?.into_iter().filter(|line| line.enabled && line.label.contains(" until "));
    Ok(lines.map(|line| line.label).collect())
}

/// Ends the app by the tray's Quit.
async fn quits(panel: &Panel, app: &mut headless::Running) -> Result<()> {
    panel.click("Quit").await?;
    until("the app's end", || std::future::ready(app.code())).await.and_then(|code| {
        ensure!(code == 0, "it ended with {code}");
        Ok(())
    })
}

#[tokio::test]
async fn the_tray_shows_the_states_of_rule_9_in_picture_and_words_and_marks_what_waits() -> Result<()> {
    let mut stage = Stage::ready().await;
    let desk = Desk::open()?;
    let panel = Panel::open(desk.session().bus()).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let name = stage.gateway.origin().to_owned();
    shows(&desk, &panel, "live").await?;
    panel.until_says(&format!("{name}: live")).await?;
    panel.until_says("Nothing waits").await?;
    stage.raise(STUCK).await;
    shows(&desk, &panel, "live-pending").await?;
    panel.until_says("1 request waits").await?;

    // Killed: what waited may still wait, and nobody calls it live.
    stage.gateway.kill_9().await;
    shows(&desk, &panel, "stale-pending").await?;
    panel.until_says(&format!("{name}: stale")).await?;

    // Something else answers in its place.
    let alien = TcpListener::bind(name.trim_start_matches("http://")).await?;
    let alien = tokio::spawn(async { axum::serve(alien, Router::new().fallback(async || "hello")).await });
    shows(&desk, &panel, "refused-pending").await?;
    panel.until_says(&format!("{name}: refused")).await?;
    alien.abort();
    let _ = alien.await;
    page.close().await
}

#[tokio::test]
async fn the_tray_says_that_a_sign_in_is_needed_when_the_gateway_has_forgotten_its_people_rule_9()
-> Result<()> {
    let mut stage = Stage::ready().await;
    let desk = Desk::open()?;
    let panel = Panel::open(desk.session().bus()).await?;
    panel_before_any_gateway(&desk, &panel).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    shows(&desk, &panel, "live").await?;
    stage.gateway.kill_9().await;
    let database = stage.gateway.database();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", database.display()));
    }
    stage.gateway.restart().await;
    shows(&desk, &panel, "sign-in").await?;
    panel.until_says(&format!("{}: sign-in needed", stage.gateway.origin())).await?;
    page.says(words::SIGN_IN_NEEDED).await?;
    page.close().await
}

/// A first start in the tray: stale, because nothing is known; and no page, so no process for one.
async fn panel_before_any_gateway(desk: &Desk, panel: &Panel) -> Result<()> {
    let mut hidden = desk.start(&["--hidden"])?;
    panel.until_says("No gateway yet").await?;
    shows(desk, panel, "stale").await?;
    let started = children(hidden.id());
    ensure!(started.is_empty(), "in the tray it needs no other process: {started:?}");
    quits(panel, &mut hidden).await
}

#[tokio::test]
async fn the_menu_names_the_three_that_expire_first_and_a_click_opens_that_card_rule_2() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let panel = Panel::open(desk.session().bus()).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let mut ids = Vec::new();
    for error in [STUCK, SLOW, DRY, "LedgerStuck again"] {
        ids.push(stage.raise_with(error, serde_json::json!({"pool": "blue"})).await);
    }
    panel.until_says("4 requests wait").await?;
    let lines = named(&panel).await?;
    let errors = [STUCK, SLOW, DRY];
    let fit = lines.len() == 3 && lines.iter().zip(errors).all(|(line, error)| line.starts_with(error));
    ensure!(fit, "the three that expire first, soonest first: {lines:?}");
    panel.click(SLOW).await?;
    page.says(&ids[1]).await?;
    ensure!(!page.text().await?.contains(&ids[0]), "another card is open");

    desk.close_window().await?;
    page.until_closed().await?;
    panel.click(DRY).await?;
    page.again().await?;
    page.says(&ids[2]).await?;
    ensure!(stage.target.calls().is_empty(), "the tray decided something");
    page.close().await
}

#[tokio::test]
async fn closing_hides_to_the_tray_without_a_web_process_open_brings_it_back_and_quit_ends_it() -> Result<()>
{
    let desk = Desk::open()?;
    let panel = Panel::open(desk.session().bus()).await?;
    let recorder = Recorder::open(desk.session().bus(), &["body"]).await?;
    let mut app = desk.start(&[])?;
    desk.until_window().await?;
    until("a page", || async { shows_a_page(app.id()).then_some(()) }).await?;
    for round in 0..2 {
        desk.close_window().await?;
        desk.until_no_window().await?;
        until("the end of the page's process", || async { (!shows_a_page(app.id())).then_some(()) }).await?;
        ensure!(!app.has_ended(), "closing the window ended the app");
        if round == 0 {
            recorder.until_shown("Quit is in the tray's menu").await?;
        }
        panel.click("Open Holdpoint").await?;
        desk.until_window().await?;
        until("a page", || async { shows_a_page(app.id()).then_some(()) }).await?;
    }
    ensure!(recorder.all().len() == 1, "where the window went is said once: {:#?}", recorder.all());
    quits(&panel, &mut app).await
}

#[tokio::test]
async fn closing_minimises_where_no_tray_is_and_says_so_and_a_tray_that_comes_later_changes_it() -> Result<()>
{
    let desk = Desk::open()?;
    let recorder = Recorder::open(desk.session().bus(), &["body"]).await?;
    let page = desk.window().await?;
    page.says(words::DOORS).await?;
    desk.close_window().await?;
    desk.until_no_window().await?;
    recorder.until_shown("shows no tray icons").await?;
    // Put away, not ended: the page is still there.
    is_there(&page).await?;

    let panel = Panel::open(desk.session().bus()).await?;
    panel.click("Open Holdpoint").await?;
    desk.until_window().await?;
    is_there(&page).await?;
    desk.close_window().await?;
    page.until_closed().await?;
    panel.click("Open Holdpoint").await?;
    page.again().await?;
    page.says(words::DOORS).await?;
    page.close().await
}

async fn is_there(page: &Page) -> Result<()> {
    let text = page.text().await?;
    ensure!(text.contains(words::DOORS), "{text}");
    Ok(())
}
