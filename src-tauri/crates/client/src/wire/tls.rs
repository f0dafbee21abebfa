//! TLS: rustls with ring, the system's own idea of whom to trust and what a person adds to it, no switch to trust less.

use crate::failure::{Failure, NotSent};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};
use std::sync::Arc;

/// Does an origin need roots at all?
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trust<'a> {
    /// The system's roots, and these.
    System(&'a [CertificateDer<'static>]),
    /// None: plain http to this machine, where loading them would only cost time.
    Nobody,
}

/// A configuration that offers the given protocols (ALPN).
pub(crate) fn config(trust: Trust<'_>, protocols: &[&str]) -> Result<ClientConfig, Failure> {
    let failed = |error: rustls::Error| Failure::NotSent { why: NotSent::Tls(error.to_string()) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let mut config = match trust {
        Trust::System([]) => builder.with_platform_verifier().map_err(failed)?.with_no_client_auth(),
        Trust::System(extra) => {
            // The system's verifier all the same, with more roots to begin from.
            let verifier = Verifier::new_with_extra_roots(extra.iter().cloned(), provider).map_err(failed)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
        Trust::Nobody => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}
