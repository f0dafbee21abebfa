//! A pool of slots held by real requests. Owns who holds what; knows nothing of HTTP.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A fixed number of slots under a name.
pub struct Pool {
    name: String,
    slots: usize,
    holders: Mutex<Holders>,
    look: watch::Sender<Look>,
}

#[derive(Default)]
struct Holders {
    next: u64,
    tokens: BTreeMap<u64, CancellationToken>,
}

/// The pool in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Look {
    /// All there are.
    pub slots: usize,
    /// Taken.
    pub held: usize,
    /// Not taken.
    pub free: usize,
    /// Requests refused since a slot was last free.
    pub refused: u64,
    /// Restarts that were asked for.
    pub restarts: u64,
}

impl Look {
    /// Dry, and somebody has noticed.
    pub fn is_failing(&self) -> bool {
        self.free == 0 && self.refused > 0
    }
}

/// No slot is free.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PoolExhausted: all {slots} slots of {name} are held")]
pub struct Exhausted {
    /// The pool.
    pub name: String,
    /// Its size.
    pub slots: usize,
}

/// One slot, held until dropped or cut off by a restart.
pub struct Slot {
    pool: Arc<Pool>,
    id: u64,
    cut_off: CancellationToken,
}

impl Pool {
    /// An empty pool, with nothing held.
    pub fn new(name: &str, slots: usize) -> Arc<Self> {
        let look = Look { slots, free: slots, ..Look::default() };
        Arc::new(Self {
            name: name.to_owned(),
            slots,
            holders: Mutex::default(),
            look: watch::Sender::new(look),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The numbers now, and whenever they change.
    pub fn watch(&self) -> watch::Receiver<Look> {
        self.look.subscribe()
    }

    /// The numbers now.
    pub fn look(&self) -> Look {
        *self.look.borrow()
    }

    /// What a request is told when no slot is free.
    pub fn exhausted(&self) -> Exhausted {
        Exhausted { name: self.name.clone(), slots: self.slots }
    }

    /// Takes a slot.
    ///
    /// # Errors
    /// When all are held; nobody waits in line.
    pub fn take(self: &Arc<Self>) -> Result<Slot, Exhausted> {
        let mut holders = self.lock();
        if holders.tokens.len() >= self.slots {
            self.look.send_modify(|look| look.refused += 1);
            return Err(self.exhausted());
        }
        let cut_off = CancellationToken::new();
        let id = holders.next;
        holders.next += 1;
        holders.tokens.insert(id, cut_off.clone());
        self.publish(&holders);
        drop(holders);
        Ok(Slot { pool: Arc::clone(self), id, cut_off })
    }

    /// Cuts all holders off and frees their slots. Returns how many there were.
    pub fn restart(&self) -> usize {
        let mut holders = self.lock();
        let cut_off = std::mem::take(&mut holders.tokens);
        cut_off.values().for_each(CancellationToken::cancel);
        self.look.send_modify(|look| look.restarts += 1);
        self.publish(&holders);
        cut_off.len()
    }

    /// Counts a restart that was asked for and does nothing: the sabotage. Returns how many slots are held.
    pub fn pretend_restart(&self) -> usize {
        let holders = self.lock();
        self.look.send_modify(|look| look.restarts += 1);
        holders.tokens.len()
    }

    fn publish(&self, holders: &Holders) {
        let held = holders.tokens.len();
        self.look.send_modify(|look| {
            look.held = held;
            look.free = self.slots - held;
            if look.free > 0 {
                look.refused = 0;
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Holders> {
        // Each critical section leaves the map whole, also if a panic cut it short.
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Comes back when a restart took the slot away.
    pub async fn cut_off(&self) {
        self.cut_off.cancelled().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut holders = self.pool.lock();
        if holders.tokens.remove(&self.id).is_some() {
            self.pool.publish(&holders);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_restart_cuts_the_holders_off_and_frees_every_slot_once() {
        let pool = Pool::new("p", 2);
        let (first, second) = (pool.take().expect("free"), pool.take().expect("free"));
        assert_eq!(pool.take().err().expect("dry").to_string(), "PoolExhausted: all 2 slots of p are held");
        assert!(pool.look().is_failing());
        assert_eq!(pool.restart(), 2);
        first.cut_off().await;
        second.cut_off().await;
        let again = pool.take().expect("free");
        drop((first, second));
        assert_eq!(pool.look(), Look { slots: 2, held: 1, free: 1, refused: 0, restarts: 1 });
        drop(again);
        assert_eq!(pool.look().free, 2);
    }

    #[test]
    fn a_pool_that_is_full_but_refused_nobody_is_not_failing() {
        let pool = Pool::new("p", 1);
        let slot = pool.take().expect("free");
        assert!(!pool.look().is_failing());
        drop(slot);
        assert_eq!(pool.look().free, 1);
    }
}
