//! Authentication, the cross-site check of cookies (A16) and the rate limit, in that order, before any handler.

use super::{cookies, origin};
use crate::auth::caller::{Caller, Via};
use crate::auth::session;
use crate::core::App;
use crate::fault::Fault;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::problem::Slug;

/// Lets a recognised caller through.
pub(super) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match admit(&app, request.method(), request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(fault) => fault.into_response(),
    }
}

async fn admit(app: &App, method: &Method, headers: &HeaderMap) -> Result<Caller, Fault> {
    let (token, via) = token(headers).ok_or_else(|| Fault::unauthorized("Sign in first."))?;
    let caller = session::recognise(app, token).await?;
    if via == Via::Cookie && !method.is_safe() {
        origin::check_change(headers)?;
    }
    app.limit.take(&caller.user_id, app.config.clock.boot_ms()).map_err(|wait_s| {
        Fault::new(Slug::RateLimited, format!("Too many requests. Try again in {wait_s} s."))
            .at("budget")
            .retry_after(wait_s)
    })?;
    Ok(caller)
}

/// A Bearer header wins over a cookie: it was sent on purpose.
fn token(headers: &HeaderMap) -> Option<(&str, Via)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then_some((token.trim(), Via::Bearer));
    }
    cookies::read(headers, cookies::ACCESS).map(|token| (token, Via::Cookie))
}

/// The caller that was let through.
impl FromRequestParts<App> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Fault> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| Fault::unauthorized("Sign in first."))
    }
}
