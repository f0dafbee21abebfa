//! The keychain as its users see it.

use crate::availability::{self, Absence, Availability};
use crate::lane::Lane;
use crate::{Entry, KeychainError, Secret};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a person gets for the keychain's own prompt.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where secrets are kept, found out once when it is opened. Where there was no store, opening again later asks anew.
#[derive(Debug)]
pub struct Keychain {
    place: Place,
    availability: Availability,
}

enum Place {
    /// The OS keeps them under this service name.
    Os { service: String, lane: Lane },
    /// This process keeps them until it ends.
    Memory(Mutex<HashMap<Entry, Secret>>),
}

impl Keychain {
    /// Finds out what there is. `scope` keeps apart what must not mix, as data directories: the same entry in two
    /// scopes is two secrets. Never fails: without a store the secrets live in memory, and
    /// [`Keychain::availability`] says so.
    pub async fn open(scope: &str) -> Self {
        Self::with(scope, availability::look(None).await)
    }

    /// Keeps everything in memory, whatever the OS has.
    pub fn in_memory() -> Self {
        Self::with("", Availability::None { why: Absence::NotAsked })
    }

    /// Whether secrets outlive this process, with a sentence for people.
    pub fn availability(&self) -> &Availability {
        &self.availability
    }

    /// Do secrets outlive this process?
    pub fn is_persistent(&self) -> bool {
        self.availability == Availability::Ready
    }

    /// Reads a secret; `None` if there is none under this name.
    ///
    /// # Errors
    /// [`KeychainError::Locked`] after 20 s without an answer, and the others as the store says.
    pub async fn get(&self, entry: &Entry) -> Result<Option<Secret>, KeychainError> {
        match &self.place {
            Place::Memory(kept) => Ok(open(kept).get(entry).cloned()),
            Place::Os { service, lane } => {
                let (service, name) = (service.clone(), entry.name());
                lane.run(move || none_if_absent(os_entry(&service, &name)?.get_password().map(Secret::new)))
                    .await?
            }
        }
    }

    /// Keeps a secret, in place of the one before.
    ///
    /// # Errors
    /// As [`Keychain::get`].
    pub async fn set(&self, entry: &Entry, secret: Secret) -> Result<(), KeychainError> {
        match &self.place {
            Place::Memory(kept) => {
                open(kept).insert(entry.clone(), secret);
                Ok(())
            }
            Place::Os { service, lane } => {
                let (service, name) = (service.clone(), entry.name());
                lane.run(move || Ok(os_entry(&service, &name)?.set_password(secret.expose())?)).await?
            }
        }
    }

    /// Deletes a secret; one that is not there is deleted already.
    ///
    /// # Errors
    /// As [`Keychain::get`].
    pub async fn delete(&self, entry: &Entry) -> Result<(), KeychainError> {
        match &self.place {
            Place::Memory(kept) => {
                open(kept).remove(entry);
                Ok(())
            }
            Place::Os { service, lane } => {
                let (service, name) = (service.clone(), entry.name());
                let deleted =
                    lane.run(move || none_if_absent(os_entry(&service, &name)?.delete_credential()));
                deleted.await?.map(|_| ())
            }
        }
    }

    fn with(scope: &str, availability: Availability) -> Self {
        let place = match &availability {
            Availability::Ready => {
                Place::Os { service: format!("holdpoint:{scope}"), lane: Lane::new(PATIENCE) }
            }
            Availability::None { .. } => {
                tracing::info!("{availability}");
                Place::Memory(Mutex::default())
            }
        };
        Self { place, availability }
    }
}

/// No secret in it: neither values nor which entries have one.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Os { service, .. } => {
                f.debug_struct("Os").field("service", service).finish_non_exhaustive()
            }
            Place::Memory(_) => f.write_str("Memory(..)"),
        }
    }
}

/// The first entry sets the whole store up; if that failed, its reason is worth more than "no default store".
fn os_entry(service: &str, name: &str) -> Result<keyring::Entry, KeychainError> {
    if let Err(why) = keyring::Entry::store_status() {
        return Err(KeychainError::Failed(why.to_string()));
    }
    Ok(keyring::Entry::new(service, name)?)
}

fn none_if_absent<T>(answer: keyring::Result<T>) -> Result<Option<T>, KeychainError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// A thread that died while it held the map left it whole: each change is one call.
fn open(kept: &Mutex<HashMap<Entry, Secret>>) -> MutexGuard<'_, HashMap<Entry, Secret>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn f47_in_memory_secrets_are_kept_replaced_and_deleted_and_it_is_said_that_they_will_go() {
        let keychain = Keychain::in_memory();
        let session = Entry::Session { gateway: "g1".into() };
        let other = Entry::Session { gateway: "g2".into() };
        assert_eq!(keychain.get(&session).await, Ok(None));
        for text in ["one", "two"] {
            keychain.set(&session, Secret::new(text.into())).await.expect("kept");
        }
        let kept = keychain.get(&session).await.expect("read").expect("is there");
        assert_eq!((kept.expose(), keychain.get(&other).await), ("two", Ok(None)));
        keychain.delete(&session).await.expect("deleted");
        keychain.delete(&session).await.expect("still deleted");
        assert_eq!(keychain.get(&session).await, Ok(None));
        assert!(keychain.availability().to_string().ends_with("the session lasts until this program ends"));
    }

    #[tokio::test]
    async fn rule_13_a_debugged_keychain_shows_no_secret() {
        let keychain = Keychain::in_memory();
        keychain.set(&Entry::DeviceKey, Secret::new("hunter2".into())).await.expect("kept");
        assert!(!format!("{keychain:?}").contains("hunter2"));
    }

    #[test]
    fn every_entry_has_a_name_of_its_own() {
        let session = |gateway: &str| Entry::Session { gateway: gateway.into() };
        let all = [Entry::DeviceKey, Entry::RedactionKey, Entry::GatewayPassword, session("a"), session("b")];
        let names: std::collections::HashSet<_> = all.iter().map(Entry::name).collect();
        assert_eq!(names.len(), all.len());
    }
}
