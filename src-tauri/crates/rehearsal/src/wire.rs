//! HTTP from the rehearsal's side: where the framework comes from, and the client that load, probe and script use.

pub(crate) use gateway::{axum, reqwest};

use std::time::Duration;

/// A client for loopback: no proxy, no redirects, and no limit on how long an answer takes unless a call sets one.
///
/// # Errors
/// When the client cannot be set up.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Err means that someone was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .build()
}
