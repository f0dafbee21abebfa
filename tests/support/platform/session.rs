//! Sign-in: form login, cookies and nothing but cookies (CONTRACT 3, Session).

use super::refuse::{self, Refused};
use super::world::{State as Known, User, World};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

/// Seconds an access cookie is kept.
const ACCESS_S: u32 = 3_600;
/// Seconds a refresh cookie is kept.
const REFRESH_S: u32 = 30 * 24 * 3_600;

/// The user behind the access cookie. An `Authorization` header is not looked at.
#[derive(Clone, Debug)]
pub(super) struct SignedIn(pub(super) User);

impl FromRequestParts<Arc<World>> for SignedIn {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, Refused> {
        world.with(|state| of(state, &parts.headers)).map(SignedIn).map_err(|why| {
            let detail = why.sentence();
            refuse::plain(StatusCode::UNAUTHORIZED, detail)
        })
    }
}

/// Why someone is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    NoCookie,
    BadCookie,
}

impl Why {
    /// The platform's words, on the socket too.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Why::NoCookie => "Not authenticated",
            Why::BadCookie => "Invalid token",
        }
    }
}

/// Who sends these headers.
pub(super) fn of(state: &Known, headers: &HeaderMap) -> Result<User, Why> {
    let token = cookie(headers, "access_token").ok_or(Why::NoCookie)?;
    state.access.get(&token).cloned().ok_or(Why::BadCookie)
}

/// `POST /auth/login`.
pub(super) async fn login(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(&body);
        pairs
            .find(|(key, value)| form && key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    };
    let (name, password) = (field("username"), field("password"));
    let (Some(name), Some(password)) = (&name, &password) else {
        let absent = [("username", name.is_none()), ("password", password.is_none())];
        let absent: Vec<&str> = absent.iter().filter(|(_, gone)| *gone).map(|(name, _)| *name).collect();
        return refuse::missing(&absent).into_response();
    };
    world.with(|state| {
        let user = state.users.iter().find(|user| &user.email == name && &user.password == password).cloned();
        let Some(user) = user else {
            return refuse::plain(StatusCode::UNAUTHORIZED, "Invalid credentials").into_response();
        };
        let access = access_cookie(state, &user);
        let token = format!("rt-{}", state.hex(32));
        state.issued.push(token.clone());
        state.refresh.insert(token.clone(), user);
        let refresh = set_cookie("refresh_token", &token, REFRESH_S);
        let cookies = AppendHeaders([(header::SET_COOKIE, access), (header::SET_COOKIE, refresh)]);
        (cookies, Json(json!({"message": "Signed in"}))).into_response()
    })
}

/// `POST /auth/refresh`: the refresh token stays what it was.
pub(super) async fn refresh(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    let token = cookie(&headers, "refresh_token");
    world.with(|state| {
        let why = if token.is_some() { Why::BadCookie } else { Why::NoCookie };
        match token.and_then(|token| state.refresh.get(&token).cloned()) {
            Some(user) => {
                let access = access_cookie(state, &user);
                ([(header::SET_COOKIE, access)], Json(json!({"message": "Renewed"}))).into_response()
            }
            None => refuse::plain(StatusCode::UNAUTHORIZED, why.sentence()).into_response(),
        }
    })
}

/// `POST /auth/logout`.
pub(super) async fn logout(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    world.with(|state| {
        cookie(&headers, "access_token").and_then(|token| state.access.remove(&token));
        cookie(&headers, "refresh_token").and_then(|token| state.refresh.remove(&token));
    });
    let gone = ["access_token", "refresh_token"].map(|name| (header::SET_COOKIE, set_cookie(name, "", 0)));
    (AppendHeaders(gone), Json(json!({"message": "Signed out"}))).into_response()
}

/// `GET /auth/me`.
pub(super) async fn me(SignedIn(user): SignedIn) -> Response {
    let full_name = user.email.split('@').next().unwrap_or_default();
    Json(json!({"id": user.id, "email": user.email, "full_name": full_name, "role": "user"})).into_response()
}

fn access_cookie(state: &mut Known, user: &User) -> String {
    let token = format!("at-{}", state.hex(32));
    state.issued.push(token.clone());
    state.access.insert(token.clone(), user.clone());
    set_cookie("access_token", &token, ACCESS_S)
}

fn set_cookie(name: &str, value: &str, max_age_s: u32) -> String {
    format!("{name}={value}; HttpOnly; Max-Age={max_age_s}; Path=/; SameSite=lax")
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
