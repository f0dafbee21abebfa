//! `POST /auth/logout`: ends the session with all its tokens and sockets.

use super::cookies;
use crate::auth::caller::Caller;
use crate::auth::session;
use crate::core::App;
use crate::fault::Fault;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub(super) async fn logout(State(app): State<App>, caller: Caller) -> Result<Response, Fault> {
    session::end(&app, &caller.session_id, &caller.email).await?;
    let mut response = Json(json!({"status": "success"})).into_response();
    cookies::set(response.headers_mut(), cookies::ACCESS, "", 0);
    cookies::set(response.headers_mut(), cookies::REFRESH, "", 0);
    Ok(response)
}
