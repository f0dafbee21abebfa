//! `POST /auth/login`: a form with address and password, for cookies or, to a native client, tokens in the body.

use super::{cookies, origin};
use crate::auth::session;
use crate::core::App;
use crate::fault::Fault;
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use protocol::rest::{CLIENT_HEADER, Tokens};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub(super) struct Credentials {
    username: String,
    password: String,
}

pub(super) async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    form: Result<Form<Credentials>, FormRejection>,
) -> Result<Response, Fault> {
    origin::check_not_foreign(&headers)?;
    let Form(sent) = form.map_err(|rejection| {
        let said = "Send username and password as application/x-www-form-urlencoded.";
        Fault::invalid(said).status(rejection.status().as_u16())
    })?;
    let tokens = session::sign_in(&app, &sent.username, &sent.password).await?;
    Ok(answer(&app, &headers, tokens))
}

/// Tokens in the body of a native client's answer, in cookies for everyone else.
pub(super) fn answer(app: &App, headers: &HeaderMap, tokens: Tokens) -> Response {
    if wants_tokens(headers) {
        return no_store(Json(tokens).into_response());
    }
    let body = json!({"status": "success", "token_type": "cookie", "expires_in": tokens.expires_in,
        "user": tokens.user});
    let mut response = no_store(Json(body).into_response());
    let out = response.headers_mut();
    cookies::set(out, cookies::ACCESS, &tokens.access_token, app.config.access_ttl_s);
    cookies::set(out, cookies::REFRESH, &tokens.refresh_token, app.config.refresh_ttl_s);
    response
}

fn wants_tokens(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    headers.contains_key(CLIENT_HEADER) && accepts.is_some_and(|a| a.contains("application/json"))
}

fn no_store(mut response: Response) -> Response {
    let value = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
