//! Sends one call and brings its whole answer, whatever its status; and opens the stream's connection the same way, so
//! that proxies, TLS and name resolution are the same for both.

use crate::failure::{Failure, NotSent, Unclear};
use crate::origin::Origin;
use crate::session::Tokens;
use crate::settings::{Dialect, Settings, Timeouts};
use crate::wire::breakage;
use crate::wire::call::{ANSWER_LIMIT_BYTES, Answer, Auth, Body, Call, Repeat};
use crate::wire::retry;
use crate::wire::tls::{self, Trust};
use crate::wire::way;
use domain::{Clock, Entropy};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderValue};
use protocol::rest::{CLIENT_HEADER, CORRELATION_HEADER};
use reqwest::{Client, ClientBuilder, Request, Response};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What this program calls itself.
const CLIENT_NAME: &str = concat!("holdpoint/", env!("CARGO_PKG_VERSION"));

/// Servers close idle connections after five seconds and more. One that closes under a decision makes it unclear, so
/// none is kept that long.
const IDLE: Duration = Duration::from_secs(4);

/// The runtime's timers stand still during suspend: the boot-time clock is looked at so often at least.
const LOOK_MS: u64 = 1_000;

/// The connections to one origin.
pub(crate) struct Transport {
    origin: Origin,
    rest: Client,
    /// HTTP/1.1 only: a WebSocket is an upgrade of it.
    upgrading: Client,
    timeouts: Timeouts,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        let build = |builder: ClientBuilder| {
            builder.build().map_err(|error| Failure::NotSent { why: NotSent::Local(error.to_string()) })
        };
        Ok(Self {
            rest: build(builder(settings, &["h2", "http/1.1"])?)?,
            upgrading: build(builder(settings, &["http/1.1"])?.http1_only())?,
            origin: settings.origin.clone(),
            timeouts: settings.timeouts,
            clock: settings.clock.clone(),
            entropy: settings.entropy.clone(),
        })
    }

    /// Sends; if the call is safe to repeat and the connection broke, up to twice more.
    pub(crate) async fn send(&self, call: &Call, tokens: Option<&Tokens>) -> Result<Answer, Failure> {
        let mut again = 0;
        loop {
            let failure = match self.send_once(call, tokens).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if call.repeat == Repeat::Never || again == retry::RETRIES || !failure.is_transient() {
                return Err(failure);
            }
            again += 1;
            let delay_ms = retry::delay_ms(again, self.entropy.below(u64::MAX));
            tracing::debug!(%failure, again, delay_ms, path = call.path, "a safe call is sent again");
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
    }

    async fn send_once(&self, call: &Call, tokens: Option<&Tokens>) -> Result<Answer, Failure> {
        let request = self.request(call, tokens)?;
        let after_ms = call.timeout_ms.unwrap_or(self.timeouts.read_ms);
        let exchange = async {
            let response = self.rest.execute(request).await.map_err(|error| breakage::read(&error))?;
            whole(response).await
        };
        within(&*self.clock, after_ms, exchange)
            .await
            .unwrap_or(Err(Failure::Unclear { why: Unclear::TimedOut { after_ms } }))
    }

    /// Asks for an upgrade with the given headers. The response is given as it came; its status says how it went.
    pub(crate) async fn upgrade(&self, call: Call, key: &str, tokens: &Tokens) -> Result<Response, Failure> {
        let call = call
            .header(http::header::CONNECTION, HeaderValue::from_static("Upgrade"))
            .header(http::header::UPGRADE, HeaderValue::from_static("websocket"))
            .header(http::header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
            .header(http::header::SEC_WEBSOCKET_KEY, value(key)?);
        let request = self.request(&call, Some(tokens))?;
        let after_ms = self.timeouts.upgrade_ms;
        within(&*self.clock, after_ms, self.upgrading.execute(request))
            .await
            .ok_or(Failure::Unclear { why: Unclear::TimedOut { after_ms } })?
            .map_err(|error| breakage::read(&error))
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    fn request(&self, call: &Call, tokens: Option<&Tokens>) -> Result<Request, Failure> {
        let mut url = self.origin.at(&call.path).ok_or_else(|| Failure::BadId { id: call.path.clone() })?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query.iter().map(|(name, text)| (*name, text.as_str())));
        }
        let mut request = Request::new(call.method.clone(), url);
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CLIENT_HEADER, HeaderValue::from_static(CLIENT_NAME));
        headers.insert(CORRELATION_HEADER, value(&self.entropy.uuid().to_string())?);
        for (name, value) in &call.headers {
            headers.insert(name, value.clone());
        }
        if let Some(tokens) = tokens.filter(|_| call.auth != Auth::Open) {
            let (name, mut value) = credentials(tokens, call.auth)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let (kind, content) = match &call.body {
            Body::Empty => return Ok(request),
            Body::Form(pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs);
                ("application/x-www-form-urlencoded", form.finish())
            }
            Body::Json(text) => ("application/json", text.clone()),
        };
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        *request.body_mut() = Some(content.into());
        Ok(request)
    }
}

