//! A call as data: what is sent where, under whose name, and whether it may be sent twice.

use crate::failure::{Failure, NotSent};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde::Serialize;

/// Longest answer that is read, decompressed.
pub(crate) const ANSWER_LIMIT_BYTES: usize = 32 * 1024 * 1024;

/// Under whose name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Nobody's.
    Open,
    /// The access token.
    Access,
    /// Access and refresh token: only for the routes that renew or end a session.
    Whole,
}

/// May it be sent again when the connection breaks?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or the gateway takes the second for the first.
    Safe,
    /// It might happen twice.
    Never,
}

/// The content.
pub(crate) enum Body {
    Empty,
    Form(Vec<(&'static str, String)>),
    Json(String),
}

/// One call. No `Debug`: a form may hold a password.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Body,
    pub(crate) auth: Auth,
    pub(crate) repeat: Repeat,
    /// `None` = the time-out of reads.
    pub(crate) timeout_ms: Option<u64>,
}

impl Call {
    /// A read under the session.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Empty,
            auth: Auth::Access,
            repeat: Repeat::Safe,
            timeout_ms: None,
        }
    }

    /// A change under the session, sent once.
    pub(crate) fn post(path: impl Into<String>, body: Body) -> Self {
        Self { method: Method::POST, body, repeat: Repeat::Never, ..Self::get(path) }
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    pub(crate) fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }
}

impl Body {
    /// The value as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Failure> {
        serde_json::to_string(value)
            .map(Body::Json)
            .map_err(|error| Failure::NotSent { why: NotSent::Local(error.to_string()) })
    }
}

/// An answer of any status, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Reads the body as JSON of that shape.
    pub(crate) fn read<T: for<'de> serde::Deserialize<'de>>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(Failure::bad_answer)
    }
}
