//! The way through the network: which proxy, whom to trust besides the system's roots, who knows names. Read from the
//! environment, which is a parameter; never a switch to trust less.

use crate::settings::Password;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use url::Url;

/// Goes before the usual variables; `direct` = past every proxy.
const PROXY: &str = "HOLDPOINT_PROXY";
/// A file of certificates (PEM) to trust besides the system's.
const CA_FILE: &str = "HOLDPOINT_CA_FILE";

/// See the module. The default goes directly and trusts the system.
#[derive(Clone, Default)]
pub struct Network {
    /// Through whom.
    pub proxy: Proxy,
    /// Whom to trust besides the system's roots.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Who knows names; the system if `None`.
    pub names: Option<Arc<dyn Names>>,
}

/// Through whom a gateway is reached. What goes to this machine goes past every proxy.
#[derive(Clone, Default)]
pub enum Proxy {
    /// Nobody.
    #[default]
    Direct,
    /// An HTTP proxy that is asked to connect (RFC 9110, 9.3.6).
    Http {
        /// Where it is, without credentials.
        url: Url,
        /// Name and password, for it alone.
        credentials: Option<(String, Password)>,
        /// Hosts that are reached without it, as in `NO_PROXY`.
        except: String,
    },
    /// What is set is of no use; why. Nothing is reached but this machine until it is mended.
    Unusable(String),
}

/// Addresses of a name.
pub type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of names. Asked for every new connection, so that no old address is pinned (F7).
pub trait Names: Send + Sync + 'static {
    /// Looks a name up.
    fn look_up(&self, name: &str) -> Addresses;
}

/// Why the network cannot be gone through as the environment says.
#[derive(Debug, thiserror::Error)]
pub enum BadNetwork {
    /// The proxy is none that is known how to use.
    #[error(
        "{variable} names no HTTP proxy: give http://host:port, with name:password@ before the host if it wants that"
    )]
    Proxy {
        /// Which variable; its value may hold a password.
        variable: String,
    },
    /// The certificates cannot be read.
    #[error(
        "{CA_FILE} names {path}, which cannot be read as certificates ({why}): correct it or leave it out"
    )]
    CaFile {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}

impl Network {
    /// Reads `HOLDPOINT_PROXY`, else `HTTPS_PROXY`, else `ALL_PROXY` (each also in lower case), `NO_PROXY`, and
    /// `HOLDPOINT_CA_FILE`.
    ///
    /// # Errors
    /// [`BadNetwork`] where one of them is of no use. It is not passed over: a proxy that is left out would be a way
    /// around it.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadNetwork> {
        let set =
            |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_lowercase()));
        let named =
            [PROXY, "HTTPS_PROXY", "ALL_PROXY"].into_iter().find_map(|name| Some((name, either(name)?)));
        let proxy = match named {
            None => Proxy::Direct,
            Some((PROXY, direct)) if direct == "direct" => Proxy::Direct,
            Some((name, text)) => Proxy::parse(&text, either("NO_PROXY").unwrap_or_default())
                .ok_or_else(|| BadNetwork::Proxy { variable: name.to_owned() })?,
        };
        let extra_roots = set(CA_FILE).map(|path| roots(Path::new(&path))).transpose()?.unwrap_or_default();
        Ok(Self { proxy, extra_roots, names: None })
    }
}

impl Network {
    /// The same, for a program that starts all the same: what is of no use is told by every gateway that needs it.
    pub fn as_env_says(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_env(variable)
            .unwrap_or_else(|bad| Self { proxy: Proxy::Unusable(bad.to_string()), ..Self::default() })
    }
}

impl Proxy {
    /// Reads `http://[name:password@]host:port`; the scheme may be left out.
    pub fn parse(text: &str, except: String) -> Option<Self> {
        let mut url = match text.contains("://") {
            true => Url::parse(text).ok()?,
            false => Url::parse(&format!("http://{text}")).ok()?,
        };
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        let decoded = |text: &str| percent_decoded(text);
        let credentials = (!url.username().is_empty())
            .then(|| (decoded(url.username()), Password::new(decoded(url.password().unwrap_or_default()))));
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        usable.then_some(Proxy::Http { url, credentials, except })
    }
}

/// Without names and passwords.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proxy::Direct => f.write_str("Direct"),
            Proxy::Unusable(why) => write!(f, "Unusable({why})"),
            Proxy::Http { url, .. } => write!(f, "Http({url})"),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra_roots = self.extra_roots.len();
        f.debug_struct("Network")
            .field("proxy", &self.proxy)
            .field("extra_roots", &extra_roots)
            .finish_non_exhaustive()
    }
}

fn roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadNetwork> {
    let bad = |why: String| BadNetwork::CaFile { path: path.display().to_string(), why };
    let read = CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))?;
    let all: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| bad(error.to_string()))?;
    match all.is_empty() {
        true => Err(bad("it holds none".to_owned())),
        false => Ok(all),
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Network, BadNetwork> {
        Network::from_env(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn f5_the_proxy_of_the_environment_is_taken_with_its_credentials_apart_and_never_shown() {
        let network = read(&[("https_proxy", "http://ann:p%40ss@proxy.test:3128"), ("NO_PROXY", "a.test")]);
        let network = network.expect("a network");
        assert!(!format!("{network:?}").contains("p%40ss") && !format!("{network:?}").contains("p@ss"));
        let Proxy::Http { url, credentials, except } = network.proxy else { panic!("no proxy") };
        assert_eq!((url.as_str(), except.as_str()), ("http://proxy.test:3128/", "a.test"));
        let (name, password) = credentials.expect("credentials");
        assert_eq!((name.as_str(), password.reveal()), ("ann", "p@ss"));
    }

    #[test]
    fn ones_own_setting_goes_before_the_environments() {
        let all = [("HTTPS_PROXY", "http://one.test:1"), ("HOLDPOINT_PROXY", "two.test:2")];
        let Proxy::Http { url, .. } = read(&all).expect("a network").proxy else { panic!("no proxy") };
        assert_eq!(url.as_str(), "http://two.test:2/");
        let direct = read(&[all[0], ("HOLDPOINT_PROXY", "direct")]).expect("a network");
        assert!(matches!(direct.proxy, Proxy::Direct));
    }

    #[test]
    fn what_is_of_no_use_is_refused_and_not_passed_over() {
        let proxy = read(&[("ALL_PROXY", "socks5://u:hunter2@h:1")]).expect_err("no HTTP proxy");
        assert!(proxy.to_string().contains("ALL_PROXY") && !proxy.to_string().contains("hunter2"));
        let file = read(&[("HOLDPOINT_CA_FILE", "/nowhere/ca.pem")]).expect_err("no file");
        assert!(file.to_string().contains("/nowhere/ca.pem"), "{file}");
    }
}
