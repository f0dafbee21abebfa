//! What a broken call says about itself. The only question that matters: may the request have left?

use crate::failure::{Failure, NotSent, Unclear};
use rustls::CertificateError;
use std::error::Error;

/// Reads an error of the HTTP client. Whatever is not surely "nothing was sent" is unclear.
pub(crate) fn read(error: &reqwest::Error) -> Failure {
    if error.is_builder() {
        return Failure::NotSent { why: NotSent::Local(innermost(error)) };
    }
    if !error.is_connect() {
        return Failure::Unclear { why: Unclear::Broken(innermost(error)) };
    }
    if error.is_dns() {
        return Failure::NotSent { why: NotSent::Dns };
    }
    if let Some(tls) = causes(error).find_map(as_tls) {
        return match tls {
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => Failure::Impostor { why: tls.to_string() },
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                Failure::Certificate { why: tls.to_string() }
            }
            other => Failure::NotSent { why: NotSent::Tls(other.to_string()) },
        };
    }
    // The tunnel's error type is private to the HTTP client; its first words are all there is to go by.
    let tunnel = causes(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error: "));
    if let Some(text) = tunnel {
        return Failure::Proxy { why: text.trim_start_matches("tunnel error: ").to_owned() };
    }
    let why = if error.is_timeout() { NotSent::TimedOut } else { NotSent::Unreachable(innermost(error)) };
    Failure::NotSent { why }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// An I/O error hands out the source of what it wraps, not the wrapped error itself, and may wrap another one.
fn as_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|inner| as_tls(inner))
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
