//! Sign-in, renewal, sign-out, and who that makes one (CONTRACT 1, 3). The password is sent once, and only after
//! `/health` has said which dialect it is for.

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::session::{Tokens, platform_cookies};
use crate::settings::{Dialect, Password};
use crate::wire::call::{Answer, Auth, Body, Call, Repeat};
use crate::wire::verdict;
use domain::connection::SignIn;
use protocol::rest;
use serde_json::Value;

/// Who is signed in. The e-mail is the identity that decides (rule 8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The identity.
    pub email: String,
    /// The gateway's word for what this person may do.
    pub role: Option<String>,
    /// The gateway's id of the user, as text.
    pub user_id: String,
    /// For people.
    pub full_name: Option<String>,
}

impl Gateway {
    /// Signs in and keeps the session. Never repeated by itself.
    ///
    /// # Errors
    /// [`Failure::SignIn`] with `WrongCredentials` or `NotAllowed`; everything [`Gateway::probe`] may fail with.
    pub async fn sign_in(&self, email: &str, password: &Password) -> Result<Identity, Failure> {
        let dialect = self.dialect().await?;
        let form = vec![("username", email.to_owned()), ("password", password.reveal().to_owned())];
        let call = Call::post("/auth/login", Body::Form(form)).auth(Auth::Open);
        let answer = self.inner.transport.send(&call, None).await?;
        match answer.status {
            401 => return Err(Failure::SignIn(SignIn::WrongCredentials)),
            403 if !protocol::problem::looks_like_html(&answer.text()) => {
                return Err(Failure::SignIn(SignIn::NotAllowed));
            }
            _ => {}
        }
        let answer = verdict::read(dialect, answer, self.inner.transport.now())?;
        let (tokens, user) = opened(dialect, &answer)?;
        self.inner.session.replace(Ok(tokens));
        match user {
            Some(user) => Ok(identity(user)),
            None => self.me().await,
        }
    }

    /// Who is signed in, as the gateway sees it.
    pub async fn me(&self) -> Result<Identity, Failure> {
        self.call(&Call::get("/auth/me")).await?.read().map(identity)
    }

    /// Ends the session, here in any case and at the gateway if it can be reached.
    pub async fn sign_out(&self) -> Result<(), Failure> {
        let (tokens, _) = self.inner.session.current();
        self.inner.session.replace(Err(SignIn::NoSession));
        let Ok(tokens) = tokens else { return Ok(()) };
        let dialect = self.dialect().await?;
        let call = Call::post("/auth/logout", refresh_body(&tokens)?).auth(Auth::Whole).repeat(Repeat::Safe);
        let answer = self.inner.transport.send(&call, Some(&tokens)).await?;
        match answer.status {
            // It had ended already.
            401 => Ok(()),
            _ => verdict::read(dialect, answer, self.inner.transport.now()).map(drop),
        }
    }

    /// Renews tokens. A lost answer may be asked for again: the gateway honours the predecessor for 60 s.
    pub(crate) async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Failure> {
        if tokens.refresh.is_none() {
            return Err(Failure::SignIn(SignIn::Expired));
        }
        let auth = match tokens.dialect {
            Dialect::Holdpoint => Auth::Open,
            Dialect::Platform => Auth::Whole,
        };
        let call = Call::post("/auth/refresh", refresh_body(tokens)?).auth(auth).repeat(Repeat::Safe);
        let answer = self.inner.transport.send(&call, Some(tokens)).await?;
        match answer.status {
            400 | 401 | 422 => return Err(Failure::SignIn(SignIn::Expired)),
            // The account was closed, or may no longer come in (F46).
            403 if !protocol::problem::looks_like_html(&answer.text()) => {
                return Err(Failure::SignIn(SignIn::NotAllowed));
            }
            _ => {}
        }
        let answer = verdict::read(tokens.dialect, answer, self.inner.transport.now())?;
        match tokens.dialect {
            Dialect::Holdpoint => opened(Dialect::Holdpoint, &answer).map(|(tokens, _)| tokens),
            Dialect::Platform => platform_cookies(&answer.headers, Some(tokens.clone()))
                .ok_or(Failure::SignIn(SignIn::Expired)),
        }
    }
}

/// The platform knows the token by its cookie, a gateway of ours by the body.
fn refresh_body(tokens: &Tokens) -> Result<Body, Failure> {
    match (tokens.dialect, &tokens.refresh) {
        (Dialect::Holdpoint, Some(refresh)) => {
            Body::json(&rest::RefreshRequest { refresh_token: refresh.clone() })
        }
        _ => Ok(Body::Empty),
    }
}

fn opened(dialect: Dialect, answer: &Answer) -> Result<(Tokens, Option<rest::User>), Failure> {
    match dialect {
        Dialect::Holdpoint => {
            let told: rest::Tokens = answer.read()?;
            let tokens = Tokens { dialect, access: told.access_token, refresh: Some(told.refresh_token) };
            Ok((tokens, told.user))
        }
        Dialect::Platform => platform_cookies(&answer.headers, None)
            .map(|tokens| (tokens, None))
            .ok_or_else(|| Failure::bad_answer("it took the password and set no session cookie")),
    }
}

pub(crate) fn identity(user: rest::User) -> Identity {
    Identity { email: user.email, role: user.role, user_id: id_text(&user.id), full_name: user.full_name }
}

/// Ids come as texts or numbers.
pub(crate) fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
