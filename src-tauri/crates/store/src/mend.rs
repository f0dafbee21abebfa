//! A file that was found damaged while the store is open is exchanged for a sound one, under the feet of its readers
//! (F40): the cache for an empty one, the decisions for what could be salvaged.

use crate::incidents::{self, Incident, Kind};
use crate::open::{open_cache, open_decisions};
use crate::outbox::Scope;
use crate::{File, Store, StoreError, files, place, salvage};
use chrono::{DateTime, Utc};

impl Store {
    /// Mends what [`crate::Condition::damaged`] names, if anything; what was done about it.
    pub async fn mend(&self) -> Result<Option<Incident>, StoreError> {
        let damaged = self.condition.borrow().damaged;
        let incident = match damaged {
            None => return Ok(None),
            Some(File::Cache) => self.mend_cache().await?,
            Some(File::Decisions) => self.mend_decisions().await?,
        };
        self.change(|condition| condition.damaged = None);
        self.note(incident.clone()).await?;
        Ok(Some(incident))
    }

    /// Writes an incident down.
    pub(crate) async fn note(&self, incident: Incident) -> Result<(), StoreError> {
        incidents::note(&mut *self.writable()?.acquire().await?, &incident).await?;
        self.change(|condition| condition.incidents += 1);
        Ok(())
    }

    /// Walks the chain of receipts; a bad one is written down as an incident, once.
    pub async fn check_receipts(&self) -> Result<Option<Incident>, StoreError> {
        let Err(bad) = self.reader().verify().await? else { return Ok(None) };
        let incident = Incident {
            at: self.clock.now(),
            kind: Kind::ReceiptsBroken,
            subject: bad.to_string(),
            sentence: format!(
                "The chain of receipts does not hold: {bad}. What was decided up to there is proved, what follows is not. Compare it with an export."
            ),
        };
        self.note(incident.clone()).await?;
        Ok(Some(incident))
    }

    async fn mend_cache(&self) -> Result<Incident, StoreError> {
        self.writable_cache()?.close().await;
        self.reader().cache.pool().close().await;
        let now = self.clock.now();
        let aside = place::set_aside(&self.dir, place::CACHE, now)?;
        place::prepare(&self.dir)?;
        self.cache.exchange(open_cache(&self.dir).await?);
        self.reader().cache.exchange(files::readers(&self.dir.join(place::CACHE)).await?);
        Ok(rebuilt(&aside, now))
    }

    async fn mend_decisions(&self) -> Result<Incident, StoreError> {
        self.writable()?.close().await;
        self.reader().decisions.pool().close().await;
        let now = self.clock.now();
        let why = sqlx::Error::Protocol("a page could not be read".to_owned());
        let salvaged = salvage::run(&self.dir, &self.keys, now, &why).await?;
        self.decisions.exchange(open_decisions(&self.dir).await?);
        self.reader().decisions.exchange(files::readers(&self.dir.join(place::DECISIONS)).await?);
        self.attest(Scope::Open).await?;
        self.data_version.store(0, std::sync::atomic::Ordering::Relaxed);
        Ok(salvaged.incident(now))
    }
}

/// What is told of a cache that was begun anew.
pub(crate) fn rebuilt(aside: &str, at: DateTime<Utc>) -> Incident {
    Incident {
        at,
        kind: Kind::CacheRebuilt,
        subject: aside.to_owned(),
        sentence: format!(
            "cache.db was damaged. It was kept as {aside} and begun anew: open requests come again from the gateway, older events may be missing from the history. Decisions and receipts are in another file and were not touched."
        ),
    }
}
