//! Where things are on this machine, from the environment: the data directory, the runtime directory, the keychain.

use crate::exit::Stop;
use engine::start::keychain_scope;
use engine::system::{SystemClock, SystemEntropy};
use engine::{Purpose, Setup};
use keychain::Keychain;
use std::path::PathBuf;
use std::sync::Arc;

/// The data directory: `HOLDPOINT_DATA_DIR`, or the XDG one. Made absolute, so that it names one place.
pub(crate) fn data_dir() -> Result<PathBuf, Stop> {
    let dir = store::data_dir(|name| std::env::var_os(name))?;
    std::path::absolute(&dir).map_err(|error| Stop::other("store", format!("{}: {error}", dir.display())))
}

/// Everything an engine is started with.
pub(crate) async fn setup(purpose: Purpose) -> Result<Setup, Stop> {
    let data_dir = data_dir()?;
    let keychain = Arc::new(Keychain::open(&keychain_scope(&data_dir)).await);
    Ok(Setup {
        data_dir,
        runtime_dir: std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        keychain,
        network: engine::Network::from_env(|name| std::env::var(name).ok())
            .map_err(|bad| Stop::other("network", bad.to_string()))?,
        purpose,
    })
}

/// The password for scripts.
pub(crate) fn password() -> Option<String> {
    std::env::var("HOLDPOINT_PASSWORD").ok().filter(|password| !password.is_empty())
}
