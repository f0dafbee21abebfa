//! The session: what proves to a gateway who is signed in. In memory here; where it is kept is the keychain's matter
//! (rule 13). Never shown, never logged.

use crate::settings::Dialect;
use domain::connection::SignIn;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use std::fmt;
use tokio::sync::watch;

/// A session as one opaque text, for the keychain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionSecret(String);

impl SessionSecret {
    /// Takes a text that [`SessionSecret::reveal`] gave.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be put into a keychain and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(..)")
    }
}

/// The two tokens of a session: bearer values on a gateway of ours, cookies on the platform.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) dialect: Dialect,
    pub(crate) access: String,
    #[serde(default)]
    pub(crate) refresh: Option<String>,
}

impl Tokens {
    fn read(secret: &SessionSecret) -> Option<Self> {
        serde_json::from_str(secret.reveal()).ok()
    }

    fn secret(&self) -> SessionSecret {
        // Strings only: serialisation cannot fail.
        SessionSecret(serde_json::to_string(self).unwrap_or_default())
    }
}

/// Which tokens a call was made with, so that a second 401 about the same ones renews nothing twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

#[derive(Clone)]
struct Kept {
    tokens: Result<Tokens, SignIn>,
    generation: u64,
}

/// Holds the current tokens and tells when they change.
pub(crate) struct Session {
    kept: watch::Sender<Kept>,
}

impl Session {
    pub(crate) fn new() -> Self {
        Self { kept: watch::Sender::new(Kept { tokens: Err(SignIn::NoSession), generation: 0 }) }
    }

    /// The tokens, or why there are none.
    pub(crate) fn current(&self) -> (Result<Tokens, SignIn>, Generation) {
        let kept = self.kept.borrow();
        (kept.tokens.clone(), Generation(kept.generation))
    }

    pub(crate) fn replace(&self, tokens: Result<Tokens, SignIn>) {
        self.kept.send_modify(|kept| {
            kept.tokens = tokens;
            kept.generation += 1;
        });
    }

    /// Replaces the tokens only if they are still those of `generation`: an answer that comes late must not undo a
    /// sign-in or sign-out that happened meanwhile.
    pub(crate) fn replace_if(&self, generation: Generation, tokens: Result<Tokens, SignIn>) {
        self.kept.send_if_modified(|kept| {
            let same = kept.generation == generation.0;
            if same {
                kept.tokens = tokens;
                kept.generation += 1;
            }
            same
        });
    }

    pub(crate) fn secret(&self) -> Option<SessionSecret> {
        self.kept.borrow().tokens.as_ref().ok().map(Tokens::secret)
    }

    /// `false` if the text is none of ours.
    pub(crate) fn restore(&self, secret: &SessionSecret) -> bool {
        let tokens = Tokens::read(secret);
        let readable = tokens.is_some();
        if let Some(tokens) = tokens {
            self.replace(Ok(tokens));
        }
        readable
    }

    pub(crate) fn changes(&self) -> Changes {
        Changes(self.kept.subscribe())
    }
}

/// Wakes when the session was renewed, opened or closed: the keychain's copy is old then.
pub struct Changes(watch::Receiver<Kept>);

impl Changes {
    /// Waits for the next change and gives the new secret, `None` after sign-out or the session's end. Ends with
    /// `None` for good when the gateway is dropped.
    pub async fn next(&mut self) -> Option<Option<SessionSecret>> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().tokens.as_ref().ok().map(Tokens::secret))
    }
}

/// The two cookies of the platform out of an answer's headers. An empty value or `Max-Age=0` takes one away. All other
/// cookies are none of ours.
pub(crate) fn platform_cookies(headers: &HeaderMap, before: Option<Tokens>) -> Option<Tokens> {
    let (mut access, mut refresh) = match before {
        Some(tokens) => (Some(tokens.access), tokens.refresh),
        None => (None, None),
    };
    for header in headers.get_all(http::header::SET_COOKIE) {
        let Ok(text) = header.to_str() else { continue };
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim();
        let gone = value.trim_matches('"').is_empty()
            || attributes.split(';').any(|a| a.trim().to_ascii_lowercase().replace(' ', "") == "max-age=0");
        let value = (!gone).then(|| value.to_owned());
        match name.trim() {
            "access_token" => access = value,
            "refresh_token" => refresh = value,
            _ => {}
        }
    }
    access.map(|access| Tokens { dialect: Dialect::Platform, access, refresh })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(http::header::SET_COOKIE, cookie.parse().expect("header"));
        }
        headers
    }

    #[test]
    fn only_the_two_cookies_are_kept_and_only_what_is_renewed_changes() {
        let first = platform_cookies(
            &headers(&["access_token=a1; HttpOnly; Path=/", "refresh_token=r1; HttpOnly", "tracker=t"]),
            None,
        )
        .expect("both");
        assert_eq!((first.access.as_str(), first.refresh.as_deref()), ("a1", Some("r1")));
        let renewed = platform_cookies(&headers(&["access_token=a2"]), Some(first)).expect("renewed");
        assert_eq!((renewed.access.as_str(), renewed.refresh.as_deref()), ("a2", Some("r1")));
        assert!(platform_cookies(&headers(&["access_token=; Max-Age=0"]), Some(renewed)).is_none());
    }

    #[test]
    fn rule_13_a_secret_goes_through_the_keychain_and_shows_itself_to_nobody() {
        let session = Session::new();
        let tokens = Tokens { dialect: Dialect::Holdpoint, access: "canary-a".into(), refresh: None };
        session.replace(Ok(tokens.clone()));
        let secret = session.secret().expect("signed in");
        assert!(!format!("{secret:?}").contains("canary"));
        let other = Session::new();
        assert!(other.restore(&secret));
        assert!(other.current().0 == Ok(tokens));
        assert!(!other.restore(&SessionSecret::new("{}")));
    }

    #[test]
    fn a_late_renewal_does_not_undo_a_sign_out() {
        let session = Session::new();
        let tokens = |access: &str| Tokens {
            dialect: Dialect::Holdpoint,
            access: access.to_owned(),
            refresh: Some("r".into()),
        };
        session.replace(Ok(tokens("a")));
        let (_, generation) = session.current();
        session.replace(Err(SignIn::NoSession));
        session.replace_if(generation, Ok(tokens("b")));
        assert!(session.secret().is_none());
    }
}
