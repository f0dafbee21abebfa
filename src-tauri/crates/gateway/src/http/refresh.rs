//! `POST /auth/refresh`: the refresh token, from the body or the cookie, for its successor and a new access token.

use super::{cookies, login, origin};
use crate::auth::session;
use crate::core::App;
use crate::fault::Fault;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use protocol::rest::RefreshRequest;

pub(super) async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    origin::check_not_foreign(&headers)?;
    if let Ok(sent) = serde_json::from_slice::<RefreshRequest>(&body) {
        // Whoever keeps the token himself gets the next one the same way.
        return Ok(Json(session::renew(&app, &sent.refresh_token).await?).into_response());
    }
    let token = cookies::read(&headers, cookies::REFRESH)
        .ok_or_else(|| Fault::unauthorized("There is no refresh token. Sign in again."))?;
    let tokens = session::renew(&app, token).await?;
    Ok(login::answer(&app, &headers, tokens))
}
