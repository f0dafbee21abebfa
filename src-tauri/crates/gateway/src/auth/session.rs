//! Sessions: opened by a password, kept by refresh tokens, ended by logout or by a token that is used twice.

use super::access::{self, TokenError};
use super::caller::{Caller, user};
use super::password::{self, Check};
use super::refresh::{self, Judgement};
use crate::core::Core;
use crate::db::audit::Note;
use crate::db::sessions;
use crate::db::users::{self, UserRow};
use crate::fault::Fault;
use protocol::problem::Slug;
use protocol::rest::Tokens;
use serde_json::json;

/// Signs in with address and password.
pub(crate) async fn sign_in(app: &Core, email: &str, password: &str) -> Result<Tokens, Fault> {
    let email = email.trim().to_lowercase();
    let found = users::by_email(&mut *app.db.read.acquire().await?, &email).await?;
    let hash = found.as_ref().map(|user| user.password_hash.clone());
    let password = password.to_owned();
    let _turn = app.password_checks.acquire().await;
    let check = tokio::task::spawn_blocking(move || password::check(&password, hash.as_deref())).await;
    let (Some(user), Ok(Check::Right)) = (found, check) else {
        return Err(Fault::unauthorized("Invalid credentials"));
    };
    let refresh = refresh::first(app.config.entropy.as_ref());
    let mut write = app.write().await?;
    let session_id = app.config.entropy.uuid().to_string();
    let now_ms = write.now_ms();
    sessions::open(write.conn(), &session_id, &user.id, now_ms).await?;
    let ends = now_ms.saturating_add(refresh_ttl_ms(app));
    sessions::add_token(write.conn(), &refresh::stored(&refresh), &session_id, ends).await?;
    write.audit(note(&user.email, "signed_in", &session_id)).await?;
    write.commit().await?;
    tokens(app, &user, &session_id, refresh)
}

/// Exchanges a refresh token for its successor and a new access token.
pub(crate) async fn renew(app: &Core, token: &str) -> Result<Tokens, Fault> {
    let stored = refresh::stored(token);
    let mut write = app.write().await?;
    let now_ms = write.now_ms();
    let Some(row) = sessions::token(write.conn(), &stored).await? else {
        return Err(Fault::unauthorized("This refresh token is not one of this gateway. Sign in again."));
    };
    let next = refresh::successor(&app.identity.key, token);
    match refresh::judge(&row, now_ms) {
        Judgement::Expired => return Err(Fault::unauthorized("The session has ended. Sign in again.")),
        Judgement::Revoked => return Err(Fault::unauthorized("The session was ended. Sign in again.")),
        Judgement::Reused => {
            sessions::revoke(write.conn(), &row.session_id, "reused", now_ms).await?;
            write.rights_change().await?;
            write.audit(note("gateway", "session_revoked_after_reuse", &row.session_id)).await?;
            write.commit().await?;
            return Err(Fault::unauthorized(
                "This refresh token had been used before, so the whole session is ended. Sign in again.",
            ));
        }
        Judgement::Rotate => {
            let ends = now_ms.saturating_add(refresh_ttl_ms(app));
            sessions::rotate_token(write.conn(), &stored, &refresh::stored(&next), now_ms).await?;
            sessions::add_token(write.conn(), &refresh::stored(&next), &row.session_id, ends).await?;
        }
        Judgement::Repeat => {}
    }
    let user = users::of_session(write.conn(), &row.session_id).await?;
    write.commit().await?;
    let user = user.ok_or_else(|| Fault::unauthorized("The session was ended. Sign in again."))?;
    tokens(app, &user, &row.session_id, next)
}

/// Ends a session: its refresh tokens, its access tokens and its sockets.
pub(crate) async fn end(app: &Core, session_id: &str, email: &str) -> Result<(), Fault> {
    let mut write = app.write().await?;
    let now_ms = write.now_ms();
    sessions::revoke(write.conn(), session_id, "logout", now_ms).await?;
    write.rights_change().await?;
    write.audit(note(email, "signed_out", session_id)).await?;
    write.commit().await?;
    Ok(())
}

/// Who shows this access token, if it is good and its session stands.
pub(crate) async fn recognise(app: &Core, token: &str) -> Result<Caller, Fault> {
    let claims = access::read(&app.identity, token, app.config.clock.now())
        .map_err(|error| Fault::unauthorized(error.to_string()))?;
    let user = users::of_session(&mut *app.db.read.acquire().await?, claims.session_id()).await?;
    let user = user
        .filter(|user| user.id == claims.sub)
        .ok_or_else(|| Fault::unauthorized("The session was ended. Sign in again."))?;
    Ok(Caller {
        token_ends_at: chrono::DateTime::from_timestamp(claims.exp, 0).unwrap_or_default(),
        session_id: claims.session_id().to_owned(),
        user_id: user.id,
        email: user.email,
        role: user.role,
    })
}

fn tokens(app: &Core, owner: &UserRow, session_id: &str, refresh_token: String) -> Result<Tokens, Fault> {
    let ttl_s = app.config.access_ttl_s;
    let jti = format!("{session_id}.{}", app.config.entropy.uuid().simple());
    let access_token = access::issue(&app.identity, &owner.id, jti, app.config.clock.now(), ttl_s)
        .map_err(|error: TokenError| Fault::new(Slug::Unavailable, error.to_string()))?;
    Ok(Tokens {
        access_token,
        refresh_token,
        token_type: "bearer".to_owned(),
        expires_in: ttl_s,
        user: Some(user(&owner.id, &owner.email, owner.role)),
    })
}

fn refresh_ttl_ms(app: &Core) -> i64 {
    i64::try_from(app.config.refresh_ttl_s.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

fn note<'a>(actor: &'a str, action: &'a str, session_id: &'a str) -> Note<'a> {
    Note { actor, action, subject: session_id, detail: json!({}) }
}
