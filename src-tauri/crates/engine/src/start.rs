//! Starting the one engine of a data directory: keys, store, state, gateways, socket.

use crate::command::{Code, Refused};
use crate::failure::store_refused;
use crate::handle::Handle;
use crate::input::Now;
use crate::lock::Lock;
use crate::policy::{self, Policy};
use crate::runtime::{Ports, Runtime};
use crate::socket::server::Server;
use crate::state::{Purpose, State};
use crate::step::{Row, restore};
use crate::view::DecisionView;
use client::Network;
use domain::receipt::{Attestation, Device};
use domain::{Clock, Entropy};
use keychain::{Entry, Keychain, Secret};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Keys, Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Where and with what an engine runs.
#[derive(Clone)]
pub struct Setup {
    /// Holds everything it remembers.
    pub data_dir: PathBuf,
    /// `$XDG_RUNTIME_DIR`, for the local socket.
    pub runtime_dir: Option<PathBuf>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where secrets are kept.
    pub keychain: Arc<Keychain>,
    /// The way through the network.
    pub network: Network,
    /// What may go out on its own.
    pub purpose: Purpose,
}

/// What keeps the keychain entries of one data directory apart from another's.
pub fn keychain_scope(data_dir: &Path) -> String {
    hex::encode(&Sha256::digest(data_dir.as_os_str().as_encoded_bytes())[..8])
}

/// A running engine in this process; dropping it ends the engine.
pub struct Owner {
    handle: Handle,
    cancel: DropGuard,
    tasks: Vec<JoinHandle<()>>,
    store: Arc<Store>,
}

impl Owner {
    /// The way in.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends it: nothing more goes out, everything on disk stays.
    pub async fn end(self) {
        self.cancel.disarm().cancel();
        for task in self.tasks {
            let _ = task.await;
        }
        // Effects still under way hold the store; what they write after this is lost with them, as on a crash.
        if let Ok(store) = Arc::try_unwrap(self.store) {
            store.close().await;
        }
    }
}

/// Starts the engine that holds `lock`.
///
/// # Errors
/// The store's or the socket's refusal.
pub async fn start(setup: &Setup, lock: Lock) -> Result<Owner, Refused> {
    let cancel = CancellationToken::new();
    let store = Arc::new(open(setup).await.map_err(|error| store_refused(&error))?);
    let ports = Ports {
        clock: setup.clock.clone(),
        entropy: setup.entropy.clone(),
        keychain: setup.keychain.clone(),
        network: setup.network.clone(),
        store: Arc::clone(&store),
    };
    // Where nothing may be written nothing may go out either.
    let purpose = if store.read_only().is_some() { Purpose::Read } else { setup.purpose };
    let mut state = State::new(purpose);
    let reader = store.reader();
    let policy = reader.setting(policy::SETTING).await.map_err(|error| store_refused(&error))?;
    // What was kept beyond today's bounds is not kept on.
    state.policy = policy.and_then(|policy: Policy| policy.check().ok()).unwrap_or_default();
    state.last_row = reader.last_row().await.map_err(|error| store_refused(&error))?.0;
    let rows = reader.open_decisions().await.map_err(|error| store_refused(&error))?;
    let rows = rows
        .into_iter()
        .map(|row| Row { created_at: row.created_at, view: DecisionView::of_row(row) })
        .collect();
    let now = Now { wall: setup.clock.now(), boot_ms: setup.clock.boot_ms() };
    restore(&mut state, rows, now);
    let mut runtime = Runtime::new(state, ports, cancel.clone());
    for record in reader.gateways().await.map_err(|error| store_refused(&error))? {
        runtime.link_known(record).await?;
    }
    let handle = runtime.handle();
    let path = crate::socket::path(&setup.data_dir, setup.runtime_dir.as_deref());
    let server = Server::bind(&path, lock).map_err(|error| no_socket(&path, &error))?;
    let tasks = vec![tokio::spawn(server.run(handle.clone(), cancel.clone())), tokio::spawn(runtime.run())];
    Ok(Owner { handle, cancel: cancel.drop_guard(), tasks, store })
}

/// Opens the files to own them, or only to look at them where a newer build wrote them (F41).
async fn open(setup: &Setup) -> Result<Store, StoreError> {
    match Store::open(&setup.data_dir, keys(setup).await, setup.clock.clone()).await {
        Err(newer @ StoreError::Newer { .. }) => {
            let why = newer.to_string();
            tracing::warn!(why, "the history is opened to be read only");
            Store::look(&setup.data_dir, keys(setup).await, setup.clock.clone(), why).await
        }
        opened => opened,
    }
}

fn no_socket(path: &Path, error: &std::io::Error) -> Refused {
    Refused::new(
        Code::Store,
        format!(
            "The local socket {} cannot be opened ({error}): check that its directory is yours and writable.",
            path.display()
        ),
    )
}

/// The device key and the redaction key, from the keychain or for this run only (rules 10, 13).
async fn keys(setup: &Setup) -> Keys {
    let (device, attested) = key(setup, &Entry::DeviceKey).await;
    let (redaction, _) = key(setup, &Entry::RedactionKey).await;
    Keys { device: Device::new(device, attested), redaction }
}

async fn key(setup: &Setup, entry: &Entry) -> ([u8; 32], Attestation) {
    let kept = setup.keychain.get(entry).await.ok().flatten();
    let kept = kept.and_then(|secret| <[u8; 32]>::try_from(hex::decode(secret.expose()).ok()?).ok());
    let persistent = setup.keychain.is_persistent();
    if let Some(key) = kept {
        return (key, if persistent { Attestation::Keychain } else { Attestation::Run });
    }
    let mut key = [0; 32];
    setup.entropy.fill(&mut key);
    let stored = setup.keychain.set(entry, Secret::new(hex::encode(key))).await;
    (key, if stored.is_ok() && persistent { Attestation::Keychain } else { Attestation::Run })
}
