//! Somebody signed in at a gateway of ours, over plain HTTP: what tests prepare with and compare against, without the
//! console's client.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Everybody's password in the tests.
pub const PASSWORD: &str = "correct horse battery";

/// A session with its token.
#[derive(Debug)]
pub struct Account {
    http: reqwest::Client,
    origin: String,
    token: String,
    keys: AtomicU64,
}

impl Account {
    /// Signs in with [`PASSWORD`].
    ///
    /// # Panics
    /// When the gateway does not let them in.
    pub async fn sign_in(origin: &str, email: &str) -> Self {
        // Loopback only, yet the client wants a provider before it is built; a second one is no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A gateway that was killed and started again must not be met over a connection of before.
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .expect("an HTTP client can be built");
        let form = [("username", email), ("password", PASSWORD)];
        let login = http.post(format!("{origin}/auth/login")).form(&form);
        let login = login.header("accept", "application/json").header("x-holdpoint-client", "test");
        let answer = login.send().await.expect("the gateway answers");
        assert_eq!(answer.status(), 200, "{email} cannot sign in");
        let body: Value = answer.json().await.expect("JSON");
        let token = body["access_token"].as_str().expect("a token in the body").to_owned();
        Self { http, origin: origin.to_owned(), token, keys: AtomicU64::new(0) }
    }

    /// GET; status and body.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        sent(self.request(Method::GET, path)).await
    }

    /// POST; status and body.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        sent(self.request(Method::POST, path).json(body)).await
    }

    /// PUT; status and body.
    pub async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        sent(self.request(Method::PUT, path).json(body)).await
    }

    /// Reports an error, under a key of its own; status and body.
    pub async fn remediate(&self, pipeline: &str, error: &str, context: Value) -> (u16, Value) {
        let path = format!("/agentic/{pipeline}/runbook/remediate");
        let key = format!(
            "\"{}-{}\"",
            &self.token[self.token.len() - 12..],
            self.keys.fetch_add(1, Ordering::Relaxed)
        );
        let body = json!({"error": error, "context": context});
        sent(self.request(Method::POST, &path).header("idempotency-key", key).json(&body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(&self.token)
    }
}

async fn sent(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the gateway answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}
