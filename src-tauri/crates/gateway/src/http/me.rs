//! `GET /auth/me`: who is calling.

use crate::auth::caller::{Caller, user};
use axum::Json;
use protocol::rest::User;

pub(super) async fn me(caller: Caller) -> Json<User> {
    Json(user(&caller.user_id, &caller.email, caller.role))
}
