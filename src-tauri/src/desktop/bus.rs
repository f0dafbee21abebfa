//! Who is on the session bus: a host for tray icons, a notification daemon. Only looks; nothing is shown from here.

use super::notify::Before;
use crate::desk::{Desk, Mail, Markup};
use engine::window::Closing;
use futures_util::StreamExt;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

/// Shows the tray's icons.
const TRAY_HOST: &str = "org.kde.StatusNotifierWatcher";
/// Shows notifications.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// Tells the desk who is there, now and whenever that changes. Without a bus it tells nothing: the desk assumes neither.
pub(crate) async fn watch(desk: Desk) {
    if let Err(error) = follow(&desk).await {
        tracing::warn!(%error, "the session bus cannot be watched: closing the window minimises it");
    }
}

async fn follow(desk: &Desk) -> zbus::Result<()> {
    let connection = Connection::session().await?;
    let bus = DBusProxy::new(&connection).await?;
    let mut changes = bus.receive_name_owner_changed().await?;
    desk.tell(Mail::TrayHost(closing(has_owner(&bus, TRAY_HOST).await?)));
    // Between one daemon and the next there is nobody for a while: who was there before is remembered.
    let mut before = Before::Nobody;
    if has_owner(&bus, NOTIFICATIONS).await? {
        desk.tell(Mail::NotificationDaemon { markup: markup(&connection).await, before });
        before = Before::Another;
    }
    while let Some(change) = changes.next().await {
        let args = change.args()?;
        let there = args.new_owner().is_some();
        match args.name().as_str() {
            TRAY_HOST => desk.tell(Mail::TrayHost(closing(there))),
            NOTIFICATIONS if there => {
                desk.tell(Mail::NotificationDaemon { markup: markup(&connection).await, before });
                before = Before::Another;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn has_owner(bus: &DBusProxy<'_>, name: &str) -> zbus::Result<bool> {
    Ok(bus.name_has_owner(BusName::try_from(name)?).await?)
}

fn closing(tray: bool) -> Closing {
    if tray { Closing::ToTray } else { Closing::Minimises }
}

/// A daemon that does not answer is taken for one that reads markup: too much escaping is ugly, too little is not safe.
async fn markup(connection: &Connection) -> Markup {
    let path = "/org/freedesktop/Notifications";
    let asked =
        connection.call_method(Some(NOTIFICATIONS), path, Some(NOTIFICATIONS), "GetCapabilities", &()).await;
    let capabilities: Option<Vec<String>> = asked.ok().and_then(|answer| answer.body().deserialize().ok());
    match capabilities {
        Some(list) if !list.iter().any(|one| one == "body-markup") => Markup::Shown,
        _ => Markup::Read,
    }
}
