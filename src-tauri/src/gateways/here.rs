//! The gateway that is built in: on a free port of 127.0.0.1, its database beside the console's, started with the app
//! once a person has asked for it. Owns its life; what it does is the gateway's own.

use super::account::{self, Account};
use domain::{Entropy, GatewayId};
use engine::command::{Code, Command, Password, Refused};
use engine::{Setup, Surface};
use gateway::{Config, Gateway, ServeError};
use std::fs::{self, DirBuilder};
use std::net::Ipv4Addr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How people know it.
const NAME: &str = "This machine";

/// A running one.
pub(crate) struct Here {
    listening: Listening,
    account: Account,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// Who listens where.
#[derive(Clone)]
pub(crate) struct Listening {
    pub(crate) gateway: GatewayId,
    pub(crate) name: &'static str,
    pub(crate) origin: String,
}

/// Whether a person has asked for it in this data directory.
pub(crate) fn is_wanted(data_dir: &Path) -> bool {
    id_file(data_dir).exists()
}

/// Starts it, makes it known to the console, signs in and connects.
pub(crate) async fn start(setup: &Setup, surface: &Surface) -> Result<Here, Refused> {
    let directory = setup.data_dir.join("gateway");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory)
        .map_err(|error| unusable(&directory, &error))?;
    let database = format!("sqlite:{}", directory.join("gateway.db").display());
    let gateway = Gateway::open(Config::new(database)).await.map_err(|error| refused(&error.to_string()))?;
    let accounts = account::ready(&gateway, &setup.keychain, setup.entropy.as_ref()).await?;
    let id = id(&setup.data_dir, setup.entropy.as_ref())?;
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| refused(&error.to_string()))?;
    let address = listener.local_addr().map_err(|error| refused(&error.to_string()))?;
    let stop = CancellationToken::new();
    let closing = stop.clone();
    let (told, listens) = oneshot::channel();
    let mut serving = tokio::spawn(async move {
        let told = || {
            // Whoever waited may have gone.
            let _ = told.send(());
        };
        gateway.serve_telling(listener, closing, told).await
    });
    // Made known only once its database is its own: another process of this person may serve it already, and its console
    // must not be sent to a port that nobody listens on.
    if listens.await.is_err() {
        let why = match (&mut serving).await {
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(())) | Err(_) => "it ended at once".to_owned(),
        };
        return Err(refused(&why));
    }
    let listening = Listening { gateway: id, name: NAME, origin: format!("http://{address}") };
    let here = Here { listening, account: accounts.person, stop, serving };
    match enter(surface, &here.listening, &here.account).await {
        Ok(()) => Ok(here),
        Err(refused) => {
            here.end().await;
            Err(refused)
        }
    }
}

/// Makes a gateway of this process known to a console, signs in and connects.
pub(crate) async fn enter(
    surface: &Surface,
    listening: &Listening,
    account: &Account,
) -> Result<(), Refused> {
    let Listening { gateway, name, origin } = listening.clone();
    surface.command(Command::Host { gateway, name: name.to_owned(), address: origin }).await?;
    let password = Password(account.password.clone());
    surface.command(Command::SignIn { gateway, email: account.email.clone(), password }).await?;
    surface.command(Command::Connect { gateway }).await?;
    Ok(())
}

impl Here {
    /// Its id in the console.
    pub(crate) fn gateway(&self) -> GatewayId {
        self.listening.gateway
    }

    /// Makes it known to another engine than the one it was started with.
    pub(crate) fn introduce(&self, surface: Option<Arc<Surface>>) {
        let (listening, account) = (self.listening.clone(), self.account.clone());
        let Some(surface) = surface else { return };
        tokio::spawn(async move {
            if let Err(refused) = enter(&surface, &listening, &account).await {
                tracing::error!("the built-in gateway could not be reached again: {}", refused.message);
            }
        });
    }

    /// Ends it in good order: what runs gets its grace time.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the built-in gateway ended badly"),
            Err(error) => tracing::error!(%error, "the built-in gateway ended badly"),
        }
    }
}

/// Its id is its data's: given once, kept beside the database.
fn id(data_dir: &Path, entropy: &dyn Entropy) -> Result<GatewayId, Refused> {
    let path = id_file(data_dir);
    if let Ok(text) = fs::read_to_string(&path) {
        let id = text.trim().parse().map_err(|_| refused(&format!("{} holds no id", path.display())))?;
        return Ok(GatewayId(id));
    }
    let id = entropy.uuid();
    fs::write(&path, id.to_string()).map_err(|error| unusable(&path, &error))?;
    Ok(GatewayId(id))
}

fn id_file(data_dir: &Path) -> PathBuf {
    data_dir.join("gateway").join("id")
}

fn unusable(path: &Path, error: &std::io::Error) -> Refused {
    refused(&format!("{} cannot be used ({error})", path.display()))
}

fn refused(why: &str) -> Refused {
    Refused::new(Code::Refused, format!("The built-in gateway could not be started: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::system::SystemEntropy;

    #[test]
    fn its_id_is_given_once_and_says_that_it_is_wanted() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("gateway")).expect("made");
        assert!(!is_wanted(dir.path()));
        let first = id(dir.path(), &SystemEntropy).expect("given");
        assert!(is_wanted(dir.path()));
        assert_eq!(id(dir.path(), &SystemEntropy).expect("kept"), first);
    }
}
