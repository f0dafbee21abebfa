//! Where a gateway is: scheme, host and port, and nothing else. Plain http only to loopback (DESIGN 4).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::{Host, Url};

/// A normalised `http(s)` origin: lower-case host, no default port, no path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    url: Url,
}

/// Why a text is no [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// Not an address at all.
    #[error("\"{text}\" is not an address: give host:port or https://host")]
    Unreadable {
        /// What was given.
        text: String,
    },
    /// Neither http nor https.
    #[error("\"{text}\" is neither http nor https: give host:port or https://host")]
    Scheme {
        /// What was given.
        text: String,
    },
    /// A path, a query, or a name with password in it.
    #[error("\"{text}\" holds more than scheme, host and port: leave the rest out")]
    MoreThanOrigin {
        /// What was given, without what may be a password.
        text: String,
    },
    /// Plain http would send the session in the clear.
    #[error("plain http goes only to this machine: use https://{host}")]
    PlainHttp {
        /// Its host.
        host: String,
    },
}

impl Origin {
    /// Reads `host:port`, `http://...` or `https://...`. Without a scheme, loopback is http and everything else https.
    pub fn parse(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim();
        let unreadable = || BadOrigin::Unreadable { text: text.to_owned() };
        let url = match text.contains("://") {
            true => Url::parse(text).map_err(|_| unreadable())?,
            false => guess_scheme(text).ok_or_else(unreadable)?,
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadOrigin::Scheme { text: text.to_owned() });
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return Err(unreadable()) };
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(BadOrigin::MoreThanOrigin { text: host.to_owned() });
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(BadOrigin::PlainHttp { host: host.to_owned() });
        }
        Ok(Self { url })
    }

    /// On this machine: 127.0.0.0/8, ::1 or `localhost`.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Is it TLS?
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The address of a path that begins with `/`; `None` if a URL parser would read it as another path.
    pub(crate) fn at(&self, path: &str) -> Option<Url> {
        let mut url = self.url.clone();
        url.set_path(path);
        (url.path() == path && !path.contains("//")).then_some(url)
    }
}

/// `https://host[:port]`, no slash at the end.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Origin {
    type Error = BadOrigin;

    fn try_from(text: String) -> Result<Self, BadOrigin> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

fn guess_scheme(text: &str) -> Option<Url> {
    let plain = Url::parse(&format!("http://{text}")).ok()?;
    if is_loopback(&plain) { Some(plain) } else { Url::parse(&format!("https://{text}")).ok() }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Origin::parse(text).map_or_else(|bad| format!("{bad:?}"), |origin| origin.to_string())
    }

    #[test]
    fn an_origin_is_normalised() {
        assert_eq!(read("127.0.0.1:8081"), "http://127.0.0.1:8081");
        assert_eq!(read(" LOCALHOST:80 "), "http://localhost");
        assert_eq!(read("[::1]:9"), "http://[::1]:9");
        assert_eq!(read("Gate.Example.COM"), "https://gate.example.com");
        assert_eq!(read("https://gate.example.com:443/"), "https://gate.example.com");
    }

    #[test]
    fn plain_http_leaves_this_machine_never() {
        for text in [
            "http://gate.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            assert!(matches!(Origin::parse(text), Err(BadOrigin::PlainHttp { .. })), "{text}");
        }
    }

    #[test]
    fn what_is_more_than_an_origin_is_refused() {
        for text in
            ["https://h/path", "https://h?x=1", "https://u:p@h", "ftp://h", "", "://", "a b", "https://"]
        {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        let told = Origin::parse("https://u:hunter2@h").expect_err("refused").to_string();
        assert!(!told.contains("hunter2"));
    }

    #[test]
    fn no_id_can_name_another_path() {
        let origin = Origin::parse("localhost:1").expect("origin");
        assert!(origin.at("/agentic/%2E%2E/runbook").is_none());
        assert!(origin.at("/agentic//runbook").is_none());
        let kept = origin.at("/agentic/a%2Fb%3F/runbook").expect("kept");
        assert_eq!(kept.as_str(), "http://localhost:1/agentic/a%2Fb%3F/runbook");
    }
}
