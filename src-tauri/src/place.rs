//! Where things are on this machine, from the environment: the data directories, the keychain, the real clock.

use anyhow::Context;
use engine::start::keychain_scope;
use engine::system::{SystemClock, SystemEntropy};
use engine::{Network, Purpose, Setup};
use keychain::Keychain;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The data directory: `HOLDPOINT_DATA_DIR`, or the XDG one. Made absolute, so that it names one place.
pub(crate) fn data_dir() -> anyhow::Result<PathBuf> {
    let dir = store::data_dir(|name| env::var_os(name))?;
    std::path::absolute(&dir).with_context(|| dir.display().to_string())
}

/// Everything that an engine on `data_dir` is started with.
pub(crate) async fn setup(data_dir: &Path) -> Setup {
    Setup {
        data_dir: data_dir.to_owned(),
        runtime_dir: env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        keychain: Arc::new(Keychain::open(&keychain_scope(data_dir)).await),
        network: Network::as_env_says(|name| env::var(name).ok()),
        purpose: Purpose::Act,
    }
}

/// The name that a second start on the same data directory finds this one by.
pub(crate) fn bus_name(data_dir: &Path) -> String {
    // An element of a bus name must not begin with a digit.
    format!("app.holdpoint.desktop.d{}", keychain_scope(data_dir))
}
