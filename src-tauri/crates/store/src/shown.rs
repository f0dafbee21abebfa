//! Decided requests as they were shown, redacted, and the words by which a decision is found again.

use crate::outbox::{NewDecision, Row};
use crate::redacted::{Redacted, from_json};
use crate::{Reader, StoreError};
use domain::digest::hash_canonical;
use domain::redact::Hole;
use domain::{Approval, DecisionId, Verdict};
use serde_json::Value;
use sqlx::SqliteConnection;

/// A request as it was shown when it was decided. Its digest does not follow from it any more: secrets are out.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The request, redacted.
    pub approval: Approval,
    /// Where secrets stood.
    pub holes: Vec<Hole>,
    /// The target's name, where it had to be typed.
    pub typed: Option<String>,
}

impl Reader {
    /// What was shown for a decision.
    pub async fn shown(&self, decision: DecisionId) -> Result<Option<Shown>, StoreError> {
        let row: Option<(String, String, Option<String>)> =
            sqlx::query_as("SELECT approval, holes, typed FROM shown WHERE decision = ?1")
                .bind(decision.to_string())
                .fetch_optional(&self.decisions.pool())
                .await?;
        let Some((approval, holes, typed)) = row else { return Ok(None) };
        let approval = from_json(&approval, "request as shown", decision)?;
        Ok(Some(Shown { approval, holes: from_json(&holes, "holes", decision)?, typed }))
    }
}

/// Keeps what was shown. `verdict` and `approval` are redacted already.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    new: &NewDecision,
    verdict: &Verdict,
    approval: &Redacted,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO shown (decision, approval, error_message, holes, typed, words)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(new.decision.to_string())
    .bind(approval.json())
    .bind(approval.value["error_message"].as_str().unwrap_or_default())
    .bind(approval.holes_json())
    .bind(&new.typed)
    .bind(words(new, verdict, &approval.value))
    .execute(conn)
    .await?;
    Ok(())
}

/// The hash that the *decided* receipt carries over all that is kept of what was shown.
pub(crate) fn record(approval: &str, holes: &str, typed: Option<&str>) -> String {
    hash_canonical(&serde_json::json!([approval, holes, typed]))
}

/// The same hash over what is kept now. `None` if nothing is; `Some(None)` if what is kept contradicts itself.
pub(crate) async fn kept_record(
    conn: &mut SqliteConnection,
    decision: &str,
) -> Result<Option<Option<String>>, StoreError> {
    let row: Option<(String, String, String, Option<String>)> =
        sqlx::query_as("SELECT approval, error_message, holes, typed FROM shown WHERE decision = ?1")
            .bind(decision)
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(approval, error_message, holes, typed)| {
        let value: Value = serde_json::from_str(&approval).ok()?;
        let same = value["error_message"].as_str().unwrap_or_default() == error_message;
        same.then(|| record(&approval, &holes, typed.as_deref()))
    }))
}

/// Writes the decision's words anew, with what is known of its outcome.
pub(crate) async fn index(conn: &mut SqliteConnection, row: &Row) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO decision_fts (rowid, body)
         SELECT o.row, concat_ws(char(10), s.words, o.state, o.detail, o.status, o.superseded, o.results)
         FROM outbox o JOIN shown s USING (decision) WHERE o.row = ?1",
    )
    .bind(row.row)
    .execute(conn)
    .await?;
    Ok(())
}

/// What a person may remember of a decision: the error, the ids, the services, who, what and why.
fn words(new: &NewDecision, verdict: &Verdict, approval: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut words: Vec<String> =
        ["error_message", "matched_error", "description"].map(|name| text(approval, name)).into();
    words.extend([
        new.key.request.to_string(),
        new.pipeline.to_string(),
        verdict.word().to_owned(),
        new.identity.clone(),
        verdict.reason().unwrap_or_default().to_owned(),
    ]);
    for action in approval["actions"].as_array().into_iter().flatten() {
        words.extend([text(action, "action_id"), text(action, "service")]);
    }
    for id in approval["action_ids"].as_array().into_iter().flatten() {
        words.extend(id.as_str().map(str::to_owned));
    }
    words.retain(|word| !word.is_empty());
    words.join("\n")
}
