//! OpenAPI discovery: a service's own document becomes entries of the registry.

use super::actions::{Change, put_in};
use crate::core::Core;
use crate::db::actions;
use crate::executor::outward::acceptable;
use crate::fault::Fault;
use crate::ledger::Place;
use crate::openapi::{self, Discovery};
use domain::RemediationAction;
use futures_util::StreamExt;
use protocol::problem::Slug;
use protocol::rest::{DiscoverSwagger, DiscoveryResponse};
use serde_json::{Map, Value, json};
use std::time::Duration;
use url::Url;

/// Longest document in bytes.
pub(crate) const DOCUMENT_BYTES: usize = 8 * 1024 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registering {
    Yes,
    /// `?preview=true`.
    No,
}

/// Reads the document and registers what it describes.
pub(crate) async fn discover(
    app: &Core,
    place: Place<'_>,
    ask: DiscoverSwagger,
    registering: Registering,
) -> Result<DiscoveryResponse, Fault> {
    if ask.service_name.trim().is_empty() {
        return Err(Fault::invalid(
            "service_name must not be empty: it is what a high-risk decision asks to type.",
        ));
    }
    let (document, base) = document(app, &ask).await?;
    let found = openapi::discover(&document, &ask.service_name, base.as_ref())
        .map_err(|error| Fault::invalid(error.to_string()))?;
    let given = ask.secrets.unwrap_or_default();
    let missing = missing_secrets(app, &place.workflow.id, &found, &given);
    let (actions, summary) = match registering {
        Registering::No => (found.actions, json!({"preview": true})),
        Registering::Yes => register(app, place, found, &given).await?,
    };
    Ok(DiscoveryResponse {
        status: if missing.is_empty() { "completed" } else { "pending_secrets" }.to_owned(),
        actions_discovered: actions.len() as u64,
        actions,
        registered: registering == Registering::Yes,
        summary,
        secrets_required: Some(missing),
        extra: Map::new(),
    })
}

async fn register(
    app: &Core,
    place: Place<'_>,
    found: Discovery,
    given: &Map<String, Value>,
) -> Result<(Vec<RemediationAction>, Value), Fault> {
    let mut write = app.write().await?;
    let (mut entries, mut added, mut edited, mut unchanged) = (Vec::new(), 0, 0, 0);
    for mut action in found.actions {
        let known = actions::one(write.conn(), &place.workflow.id, action.action_id.as_str()).await?;
        // Someone's check of an entry holds as long as the entry says the same.
        if let Some(known) = known {
            action.version = known.version;
            let checked = RemediationAction { validated: known.validated, ..action.clone() };
            if checked == known {
                action = checked;
            }
        }
        let (entry, change) = put_in(&mut write, place, action).await?;
        match change {
            Change::Added => added += 1,
            Change::Edited => edited += 1,
            Change::None => unchanged += 1,
        }
        entries.push(entry);
    }
    write.commit().await?;
    for (name, value) in given {
        if let Some(value) = value.as_str() {
            app.vault.put(&place.workflow.id, name, value.to_owned());
        }
    }
    Ok((entries, json!({"added": added, "edited": edited, "unchanged": unchanged})))
}

fn missing_secrets(app: &Core, pipeline: &str, found: &Discovery, given: &Map<String, Value>) -> Vec<String> {
    let known = |name: &str| {
        given.get(name).is_some_and(Value::is_string) || app.vault.value(pipeline, name).is_some()
    };
    found.secrets_required.iter().filter(|name| !known(name)).cloned().collect()
}

async fn document(app: &Core, ask: &DiscoverSwagger) -> Result<(Value, Option<Url>), Fault> {
    match (&ask.swagger_doc, &ask.swagger_url) {
        (Some(Value::String(text)), None) => Ok((parse(text.as_bytes())?, None)),
        (Some(document), None) => Ok((document.clone(), None)),
        (None, Some(address)) => {
            let url = acceptable(address).map_err(|why| Fault::invalid(format!("swagger_url: {why}.")))?;
            Ok((fetch(app, url.clone()).await?, Some(url)))
        }
        _ => Err(Fault::invalid("Send either swagger_url or swagger_doc.")),
    }
}

async fn fetch(app: &Core, url: Url) -> Result<Value, Fault> {
    let unreachable = |why: String| {
        Fault::new(Slug::UpstreamUnreachable, format!("The document could not be fetched: {why}."))
    };
    let response = app.outward.get(url).timeout(FETCH_TIMEOUT).send().await;
    let response = response.map_err(|error| unreachable(error.without_url().to_string()))?;
    if !response.status().is_success() {
        return Err(unreachable(format!("the service answered {}", response.status())));
    }
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| unreachable(error.without_url().to_string()))?);
        if bytes.len() > DOCUMENT_BYTES {
            return Err(unreachable(format!("it is longer than {DOCUMENT_BYTES} bytes")));
        }
    }
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(bytes)
        .map_err(|error| Fault::invalid(format!("The document is not JSON: {error}.")))
}
