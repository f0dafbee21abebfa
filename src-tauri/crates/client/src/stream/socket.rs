//! The handshake of the stream, over the same client as REST: the same TLS, proxies and name resolution.

use crate::failure::{Failure, Unclear};
use crate::gateway::Gateway;
use crate::settings::Dialect;
use crate::stream::meter::{Meter, Metered, metered};
use crate::wire::breakage;
use crate::wire::call::Call;
use crate::wire::transport::whole;
use crate::wire::verdict;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::{DATE, SEC_WEBSOCKET_ACCEPT};
use reqwest::{Response, Upgraded};
use std::time::Duration;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Longest message and frame of a gateway of ours, which keeps its events under 64 KiB (CONTRACT 2).
const MESSAGE_LIMIT_BYTES: usize = 1024 * 1024;
const FRAME_LIMIT_BYTES: usize = 256 * 1024;
/// The platform does not fragment.
const PLATFORM_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// An open connection, and what it counts.
pub(crate) struct Socket {
    pub(crate) frames: WebSocketStream<Metered<Upgraded>>,
    pub(crate) meter: Meter,
}

/// A handshake that went through.
pub(crate) struct Opened {
    pub(crate) socket: Socket,
    pub(crate) dialect: Dialect,
    /// The `Date` of its answer.
    pub(crate) time: Option<DateTime<Utc>>,
}

impl Gateway {
    /// Opens the stream's connection under the session at hand. Renewing it is the machine's decision.
    pub(crate) async fn connect(&self) -> Result<Opened, Failure> {
        let dialect = self.dialect().await?;
        let (tokens, _) = self.tokens(dialect)?;
        let mut bytes = [0; 16];
        self.inner.settings.entropy.fill(&mut bytes);
        let key = STANDARD.encode(bytes);
        // The platform refuses the path without the slash.
        let path = match dialect {
            Dialect::Holdpoint => "/ws",
            Dialect::Platform => "/ws/",
        };
        let response = self.inner.transport.upgrade(Call::get(path), &key, &tokens).await?;
        let status = response.status().as_u16();
        if status != 101 {
            let after_ms = self.inner.settings.timeouts.upgrade_ms;
            let answer = tokio::time::timeout(Duration::from_millis(after_ms), whole(response))
                .await
                .unwrap_or(Err(Failure::Unclear { why: Unclear::TimedOut { after_ms } }))?;
            return Err(match status {
                200..300 => {
                    Failure::Proxy { why: format!("it answered {status} instead of opening the stream") }
                }
                _ => verdict::refusal(dialect, &answer, self.inner.transport.now()),
            });
        }
        let time = date(response.headers());
        let socket = accepted(response, &key, dialect).await?;
        Ok(Opened { socket, dialect, time })
    }
}

/// The socket behind an answer that says 101, if it was given to us.
pub(super) async fn accepted(response: Response, key: &str, dialect: Dialect) -> Result<Socket, Failure> {
    let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT).map(|value| value.as_bytes().to_vec());
    if accept.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(Failure::Proxy { why: "the stream's handshake was answered by something else".into() });
    }
    let upgraded = response.upgrade().await.map_err(|error| breakage::read(&error))?;
    let (metered, meter) = metered(upgraded);
    let frames = WebSocketStream::from_raw_socket(metered, Role::Client, Some(limits(dialect))).await;
    Ok(Socket { frames, meter })
}

fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc())
}

fn limits(dialect: Dialect) -> WebSocketConfig {
    let (message, frame) = match dialect {
        Dialect::Holdpoint => (MESSAGE_LIMIT_BYTES, FRAME_LIMIT_BYTES),
        Dialect::Platform => (PLATFORM_LIMIT_BYTES, PLATFORM_LIMIT_BYTES),
    };
    WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(message))
        .max_frame_size(Some(frame))
}
