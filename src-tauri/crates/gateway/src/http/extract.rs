//! What a handler is given: a JSON body with its violations told, and a pipeline the caller may see.

use super::origin::is_json;
use crate::auth::caller::Caller;
use crate::auth::rights::{Act, Standing, may};
use crate::core::App;
use crate::db::workflows::{self, WorkflowRow};
use crate::fault::Fault;
use crate::ledger::Place;
use crate::registry::workflows::standing;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use protocol::problem::Slug;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A JSON body, read; and as it came, for the idempotency fingerprint.
pub(super) struct Sent<T> {
    pub(super) value: T,
    pub(super) raw: Value,
}

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let typed = request.headers().get(header::CONTENT_TYPE).and_then(|t| t.to_str().ok());
        if !typed.is_some_and(is_json) {
            return Err(Fault::invalid("The body must be sent as application/json.").status(415));
        }
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| {
            let status = rejection.status().as_u16();
            let said = if status == 413 { "The body is too long." } else { "The body could not be read." };
            Fault::invalid(said).status(status)
        })?;
        let raw: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Fault::invalid(format!("The body is not JSON: {error}.")))?;
        Ok(Self { value: read(raw.clone())?, raw })
    }
}

/// Reads a JSON value as `T`; what is wrong with it is told as a violation.
pub(super) fn read<T: DeserializeOwned>(raw: Value) -> Result<T, Fault> {
    serde_json::from_value(raw).map_err(|error| {
        Fault::invalid(format!("The body does not have the expected form: {error}."))
            .with("violations", json!([{"field": "", "message": error.to_string()}]))
    })
}

/// The query string, read.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let query = Query::<T>::from_request_parts(parts, app).await;
        let Query(asked) =
            query.map_err(|error| Fault::invalid(format!("The query: {}.", error.body_text())))?;
        Ok(Self(asked))
    }
}

/// A pipeline of the path that the caller may see. One he may not see does not exist for him (A20).
pub(super) struct Pipeline {
    pub(super) caller: Caller,
    pub(super) workflow: WorkflowRow,
    standing: Standing,
    segments: HashMap<String, String>,
}

impl FromRequestParts<App> for Pipeline {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let segments = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
        let Path(segments) = segments.map_err(|_| Fault::new(Slug::NotFound, "The path cannot be read."))?;
        let id = segments.get("p").map(String::as_str).unwrap_or_default();
        let workflow = workflows::one(&mut *app.db.read.acquire().await?, id).await?;
        let seen = workflow.and_then(|w| standing(&caller, &w).map(|standing| (w, standing)));
        let (workflow, standing) = seen.ok_or_else(|| Fault::not_found("pipeline", id))?;
        Ok(Self { caller, workflow, standing, segments })
    }
}

impl Pipeline {
    /// Refuses an act that role and standing do not allow.
    pub(super) fn permit(&self, act: Act) -> Result<Place<'_>, Fault> {
        if may(self.caller.role, self.standing, act) {
            return Ok(self.place());
        }
        let said = match act {
            Act::Decide => "You may read this pipeline but not decide in it.",
            Act::Edit => "You may read this pipeline but not change it.",
            Act::Raise => "You may read this pipeline but not report errors to it.",
            Act::Withdraw => "You may read this pipeline but not withdraw its requests.",
        };
        Err(Fault::not_allowed(said))
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place { caller: &self.caller, workflow: &self.workflow }
    }

    /// A named segment of the path, percent-decoded.
    pub(super) fn segment(&self, name: &str) -> &str {
        self.segments.get(name).map(String::as_str).unwrap_or_default()
    }
}
