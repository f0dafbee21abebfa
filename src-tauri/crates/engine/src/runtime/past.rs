//! Answers from disk alone: they need no gateway and are the same offline.

use super::fetch::from_cache;
use crate::command::{Answer, Code, Dated, Query, Refused};
use crate::failure::store_refused;
use crate::history::{MOST_ENTRIES, Receipts};
use domain::receipt::Head;
use domain::{Approval, DecisionId};
use store::{Reader, Store, StoreError};

/// Answers a query about the past.
pub(crate) async fn answer(store: &Store, query: Query) -> Result<Answer, Refused> {
    let reader = store.reader();
    let answer = match query {
        Query::History { query, limit } => {
            let found = reader.search(&query, limit.min(MOST_ENTRIES)).await;
            found.map(|found| Answer::History(found.into_iter().map(Into::into).collect()))
        }
        Query::Shown { decision } => shown(reader, decision).await.map(Answer::Shown),
        Query::Receipts => receipts(reader).await.map(Answer::Receipts),
        Query::Decision { decision } => reader
            .decision(decision)
            .await
            .map(|row| Answer::Decision(row.map(|row| Box::new(crate::view::DecisionView::of_row(row))))),
        Query::Exported { seq, hash } => {
            store.remember_export(&Head { seq, hash }).await.map(|()| Answer::Done)
        }
        Query::View
        | Query::Pending { .. }
        | Query::Show { .. }
        | Query::SincePrinted { .. }
        | Query::Pipelines { .. }
        | Query::Actions { .. }
        | Query::Mappings { .. } => {
            return Err(Refused::new(Code::Usage, "This question is not one about the past."));
        }
    };
    match answer {
        Ok(answer) => Ok(answer),
        Err(error) => {
            store.suspect(&error).await;
            Err(store_refused(&error))
        }
    }
}

/// Answers a query about a gateway's requests from the cache alone, where no gateway may be asked.
pub(crate) async fn cached(reader: &Reader, query: Query, why: Refused) -> Result<Answer, Refused> {
    let refused = |error: StoreError| store_refused(&error);
    match query {
        Query::Pending { gateway } => {
            let read = reader.open_read_at(gateway).await.map_err(refused)?;
            let open = reader.open_approvals(gateway).await.map_err(refused)?;
            let as_of = read.or(open.iter().map(|one| one.as_of).min()).ok_or_else(|| why.clone())?;
            let value = open.into_iter().map(|one| one.approval).collect();
            Ok(Answer::Approvals(Dated { value, as_of, source: from_cache(&why) }))
        }
        Query::Show { key, .. } => {
            let one = reader.approval(&key).await.map_err(refused)?.ok_or_else(|| why.clone())?;
            let value = Approval { digest: Some(one.digest), ..one.approval };
            let dated = Dated { value, as_of: one.as_of, source: from_cache(&why) };
            Ok(Answer::Approval(Some(Box::new(dated))))
        }
        _ => Err(why),
    }
}

/// The digest that was shown is put in: that of the redacted text would be another.
async fn shown(reader: &Reader, decision: DecisionId) -> Result<Option<Box<Approval>>, StoreError> {
    let (Some(shown), Some(row)) = (reader.shown(decision).await?, reader.decision(decision).await?) else {
        return Ok(None);
    };
    Ok(Some(Box::new(Approval { digest: Some(row.digest), ..shown.approval })))
}

async fn receipts(reader: &Reader) -> Result<Receipts, StoreError> {
    let walked = reader.verify().await?;
    Ok(Receipts::of(walked, reader.head().await?))
}
