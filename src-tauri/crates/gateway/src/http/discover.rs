//! `POST /agentic/{p}/runbook/discover/swagger`: actions from a service's OpenAPI document.

use super::extract::{Asked, Pipeline, Sent};
use crate::auth::rights::Act;
use crate::core::App;
use crate::fault::Fault;
use crate::registry::discover::{self, Registering};
use axum::Json;
use axum::extract::State;
use protocol::rest::{DiscoverSwagger, DiscoveryResponse};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    preview: bool,
}

pub(super) async fn swagger(
    State(app): State<App>,
    pipeline: Pipeline,
    Asked(ask): Asked<Ask>,
    sent: Sent<DiscoverSwagger>,
) -> Result<Json<DiscoveryResponse>, Fault> {
    let place = pipeline.permit(Act::Edit)?;
    let registering = if ask.preview { Registering::No } else { Registering::Yes };
    Ok(Json(discover::discover(&app, place, sent.value, registering).await?))
}
