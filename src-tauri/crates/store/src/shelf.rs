//! The connections to one file, which may be exchanged while others hold on to the shelf: a damaged file is moved aside
//! at run time and a fresh one takes its place (F40).

use sqlx::SqlitePool;
use std::sync::{Arc, PoisonError, RwLock};

/// See the module. Cheap to clone; all clones see an exchange.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(Arc<RwLock<SqlitePool>>);

impl Shelf {
    /// A shelf with this pool on it.
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self(Arc::new(RwLock::new(pool)))
    }

    /// What stands on it now.
    pub(crate) fn pool(&self) -> SqlitePool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another pool in its place; the old one is given back, to be closed.
    pub(crate) fn exchange(&self, fresh: SqlitePool) -> SqlitePool {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), fresh)
    }
}
