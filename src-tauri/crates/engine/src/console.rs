//! The console as a surface sees it: the engine in this process, or a client of the one that already runs
//! (DESIGN 4). The same verbs either way.

use crate::command::{Answer, Code, Command, Query, Refused};
use crate::effect::SurfaceId;
use crate::handle::{Handle, SELF};
use crate::lock;
use crate::socket::guest::{Guest, NoEntry};
use crate::socket::{self, Ask, CommandText};
use crate::start::{Owner, Setup, start};
use crate::view::AppView;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// An owner that is just starting has no socket yet; one that is just ending still has its lock. Both pass.
const TRIES: u32 = 100;
/// Between two tries.
const TRY_EVERY: Duration = Duration::from_millis(50);

/// Whom a client says it is for.
#[derive(Clone, Debug, Default)]
pub struct Introduction {
    /// The gateway's address, if one is named.
    pub gateway: Option<String>,
    /// The account, if one is named.
    pub account: Option<String>,
}

/// See the module.
pub struct Console {
    link: Link,
}

enum Link {
    Owner(Owner),
    Guest(Guest),
}

impl Console {
    /// Becomes the owner of the data directory, or a client of the owner.
    ///
    /// # Errors
    /// The owner's refusal, or the store's.
    pub async fn open(setup: &Setup, introduction: &Introduction) -> Result<Self, Refused> {
        prepare(setup)?;
        let path = socket::path(&setup.data_dir, setup.runtime_dir.as_deref());
        let mut last = String::new();
        for _ in 0..TRIES {
            match lock::take(&setup.data_dir).map_err(|error| not_writable(setup, &error))? {
                Some(lock) => return Ok(Self { link: Link::Owner(start(setup, lock).await?) }),
                None => {
                    match Guest::connect(&path, introduction.gateway.clone(), introduction.account.clone())
                        .await
                    {
                        Ok(guest) => return Ok(Self { link: Link::Guest(guest) }),
                        Err(NoEntry::Refused(refused)) => return Err(refused),
                        Err(NoEntry::NoOwner(error)) => last = error.to_string(),
                    }
                }
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
        Err(Refused::new(
            Code::Ended,
            format!(
                "Another Holdpoint holds this data directory but does not answer ({last}): end it, or use another directory (HOLDPOINT_DATA_DIR)."
            ),
        ))
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// The engine's refusal; [`Code::Ended`] when the owner has just gone: open again and go on from disk.
    pub async fn command(&self, command: Command) -> Result<Answer, Refused> {
        match &self.link {
            Link::Owner(owner) => owner.handle().command(SELF, command).await,
            Link::Guest(guest) => guest.ask(Ask::Command(CommandText(command))).await,
        }
    }

    /// Answers a query.
    ///
    /// # Errors
    /// As [`Console::command`].
    pub async fn query(&self, query: Query) -> Result<Answer, Refused> {
        match &self.link {
            Link::Owner(owner) => owner.handle().query(query).await,
            Link::Guest(guest) => guest.ask(Ask::Query(query)).await,
        }
    }

    /// The view, as it changes. `changed()` fails once the engine has ended.
    pub fn view(&self) -> watch::Receiver<Arc<AppView>> {
        match &self.link {
            Link::Owner(owner) => owner.handle().view(),
            Link::Guest(guest) => guest.view(),
        }
    }

    /// A window's own way in: what it prepares can be confirmed by nobody else.
    pub fn surface(&self) -> Surface {
        Surface(match &self.link {
            Link::Owner(owner) => Way::Owner(owner.handle().clone(), owner.handle().new_surface()),
            Link::Guest(guest) => Way::Guest(guest.clone()),
        })
    }

    /// The machine woke up, or the network changed: the owner looks at its streams now. Whoever is only its client leaves
    /// that to the owner.
    pub async fn woke(&self) {
        if let Link::Owner(owner) = &self.link {
            owner.handle().woke().await;
        }
    }

    /// Does the engine run in this process?
    pub fn owns(&self) -> bool {
        matches!(self.link, Link::Owner(_))
    }

    /// Leaves: an owner ends its engine, a client its connection.
    pub async fn close(self) {
        if let Link::Owner(owner) = self.link {
            owner.end().await;
        }
    }
}

/// One window's way to the engine. In the owner's process it is a surface of its own; in a client's the connection is
/// the surface.
pub struct Surface(Way);

enum Way {
    Owner(Handle, SurfaceId),
    Guest(Guest),
}

impl Surface {
    /// Carries out a command.
    ///
    /// # Errors
    /// As [`Console::command`].
    pub async fn command(&self, command: Command) -> Result<Answer, Refused> {
        match &self.0 {
            Way::Owner(handle, surface) => handle.command(*surface, command).await,
            Way::Guest(guest) => guest.ask(Ask::Command(CommandText(command))).await,
        }
    }

    /// Answers a query.
    ///
    /// # Errors
    /// As [`Console::command`].
    pub async fn query(&self, query: Query) -> Result<Answer, Refused> {
        match &self.0 {
            Way::Owner(handle, _) => handle.query(query).await,
            Way::Guest(guest) => guest.ask(Ask::Query(query)).await,
        }
    }

    /// The window is gone: what it prepared is void.
    pub async fn leave(&self) {
        if let Way::Owner(handle, surface) = &self.0 {
            handle.surface_gone(*surface).await;
        }
    }
}

/// The directory has to be there before its lock.
fn prepare(setup: &Setup) -> Result<(), Refused> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&setup.data_dir).map_err(|error| not_writable(setup, &error))
}

fn not_writable(setup: &Setup, error: &std::io::Error) -> Refused {
    Refused::new(
        Code::Store,
        format!(
            "The data directory {} cannot be used ({error}): give it to your user or set HOLDPOINT_DATA_DIR.",
            setup.data_dir.display()
        ),
    )
}
