//! The rehearsal: a scripted incident with a gateway and a console of its own, in a data directory of its own. Owns how
//! it is set up and cleared away; what happens in it is the incident's.

use super::account::Account;
use super::here::{Listening, enter};
use crate::place;
use domain::GatewayId;
use engine::command::{Code, Refused};
use engine::{Console, Introduction, Setup};
use keychain::Keychain;
use rehearsal::{Begin, Incident, IncidentError, Reported, Restart, Script};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Who decides in it.
const PERSON: &str = "oncall@rehearsal.invalid";

/// Where its steps are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steps {
    /// In the log.
    Logged,
    /// On standard output, for whoever started the app for it.
    Printed,
}

impl Steps {
    fn tell(self, step: &Reported) {
        tracing::info!(?step, "rehearsal");
        if self == Steps::Printed
            && let Ok(line) = serde_json::to_string(step)
        {
            // Nobody may read any more; the rehearsal goes on.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
}

/// One under way.
pub(crate) struct Rehearsing {
    gateway: GatewayId,
    stop: CancellationToken,
    playing: JoinHandle<Result<(), IncidentError>>,
}

/// Sets it up, and a console that is signed in to it. Nothing of an earlier one is left: its requests are gone.
pub(crate) async fn start(setup: &Setup, told: Steps) -> Result<(Rehearsing, Console), Refused> {
    let data_dir = setup.data_dir.join("rehearsal");
    clear(&data_dir)?;
    let (steps, mut reported) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(step) = reported.recv().await {
            told.tell(&step);
        }
    });
    let account = Account { email: PERSON.to_owned(), password: rehearsal::random_password() };
    let script = Script {
        directory: None,
        email: account.email.clone(),
        password: account.password.clone(),
        restart: Restart::Works,
        begin: Begin::AtOnce,
    };
    let incident = Incident::start(script, steps).await.map_err(|error| refused(&error.to_string()))?;
    let gateway = GatewayId(setup.entropy.uuid());
    let listening = Listening { gateway, name: "Rehearsal", origin: incident.gateway_origin().to_owned() };
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let playing = tokio::spawn(incident.run_until(async move { stopping.cancelled().await }));
    let rehearsing = Rehearsing { gateway, stop, playing };
    match console(&data_dir, &listening, &account).await {
        Ok(console) => Ok((rehearsing, console)),
        Err(refused) => {
            rehearsing.end().await;
            Err(refused)
        }
    }
}

impl Rehearsing {
    /// Its gateway's id in its console.
    pub(crate) fn gateway(&self) -> GatewayId {
        self.gateway
    }

    /// Ends it.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        if let Ok(Err(error)) = self.playing.await {
            tracing::warn!(%error, "the rehearsal ended badly");
        }
    }
}

async fn console(data_dir: &Path, listening: &Listening, account: &Account) -> Result<Console, Refused> {
    // Its session and its key end with it: nothing of a rehearsal stays in the person's keychain.
    let setup = Setup { keychain: Arc::new(Keychain::in_memory()), ..place::setup(data_dir).await };
    let console = Console::open(&setup, &Introduction::default()).await?;
    match enter(&console.surface(), listening, account).await {
        Ok(()) => Ok(console),
        Err(refused) => {
            console.close().await;
            Err(refused)
        }
    }
}

fn clear(data_dir: &Path) -> Result<(), Refused> {
    match fs::remove_dir_all(data_dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(refused(&format!("{} cannot be cleared ({error})", data_dir.display())))
        }
        _ => Ok(()),
    }
}

fn refused(why: &str) -> Refused {
    Refused::new(Code::Refused, format!("The rehearsal could not be started: {why}."))
}
