//! The keychain of a desktop: a real gnome-keyring, unlocked or locked, whose prompt somebody answers or nobody does.

use super::desk::Desk;
use crate::serve::lock;
use anyhow::{Context, Result, ensure};
use headless::{Running, until};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue};
use zbus::{Connection, connection, interface};

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
/// The keyring's own password.
const PASSWORD: &str = "open sesame, keyring";

/// See the module. Dropped, nobody keeps secrets on the desktop any more; what it kept is still on its disk.
#[derive(Debug)]
pub struct Keyring {
    _daemon: Running,
    bus: Connection,
}

/// Stands where the desktop's password prompt would: it is asked, and nobody answers. Dropped, it is gone.
#[derive(Debug)]
pub struct Unanswered {
    _connection: Connection,
    asked: Arc<Mutex<usize>>,
}

struct Prompter {
    asked: Arc<Mutex<usize>>,
}

impl Keyring {
    /// Starts it with its login keyring open, as a desktop's own sign-in does.
    ///
    /// # Errors
    /// It is not installed, or did not start.
    pub async fn unlocked(desk: &Desk) -> Result<Self> {
        let mut command = desk.session().command("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        let daemon = desk.session().start_with(command, PASSWORD)?;
        desk.until_owned(NAME).await?;
        let bus = connection::Builder::address(desk.session().bus())?.build().await?;
        let keyring = Self { _daemon: daemon, bus };
        let open = || async { keyring.is_locked().await.ok().filter(|locked| !locked) };
        until("the keyring is open", open).await?;
        Ok(keyring)
    }

    /// Locks it, as a desktop does after a while.
    ///
    /// # Errors
    /// It does not let itself be locked.
    pub async fn lock(&self) -> Result<()> {
        let collections = vec![ObjectPath::try_from(COLLECTION)?];
        let interface = Some("org.freedesktop.Secret.Service");
        let answer = self.bus.call_method(Some(NAME), PATH, interface, "Lock", &collections).await?;
        let _: (Vec<OwnedObjectPath>, OwnedObjectPath) = answer.body().deserialize()?;
        ensure!(self.is_locked().await?, "the keyring did not lock");
        Ok(())
    }

    /// How many secrets it keeps.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn count(&self) -> Result<usize> {
        let items: Vec<OwnedObjectPath> = self.property("Items").await?.try_into()?;
        Ok(items.len())
    }

    async fn is_locked(&self) -> Result<bool> {
        Ok(self.property("Locked").await?.try_into()?)
    }

    async fn property(&self, name: &str) -> Result<OwnedValue> {
        let of = ("org.freedesktop.Secret.Collection", name);
        let interface = Some("org.freedesktop.DBus.Properties");
        let answer = self.bus.call_method(Some(NAME), COLLECTION, interface, "Get", &of).await;
        let answer = answer.with_context(|| format!("{name} of the login keyring"))?;
        answer.body().deserialize().with_context(|| format!("{name} of the login keyring"))
    }
}

impl Unanswered {
    /// Takes the prompt's place.
    ///
    /// # Errors
    /// The bus does not answer, or a prompter is there already.
    pub async fn open(bus: &str) -> Result<Self> {
        let asked = Arc::default();
        let prompter = Prompter { asked: Arc::clone(&asked) };
        let connection = connection::Builder::address(bus)?
            .serve_at("/org/gnome/keyring/Prompter", prompter)?
            .name("org.gnome.keyring.SystemPrompter")?
            .build()
            .await
            .context("the prompt's place cannot be taken")?;
        Ok(Self { _connection: connection, asked })
    }

    /// How often it was asked to show itself.
    pub fn asked(&self) -> usize {
        *lock(&self.asked)
    }
}

/// What gnome-keyring calls. Whoever begins waits to be told that the prompt is ready, which never happens here.
#[interface(name = "org.gnome.keyring.internal.Prompter")]
impl Prompter {
    fn begin_prompting(&self, _callback: OwnedObjectPath) {
        *lock(&self.asked) += 1;
    }

    fn perform_prompt(
        &self,
        _callback: OwnedObjectPath,
        _kind: String,
        _properties: HashMap<String, OwnedValue>,
        _exchange: String,
    ) {
    }

    fn stop_prompting(&self, _callback: OwnedObjectPath) {}
}
