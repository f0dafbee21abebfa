//! A signed-in account at the gateway, over HTTP like anybody else's. Owns the calls; what is called when is the
//! incident's.

use crate::wire::reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::time::Duration;

/// Longest that a call may take; discovery is allowed 60 s (CONTRACT 1).
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// A call that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call} came to nothing: {why}")]
pub struct CallError {
    /// `METHOD /path`.
    pub call: String,
    /// The gateway's sentence, or what happened to the connection.
    pub why: String,
}

/// See the module.
pub(crate) struct Account {
    client: Client,
    origin: String,
    token: String,
}

impl Account {
    /// Signs in with a form, for a token in the body.
    pub(crate) async fn sign_in(
        client: &Client,
        origin: &str,
        email: &str,
        password: &str,
    ) -> Result<Self, CallError> {
        let mut account = Self { client: client.clone(), origin: origin.to_owned(), token: String::new() };
        let form = account
            .request(Method::POST, "/auth/login")
            .header("accept", "application/json")
            .form(&[("username", email), ("password", password)]);
        let answer = sent(form, "POST /auth/login").await?;
        match answer["access_token"].as_str() {
            Some(token) => account.token = token.to_owned(),
            None => {
                let why = "the gateway signed us in without giving a token".to_owned();
                return Err(CallError { call: "POST /auth/login".to_owned(), why });
            }
        }
        Ok(account)
    }

    /// Sends JSON, gives the JSON that was answered.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, CallError> {
        let call = format!("{method} {path}");
        sent(self.request(method, path).bearer_auth(&self.token).json(body), &call).await
    }

    /// The same, under an idempotency key (CONTRACT 1c).
    pub(crate) async fn call_once(&self, path: &str, key: &str, body: &Value) -> Result<Value, CallError> {
        let request = self.request(Method::POST, path).bearer_auth(&self.token).json(body);
        sent(request.header("idempotency-key", format!("\"{key}\"")), &format!("POST {path}")).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.origin);
        self.client.request(method, url).header("x-holdpoint-client", "rehearsal").timeout(CALL_LIMIT)
    }
}

async fn sent(request: RequestBuilder, call: &str) -> Result<Value, CallError> {
    let failed = |why: String| CallError { call: call.to_owned(), why };
    let answer = request.send().await.map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let detail = body["detail"].as_str().unwrap_or("no reason was given");
    Err(failed(format!("{status}, {detail}")))
}