fn builder(settings: &Settings, protocols: &[&str]) -> Result<ClientBuilder, Failure> {
    let (origin, network) = (&settings.origin, &settings.network);
    let trust = if origin.is_https() { Trust::System(&network.extra_roots) } else { Trust::Nobody };
    let builder = Client::builder()
        .tls_backend_preconfigured(tls::config(trust, protocols)?)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(CLIENT_NAME)
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE)
        // Nothing but what the settings say: the process's own environment is not looked at.
        .no_proxy()
        .connect_timeout(Duration::from_millis(settings.timeouts.connect_ms));
    if !origin.is_loopback() {
        return way::through(builder, network);
    }
    // What goes to this machine goes to this machine: past every proxy, and whatever a hosts file says.
    let here = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]
        .map(|address| SocketAddr::new(address, 0));
    Ok(builder.resolve_to_addrs("localhost", &here))
}

fn credentials(tokens: &Tokens, auth: Auth) -> Result<(http::HeaderName, HeaderValue), Failure> {
    match tokens.dialect {
        Dialect::Holdpoint => Ok((AUTHORIZATION, value(&format!("Bearer {}", tokens.access))?)),
        Dialect::Platform => {
            let mut cookies = format!("access_token={}", tokens.access);
            if let (Auth::Whole, Some(refresh)) = (auth, &tokens.refresh) {
                cookies.push_str(&format!("; refresh_token={refresh}"));
            }
            Ok((COOKIE, value(&cookies)?))
        }
    }
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    // The text may be a secret: the error does not quote it.
    HeaderValue::from_str(text)
        .map_err(|_| Failure::NotSent { why: NotSent::Local("a header holds characters it cannot".into()) })
}

/// What `call` brings, if it does so in time by the boot-time clock: what a call waited for before the machine slept will
/// not come afterwards (F33).
async fn within<T>(clock: &dyn Clock, limit_ms: u64, call: impl Future<Output = T>) -> Option<T> {
    let due_ms = clock.boot_ms() + limit_ms;
    let mut call = std::pin::pin!(call);
    loop {
        let left_ms = due_ms.saturating_sub(clock.boot_ms());
        if left_ms == 0 {
            return None;
        }
        tokio::select! {
            biased;
            done = &mut call => return Some(done),
            () = tokio::time::sleep(Duration::from_millis(left_ms.min(LOOK_MS))) => {}
        }
    }
}

/// Reads an answer to its end, within [`ANSWER_LIMIT_BYTES`].
pub(crate) async fn whole(mut response: Response) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| breakage::read(&error))? {
        if body.len() + chunk.len() > ANSWER_LIMIT_BYTES {
            return Err(Failure::TooLarge { limit_bytes: ANSWER_LIMIT_BYTES });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}
