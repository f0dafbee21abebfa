//! Error mappings: an error and the actions that help, in order.

use super::actions::note;
use crate::core::Core;
use crate::db::mappings;
use crate::fault::Fault;
use crate::ledger::Place;
use domain::registry::ErrorMapping;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Longest error name in bytes: it stands in a path.
const ERROR_BYTES: usize = 2_000;

/// What happens to the mappings that are not in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    Stay,
    /// The list replaces everything.
    Go,
}

/// Writes the mappings, each replacing the one of its error; all or none. Tells how many were there before and went.
pub(crate) async fn put(
    app: &Core,
    place: Place<'_>,
    list: &[ErrorMapping],
    others: Others,
) -> Result<u64, Fault> {
    let violations: Vec<Value> = list.iter().enumerate().filter_map(|(at, m)| violation(at, m)).collect();
    if !violations.is_empty() {
        return Err(
            Fault::invalid("A mapping is not valid; nothing was changed.").with("violations", violations)
        );
    }
    let mut write = app.write().await?;
    let gone = match others {
        Others::Stay => 0,
        Others::Go => mappings::clear(write.conn(), &place.workflow.id).await?,
    };
    for mapping in list {
        mappings::put(write.conn(), &place.workflow.id, mapping).await?;
    }
    let word = if others == Others::Go { "mappings_replaced" } else { "mappings_put" };
    write.audit(note(place, word, &place.workflow.id, json!({"mappings": list}))).await?;
    write.commit().await?;
    Ok(gone)
}

/// Deletes one.
pub(crate) async fn delete(app: &Core, place: Place<'_>, error: &str) -> Result<(), Fault> {
    let mut write = app.write().await?;
    if !mappings::delete(write.conn(), &place.workflow.id, error).await? {
        return Err(missing(error));
    }
    write.audit(note(place, "mapping_deleted", error, json!({}))).await?;
    write.commit().await?;
    Ok(())
}

/// The contract's sentence.
pub(crate) fn missing(error: &str) -> Fault {
    let mut fault = Fault::not_found("mapping", error);
    fault.problem.detail = format!("No mapping found for error: {error}");
    fault
}

fn violation(at: usize, mapping: &ErrorMapping) -> Option<Value> {
    let found =
        |field: &str, message: String| Some(json!({"field": format!("{at}.{field}"), "message": message}));
    if mapping.error.trim().is_empty() || mapping.error.len() > ERROR_BYTES {
        return found("error", format!("must be a text of 1 to {ERROR_BYTES} bytes"));
    }
    if mapping.actions.is_empty() {
        return found("actions", "must name at least one action".to_owned());
    }
    let mut seen = BTreeSet::new();
    let twice = mapping.actions.iter().find(|id| !seen.insert(*id));
    // Decisions, results and the digest go by action id within a request.
    twice.and_then(|id| found("actions", format!("names \"{id}\" twice")))
}
