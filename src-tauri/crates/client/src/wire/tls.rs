//! TLS: rustls with ring, the system's own idea of whom to trust, no switch to trust less.

use crate::failure::{Failure, NotSent};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;

/// Does an origin need roots at all?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The system's roots.
    System,
    /// None: plain http to this machine, where loading them would only cost time.
    Nobody,
}

/// A configuration that offers the given protocols (ALPN).
pub(crate) fn config(trust: Trust, protocols: &[&str]) -> Result<ClientConfig, Failure> {
    let failed = |error: rustls::Error| Failure::NotSent { why: NotSent::Tls(error.to_string()) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let mut config = match trust {
        Trust::System => builder.with_platform_verifier().map_err(failed)?.with_no_client_auth(),
        Trust::Nobody => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}
