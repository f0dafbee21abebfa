//! The same on a real daemon, dunst: a stand-in alone proves nothing about what daemons do.

use anyhow::{Context, Result, ensure};
use headless::{Running, until};
use serde_json::{Value, json};
use support::desktop::Desk;
use support::stage::{DRY, OTHER, OWNER, STUCK, Stage};

/// Everything stays on the screen until it is answered or withdrawn, with all of its text.
const SETTINGS: &str = "[global]\nmarkup = full\n[urgency_low]\ntimeout = 0\n[urgency_normal]\ntimeout = 0\n[urgency_critical]\ntimeout = 0\n";

/// A dunst on the desktop. Dropped, it ends.
struct Dunst<'a> {
    desk: &'a Desk,
    _daemon: Running,
}

impl<'a> Dunst<'a> {
    async fn start(desk: &'a Desk) -> Result<Self> {
        let settings = desk.session().path("config").join("dunstrc");
        std::fs::write(&settings, SETTINGS)?;
        let mut command = desk.session().command("dunst");
        command.arg("-config").arg(&settings);
        let daemon = desk.session().start(command)?;
        desk.until_owned("org.freedesktop.Notifications").await?;
        Ok(Self { desk, _daemon: daemon })
    }

    fn ctl(&self, words: &[&str]) -> Result<String> {
        self.desk.session().run("dunstctl", words)
    }

    /// How many it displays.
    fn displayed(&self) -> Result<usize> {
        let count = self.ctl(&["count", "displayed"])?;
        count.trim().parse().with_context(|| format!("{count:?} is no number"))
    }

    async fn until_displayed(&self, count: usize) -> Result<()> {
        let so_many = || async { (self.displayed().ok()? == count).then_some(()) };
        until(&format!("{count} notifications of dunst's"), so_many).await
    }

    /// The bodies of what it has closed, newest first.
    fn closed(&self) -> Result<Vec<String>> {
        let history: Value = serde_json::from_str(&self.ctl(&["history"])?)?;
        let entries = history["data"][0].as_array().cloned().unwrap_or_default();
        Ok(entries.iter().filter_map(|entry| Some(entry["body"]["data"].as_str()?.to_owned())).collect())
    }
}

#[tokio::test]
async fn dunst_shows_each_request_and_its_action_opens_the_right_one_of_two_rule_2() -> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let dunst = Dunst::start(&desk).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let first = stage.raise(STUCK).await;
    dunst.until_displayed(1).await?;
    let second = stage.raise_with(DRY, json!({"pool": "blue"})).await;
    dunst.until_displayed(2).await?;

    // Which of the two dunst puts first is its own affair; what it answered is read from its history.
    dunst.ctl(&["action", "0"])?;
    let card = until("a card", || async {
        page.text().await.ok().filter(|text| text.contains(&first) || text.contains(&second))
    });
    let card = card.await?;
    dunst.until_displayed(1).await?;
    let answered = dunst.closed()?;
    ensure!(answered.len() == 1, "{answered:?}");
    let (of, other) = if answered[0].contains(DRY) { (&second, &first) } else { (&first, &second) };
    ensure!(card.contains(of.as_str()) && !card.contains(other.as_str()), "{answered:?} opened:\n{card}");

    dunst.ctl(&["action", "0"])?;
    page.says(other).await?;
    dunst.until_displayed(0).await?;
    ensure!(stage.target.calls().is_empty(), "a notification decided something");
    page.close().await
}

#[tokio::test]
async fn dunst_takes_a_notification_off_the_screen_when_somebody_else_decided_and_a_new_one_is_told_anew_f36()
-> Result<()> {
    let stage = Stage::ready().await;
    let desk = Desk::open()?;
    let dunst = Dunst::start(&desk).await?;
    let page = desk.connected(stage.gateway.origin(), OWNER).await?;
    let id = stage.raise(STUCK).await;
    stage.raise_with(DRY, json!({"pool": "blue"})).await;
    dunst.until_displayed(2).await?;
    let other = stage.seat_of(OTHER);
    assert_eq!(other.show_and_approve(&id, &[]).await.code, Some(0));
    dunst.until_displayed(1).await?;
    let closed = dunst.closed()?;
    ensure!(closed.len() == 1 && closed[0].contains(STUCK), "{closed:?}");

    // The daemon is started anew: what still waits is shown again.
    drop(dunst);
    let dunst = Dunst::start(&desk).await?;
    dunst.until_displayed(1).await?;
    dunst.ctl(&["close"])?;
    let closed = dunst.closed()?;
    ensure!(closed.len() == 1 && closed[0].contains(DRY), "{closed:?}");
    page.close().await
}
