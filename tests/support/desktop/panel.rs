//! A desktop's panel that hosts tray icons: it owns `org.kde.StatusNotifierWatcher` on the desktop's bus, reads what an
//! icon shows, and reads and clicks its menu over `com.canonical.dbusmenu`.

use crate::serve::lock;
use anyhow::{Context, Result};
use headless::until;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Structure, Value};
use zbus::{Connection, Proxy, connection, interface};

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";

/// See the module. Dropped, the desktop shows no tray icons any more.
#[derive(Debug)]
pub struct Panel {
    connection: Connection,
    items: Items,
}

/// What an icon shows, but for its menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// The file of its picture.
    pub icon: String,
    /// Its name.
    pub title: String,
}

/// One line of its menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The menu's number for it.
    pub id: i32,
    /// What it says; empty for a separator.
    pub label: String,
    /// Whether it can be clicked.
    pub enabled: bool,
}

/// Bus name and path of each icon that registered.
type Items = Arc<Mutex<Vec<(String, String)>>>;

struct Watcher {
    items: Items,
}

/// Number, properties and children: one node of a menu.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Panel {
    /// Takes the watcher's place.
    ///
    /// # Errors
    /// The bus does not answer, or a watcher is there already.
    pub async fn open(bus: &str) -> Result<Self> {
        let items = Items::default();
        let builder = connection::Builder::address(bus).context("no address of a bus")?;
        let watcher = Watcher { items: items.clone() };
        let connection = builder.serve_at(PATH, watcher)?.name(NAME)?.build().await;
        Ok(Self { connection: connection.context("the panel's place cannot be taken")?, items })
    }

    /// What the icon shows, once it has registered.
    ///
    /// # Errors
    /// It did not, or does not answer.
    pub async fn face(&self) -> Result<Face> {
        let item = self.item().await?;
        Ok(Face { icon: item.get_property("IconName").await?, title: item.get_property("Title").await? })
    }

    /// The menu's lines, from the top.
    ///
    /// # Errors
    /// The icon did not register, or does not answer.
    pub async fn menu(&self) -> Result<Vec<Line>> {
        let menu = self.menu_proxy().await?;
        let nothing: Vec<String> = Vec::new();
        let (_, root): (u32, Node) = menu.call("GetLayout", &(0_i32, -1_i32, nothing)).await?;
        root.2.into_iter().map(line).collect()
    }

    /// Waits for a line of the menu that begins with these words.
    ///
    /// # Errors
    /// It did not come; the error tells what the menu says instead.
    pub async fn until_says(&self, words: &str) -> Result<Line> {
        let found =
            || async { self.menu().await.ok()?.into_iter().find(|line| line.label.starts_with(words)) };
        match until(&format!("{words} in the tray's menu"), found).await {
            Ok(line) => Ok(line),
            Err(error) => Err(error.context(format!("{:#?}", self.menu().await))),
        }
    }

    /// Clicks the line that begins with these words.
    ///
    /// # Errors
    /// There is none.
    pub async fn click(&self, words: &str) -> Result<()> {
        let line = self.until_says(words).await?;
        let event = (line.id, "clicked", Value::from(0_i32), 0_u32);
        self.menu_proxy().await?.call("Event", &event).await.context("the menu does not take a click")
    }

    async fn item(&self) -> Result<Proxy<'static>> {
        let registered = || async { lock(&self.items).last().cloned() };
        let (name, path) = until("the tray icon registers", registered).await?;
        Ok(Proxy::new(&self.connection, name, path, "org.kde.StatusNotifierItem").await?)
    }

    async fn menu_proxy(&self) -> Result<Proxy<'static>> {
        let item = self.item().await?;
        let path: OwnedObjectPath = item.get_property("Menu").await?;
        let name = item.destination().to_owned();
        Ok(Proxy::new(&self.connection, name, path, "com.canonical.dbusmenu").await?)
    }
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    /// Some give a bus name, some a path on their own connection.
    fn register_status_notifier_item(&self, item: String, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let found =
            if item.starts_with('/') { (sender, item) } else { (item, "/StatusNotifierItem".to_owned()) };
        lock(&self.items).push(found);
    }

    fn register_status_notifier_host(&self, _host: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        lock(&self.items).iter().map(|(name, path)| format!("{name}{path}")).collect()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

fn line(node: OwnedValue) -> Result<Line> {
    let node = Structure::try_from(node).context("a menu's node is a structure")?;
    let (id, properties, _): Node = OwnedValue::try_from(node)?.try_into().context("a menu's node")?;
    let text = |name: &str| properties.get(name).and_then(|value| <&str>::try_from(value).ok());
    let enabled = properties.get("enabled").and_then(|value| bool::try_from(value).ok()).unwrap_or(true);
    Ok(Line { id, label: text("label").unwrap_or_default().to_owned(), enabled })
}
