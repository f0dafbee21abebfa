//! The main path in the real window.

use headless::{Page, Screen, Session};
use support::bins::Bin;

#[tokio::test]
async fn explore() -> anyhow::Result<()> {
    let session = Session::open(Screen { width: 1440, height: 900 })?;
    let data = session.path("data").join("holdpoint");
    let page = Page::open(
        &session,
        &Bin::App.path(),
        &[("HOLDPOINT_DATA_DIR", data.to_str().unwrap()), ("HOLDPOINT_LOG", "info")],
    )
    .await?;
    let dir = std::path::Path::new("/tmp/story");
    std::fs::create_dir_all(dir)?;
    page.says("Where do the requests come from").await?;
    session.picture(&dir.join("1.png"))?;
    page.click("Start the rehearsal").await?;
    let said = page.says("restart").await;
    session.picture(&dir.join("2.png"))?;
    println!("{}", page.text().await?);
    println!("{}", session.said());
    said?;
    page.close().await
}
