//! The session and a real keychain: kept where there is one, in memory and said so where it is locked or absent
//! (rule 13, F47).

use anyhow::{Result, ensure};
use headless::Page;
use std::path::Path;
use support::Proxy;
use support::account::PASSWORD;
use support::desktop::{Desk, Keyring, Unanswered, words};
use support::stage::{OWNER, Stage};

/// The files under `dir` that hold `secret`, in any place.
fn holding(dir: &Path, secret: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(holding(&path, secret)?);
        } else if path.is_file() {
            let bytes = std::fs::read(&path)?;
            if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    Ok(found)
}

/// Settings say that the session ends with this run, and why.
async fn says_not_kept(page: &Page, why: &str) -> Result<()> {
    page.click(words::SETTINGS).await?;
    page.says(words::SIGN_IN_AGAIN).await?;
    page.says(why).await
}

#[tokio::test]
async fn with_a_keychain_the_session_outlives_a_restart_and_no_file_holds_a_secret_rule_13() -> Result<()> {
    let stage = Stage::ready().await;
    let proxy = Proxy::start(stage.gateway.origin()).await;
    let desk = Desk::open()?;
    let keyring = Keyring::unlocked(&desk).await?;
    let page = desk.connected(&proxy.origin(), OWNER).await?;
    page.click(words::SETTINGS).await?;
    page.says(OWNER).await?;
    ensure!(!page.text().await?.contains(words::SIGN_IN_AGAIN), "the keychain keeps it");
    ensure!(keyring.count().await? >= 2, "a session and keys");
    page.quit().await?;

    let page = desk.window().await?;
    page.says_line(words::LIVE).await?;
    page.says(words::NOTHING_HELD).await?;
    page.quit().await?;
    let mut secrets = proxy.tokens();
    ensure!(secrets.len() >= 2, "the test sees no tokens: it proves nothing");
    secrets.push(PASSWORD.to_owned());
    for secret in &secrets {
        let files = holding(desk.data_dir(), secret)?;
        ensure!(files.is_empty(), "{secret} lies in {files:?}");
        ensure!(!desk.session().said().contains(secret), "{secret} was logged");
    }
    // What is looked for so can be found at all.
    ensure!(!holding(desk.data_dir(), OWNER)?.is_empty(), "the data directory holds no name");
    Ok(())
}

#[tokio::test]
async fn without_a_keychain_the_session_lives_in_memory_and_it_is_said_f47() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    says_not_kept(&page, "no program on the session bus keeps secrets").await?;
    page.quit().await?;

    let page = desk.window().await?;
    page.click(words::SETTINGS).await?;
    page.says(words::NOBODY_SIGNED_IN).await?;
    page.fill(words::EMAIL, OWNER).await?;
    page.fill(words::PASSWORD, PASSWORD).await?;
    page.click(words::SIGN_IN).await?;
    page.says_line(words::LIVE).await?;
    page.quit().await?;
    let files = holding(desk.data_dir(), PASSWORD)?;
    ensure!(files.is_empty(), "the password lies in {files:?}");
    Ok(())
}

#[tokio::test]
async fn a_locked_keychain_whose_prompt_nobody_answers_holds_nobody_up_for_long_and_it_is_said_f47()
-> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let keyring = Keyring::unlocked(&desk).await?;
    keyring.lock().await?;
    let prompt = Unanswered::open(desk.session().bus()).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    ensure!(prompt.asked() > 0, "the keyring asked nobody for its password");
    says_not_kept(&page, "The keychain is locked").await?;
    page.click(words::INBOX).await?;
    page.says(words::NOTHING_HELD).await?;
    page.quit().await
}

#[tokio::test]
async fn a_locked_keychain_that_cannot_even_ask_is_said_and_the_work_goes_on_f47() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let keyring = Keyring::unlocked(&desk).await?;
    keyring.lock().await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    says_not_kept(&page, "eychain").await?;
    let id = stage.raise(support::stage::STUCK).await;
    page.click(words::INBOX).await?;
    page.choose(support::stage::STUCK).await?;
    page.says(&id).await?;
    page.quit().await
}
