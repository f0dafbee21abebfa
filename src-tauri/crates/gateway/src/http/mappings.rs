//! `/action/{p}/error-registry/mappings`: errors and the actions that help.
//!
//! An error's name may hold any character, so what follows `mappings/` is read from the raw path: `local` is the route,
//! `%6Cocal` the mapping of that name.

use super::extract::{Asked, Pipeline, Sent};
use crate::auth::rights::Act;
use crate::core::App;
use crate::db::mappings as rows;
use crate::fault::Fault;
use crate::matching;
use crate::registry::mappings::{self, Others};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use domain::Confidence;
use domain::registry::ErrorMapping;
use percent_encoding::percent_decode_str;
use protocol::rest::MatchAnswer;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Ask {
    text: Option<String>,
}

/// A list, bare or as a member.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Many {
    Bare(Vec<ErrorMapping>),
    Wrapped { mappings: Vec<ErrorMapping> },
}

pub(super) async fn list(
    State(app): State<App>,
    pipeline: Pipeline,
) -> Result<Json<Vec<ErrorMapping>>, Fault> {
    Ok(Json(all(&app, &pipeline).await?))
}

pub(super) async fn add(
    State(app): State<App>,
    pipeline: Pipeline,
    sent: Sent<ErrorMapping>,
) -> Result<(StatusCode, Json<ErrorMapping>), Fault> {
    let place = pipeline.permit(Act::Edit)?;
    mappings::put(&app, place, std::slice::from_ref(&sent.value), Others::Stay).await?;
    Ok((StatusCode::CREATED, Json(sent.value)))
}

/// `local`, `match?text=`, or one mapping.
pub(super) async fn get_below(
    State(app): State<App>,
    uri: Uri,
    pipeline: Pipeline,
    Asked(ask): Asked<Ask>,
) -> Result<Json<Value>, Fault> {
    match raw_rest(&uri) {
        "local" => {
            let as_of = app.config.clock.now();
            Ok(Json(json!({"mappings": all(&app, &pipeline).await?, "as_of": as_of})))
        }
        "match" => {
            let text = ask.text.ok_or_else(|| Fault::invalid("Say what to match: ?text=..."))?;
            Ok(Json(json!(explained(&text, &all(&app, &pipeline).await?))))
        }
        rest => {
            let error = decoded(rest)?;
            let found = rows::one(&mut *app.db.read.acquire().await?, &pipeline.workflow.id, &error).await?;
            found.map(|mapping| Json(json!(mapping))).ok_or_else(|| mappings::missing(&error))
        }
    }
}

/// `bulk` adds, `sync` replaces everything; both all or nothing.
pub(super) async fn post_below(
    State(app): State<App>,
    uri: Uri,
    pipeline: Pipeline,
    sent: Sent<Many>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let place = pipeline.permit(Act::Edit)?;
    let (others, status) = match raw_rest(&uri) {
        "bulk" => (Others::Stay, StatusCode::CREATED),
        "sync" => (Others::Go, StatusCode::OK),
        _ => {
            return Err(Fault::invalid("Mappings are added at /mappings, /mappings/bulk or /mappings/sync.")
                .status(405));
        }
    };
    let (Many::Bare(list) | Many::Wrapped { mappings: list }) = sent.value;
    let replaced = mappings::put(&app, place, &list, others).await?;
    let body = json!({"status": "success", "count": list.len(), "replaced": replaced, "mappings": list});
    Ok((status, Json(body)))
}

pub(super) async fn delete(
    State(app): State<App>,
    uri: Uri,
    pipeline: Pipeline,
) -> Result<Json<Value>, Fault> {
    let place = pipeline.permit(Act::Edit)?;
    let error = decoded(raw_rest(&uri))?;
    mappings::delete(&app, place, &error).await?;
    Ok(Json(json!({"status": "success", "error": error})))
}

async fn all(app: &App, pipeline: &Pipeline) -> Result<Vec<ErrorMapping>, Fault> {
    Ok(rows::all(&mut *app.db.read.acquire().await?, &pipeline.workflow.id).await?)
}

fn explained(text: &str, known: &[ErrorMapping]) -> MatchAnswer {
    let near = matching::explain(text, known).into_iter().next();
    MatchAnswer {
        mapping: near.as_ref().map(|near| near.mapping.clone()),
        distance: near.as_ref().map(|near| near.distance),
        confidence: near.as_ref().map(|near| Confidence::of(near.distance)),
        matched_words: near.map(|near| near.matched_words).unwrap_or_default(),
    }
}

/// What follows `/action/{p}/error-registry/mappings/`, as it was sent. The pipeline's segment is encoded, so the first
/// occurrence is the route's own.
fn raw_rest(uri: &Uri) -> &str {
    uri.path().split_once("/error-registry/mappings/").map_or("", |(_, rest)| rest)
}

fn decoded(raw: &str) -> Result<String, Fault> {
    let text = percent_decode_str(raw).decode_utf8();
    text.map(String::from).map_err(|_| Fault::invalid("The error's name in the path is not UTF-8."))
}
