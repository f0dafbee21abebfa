//! Answers from disk alone: they need no gateway and are the same offline.

use crate::command::{Answer, Code, Query, Refused};
use crate::failure::store_refused;
use crate::history::{MOST_ENTRIES, Receipts};
use domain::{Approval, DecisionId};
use store::{Reader, StoreError};

/// Answers a query about the past.
pub(crate) async fn answer(reader: &Reader, query: Query) -> Result<Answer, Refused> {
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
    answer.map_err(|error| store_refused(&error))
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
