//! The main path in the real window.

use support::desktop::{Desk, Panel, Recorder};
use support::stage::{OWNER, STUCK, Stage};

#[tokio::test]
async fn explore() -> anyhow::Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let panel = Panel::open(desk.session().bus()).await?;
    let recorder = Recorder::open(desk.session().bus(), &["actions", "body", "body-markup"]).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let dir = std::path::Path::new("/tmp/story");
    std::fs::create_dir_all(dir)?;
    desk.session().picture(&dir.join("1.png"))?;
    println!("{:#?} {:#?}", panel.face().await?, panel.menu().await?);
    let id = stage.raise(STUCK).await;
    let shown = recorder.until_shown(STUCK).await?;
    println!("{shown:#?}");
    println!("{id}");
    println!("{:#?} {:#?}", panel.face().await?, panel.menu().await?);
    desk.session().picture(&dir.join("2.png"))?;
    println!("{}", page.text().await?);
    println!("windows {:?}", page.client().windows().await);
    let w = desk.session().run("xdotool", &["search", "--onlyvisible", "--name", "^Holdpoint$"])?;
    println!("w {w}");
    println!("{:?}", desk.session().run("xdotool", &["windowactivate", "--sync", w.trim(), "key", "alt+F4"]));
    std::thread::sleep(std::time::Duration::from_secs(2));
    println!("windows {:?}", page.client().windows().await);
    println!("text {:?}", page.text().await);
    println!(
        "ps {}",
        desk.session()
            .run("ps", &["xf", "-o", "pid,args"])?
            .lines()
            .filter(|l| l.contains("hold") || l.contains("WebKit"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    recorder.choose(shown.id, "open").await?;
    std::thread::sleep(std::time::Duration::from_secs(3));
    println!("windows {:?}", page.client().windows().await);
    println!("window {:?}", page.client().window().await);
    if let Ok(w) = page.client().windows().await {
        if let Some(w) = w.into_iter().next() {
            println!("switch {:?}", page.client().switch_to_window(w).await);
        }
    }
    println!("text {:?}", page.text().await);
    desk.session().picture(&dir.join("3.png"))?;
    println!("{}", desk.session().said());
    page.close().await
}
