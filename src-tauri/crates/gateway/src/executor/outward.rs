//! The one HTTP client that goes out: no redirects, no proxy, no automatic decoding, and no metadata address even by
//! way of a name (A24).

use super::addresses::is_metadata;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Builds the client. The TLS provider is installed for the process if nobody did so before.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // An error means that one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .no_zstd()
        .dns_resolver(Arc::new(Guarded))
        .build()
}

/// Is it an absolute http or https address that does not name a metadata address outright? Names are judged when they
/// are resolved.
pub(crate) fn acceptable(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("\"{text}\" is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("\"{}\" is neither http nor https", url.scheme()));
    }
    let refused = match url.host() {
        Some(Host::Ipv4(v4)) => is_metadata(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => is_metadata(IpAddr::V6(v6)),
        Some(Host::Domain(_)) => false,
        None => true,
    };
    if refused { Err("the address is one that nothing is ever sent to".to_owned()) } else { Ok(url) }
}

struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            if found.iter().any(|address| is_metadata(address.ip())) {
                return Err("the name leads to an address that nothing is ever sent to".into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a24_metadata_is_refused_however_it_is_written() {
        for text in [
            "http://169.254.169.254/latest",
            "http://0xa9fea9fe/",
            "http://2852039166/",
            "http://[::ffff:169.254.169.254]/",
            "gopher://127.0.0.1/",
            "/relative",
        ] {
            assert!(acceptable(text).is_err(), "{text}");
        }
        assert!(acceptable("http://127.0.0.1:9000/pool/restart").is_ok());
    }
}
