//! Access tokens: JWT, HS256 and nothing else, signed with the database's key, judged by the gateway's own clock (A18).

use crate::db::meta::Identity;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "holdpoint-gateway";
/// Seconds by which clocks may differ.
const LEEWAY_S: i64 = 30;
/// The header's type: a refresh token has no header at all, and no other JWT of ours exists.
const TYPE: &str = "at+jwt";

/// What an access token says. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    /// The database: a token of another gateway is not taken.
    pub(crate) aud: String,
    /// The user's id.
    pub(crate) sub: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    /// `<session id>.<random>`: the session can be ended before the token ends.
    pub(crate) jti: String,
}

impl Claims {
    /// The session it belongs to.
    pub(crate) fn session_id(&self) -> &str {
        self.jti.split_once('.').map_or(self.jti.as_str(), |(session, _)| session)
    }
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("This token is not one of this gateway. Sign in again.")]
    Foreign,
    #[error("The session has ended. Refresh it or sign in again.")]
    Expired,
    #[error("This token is not valid yet. Check the clocks.")]
    TooEarly,
    #[error("The token could not be signed.")]
    Unsigned,
}

/// Issues a token for `sub` in the session, good for `ttl_s` seconds.
pub(crate) fn issue(
    identity: &Identity,
    sub: &str,
    jti: String,
    now: DateTime<Utc>,
    ttl_s: u64,
) -> Result<String, TokenError> {
    let now = now.timestamp();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: audience(identity),
        sub: sub.to_owned(),
        iat: now,
        nbf: now,
        exp: now.saturating_add(i64::try_from(ttl_s).unwrap_or(i64::MAX)),
        jti,
    };
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(TYPE.to_owned());
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&identity.key))
        .map_err(|_| TokenError::Unsigned)
}

/// Reads a token; every claim must be there and true.
pub(crate) fn read(identity: &Identity, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience(identity)]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // The library asks the operating system for the time; ours is a parameter.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let data = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(&identity.key), &validation)
        .map_err(|_| TokenError::Foreign)?;
    let (claims, now) = (data.claims, now.timestamp());
    if data.header.typ.as_deref() != Some(TYPE) {
        return Err(TokenError::Foreign);
    }
    if claims.exp.saturating_add(LEEWAY_S) <= now {
        return Err(TokenError::Expired);
    }
    if claims.nbf.saturating_sub(LEEWAY_S) > now || claims.iat.saturating_sub(LEEWAY_S) > now {
        return Err(TokenError::TooEarly);
    }
    Ok(claims)
}

fn audience(identity: &Identity) -> String {
    format!("{ISSUER}:{}", identity.epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn identity() -> Identity {
        Identity { epoch: "e".into(), key: vec![7; 32] }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn signed(alg: Algorithm, claims: &Value, key: &[u8]) -> String {
        let mut header = Header::new(alg);
        header.typ = Some(TYPE.to_owned());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(key)).expect("signs")
    }

    fn claims() -> Value {
        let t = now().timestamp();
        json!({"iss": ISSUER, "aud": "holdpoint-gateway:e", "sub": "u", "iat": t, "nbf": t, "exp": t + 60, "jti": "s.1"})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    #[test]
    fn a_token_of_ours_reads_back_with_its_session() {
        let token = issue(&identity(), "u", "s.1".into(), now(), 60).expect("issues");
        let claims = read(&identity(), &token, now()).expect("reads");
        assert_eq!((claims.sub.as_str(), claims.session_id()), ("u", "s"));
        assert_eq!(
            read(&identity(), &token, now() + chrono::TimeDelta::seconds(60 + LEEWAY_S)),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn a18_every_forged_or_bent_token_is_refused() {
        let key = identity().key;
        let good = signed(Algorithm::HS256, &claims(), &key);
        assert!(read(&identity(), &good, now()).is_ok());
        let none = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#),
            URL_SAFE_NO_PAD.encode(claims().to_string())
        );
        let far = now().timestamp() + 3_600;
        let mut no_aud = claims();
        no_aud.as_object_mut().expect("a map").remove("aud");
        let bent = [
            none,
            signed(Algorithm::HS384, &claims(), &key),
            signed(Algorithm::HS256, &claims(), b"another key"),
            signed(Algorithm::HS256, &with("exp", json!("9999")), &key),
            signed(Algorithm::HS256, &with("exp", json!(now().timestamp() - 3_600)), &key),
            signed(Algorithm::HS256, &no_aud, &key),
            signed(Algorithm::HS256, &with("aud", json!("someone-else")), &key),
            signed(Algorithm::HS256, &with("iss", json!("someone-else")), &key),
            signed(Algorithm::HS256, &with("nbf", json!(far)), &key),
            good.rsplit_once('.').expect("three parts").0.to_owned() + ".",
        ];
        for token in bent {
            assert!(read(&identity(), &token, now()).is_err(), "{token}");
        }
    }
}
