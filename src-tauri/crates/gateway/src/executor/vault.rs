//! Values of secrets, by pipeline and name. Memory only: they end with the process (rule 13).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// The values. Its debug form shows none.
#[derive(Default)]
pub(crate) struct Vault(RwLock<BTreeMap<String, BTreeMap<String, String>>>);

impl Vault {
    pub(crate) fn new(values: BTreeMap<String, BTreeMap<String, String>>) -> Self {
        Self(RwLock::new(values))
    }

    /// A pipeline sees its own secrets only.
    pub(crate) fn value(&self, pipeline: &str, name: &str) -> Option<String> {
        let values = self.0.read().unwrap_or_else(PoisonError::into_inner);
        values.get(pipeline)?.get(name).cloned()
    }

    pub(crate) fn put(&self, pipeline: &str, name: &str, value: String) {
        let mut values = self.0.write().unwrap_or_else(PoisonError::into_inner);
        values.entry(pipeline.to_owned()).or_default().insert(name.to_owned(), value);
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}
