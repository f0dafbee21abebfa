//! One HTTP effect: sent exactly as rendered, secrets put in at the last moment, and told as it went (rule 12).

use super::outward::acceptable;
use crate::core::Core;
use domain::effect::{Known, Text};
use domain::{ActionResult, Effect, RenderedAction};
use futures_util::StreamExt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Longest answer that is kept, in bytes; the rest is not read.
const KEPT_BYTES: usize = 1024 * 1024;
/// How much of the answer `result.response` repeats; `output` has it whole.
const RESPONSE_BYTES: usize = 16 * 1024;

/// Carries the action out. Never fails: whatever happens is a result.
pub(crate) async fn execute(app: &Core, pipeline: &str, action: &RenderedAction) -> ActionResult {
    let started_ms = app.config.clock.boot_ms();
    let attempt = match prepare(app, pipeline, action) {
        Ok(request) => answer(app, request).await,
        Err(why) => Err(why),
    };
    let seconds = app.config.clock.boot_ms().saturating_sub(started_ms) as f64 / 1_000.0;
    let action_id = action.action.action_id.clone();
    let result = match attempt {
        Ok(answered) => answered.result(),
        Err(why) => ActionResult {
            success: Some(false),
            status: Some("failed".to_owned()),
            result: Some(json!({"status": "failed"})),
            error: Some(Value::String(why)),
            ..ActionResult::default()
        },
    };
    ActionResult { action_id, execution_time: Some(seconds), ..result }
}

struct Answered {
    code: StatusCode,
    body: String,
    whole: Whole,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Complete,
    Cut,
}

impl Answered {
    fn result(self) -> ActionResult {
        let redirected = self.code.is_redirection();
        let success = self.code.as_u16() < 400 && !redirected;
        let word = if success { "success" } else { "failed" };
        let error = match (success, redirected) {
            (true, _) => None,
            (false, true) => Some(format!("The service redirected ({}), which is not followed.", self.code)),
            (false, false) => Some(format!("The service answered {}.", self.code)),
        };
        let mut response = self.body.clone();
        crate::stream::frame::cut(&mut response, RESPONSE_BYTES);
        let mut extra = Map::new();
        if self.whole == Whole::Cut {
            extra.insert("truncated".to_owned(), Value::Bool(true));
        }
        ActionResult {
            success: Some(success),
            status: Some(word.to_owned()),
            output: Some(Value::String(self.body)),
            result: Some(json!({"status": word, "status_code": self.code.as_u16(), "response": response})),
            error: error.map(Value::String),
            extra,
            ..ActionResult::default()
        }
    }
}

fn prepare(app: &Core, pipeline: &str, action: &RenderedAction) -> Result<reqwest::Request, String> {
    let Effect::Known(Known::Http { method, url, headers, body }) = &action.effect else {
        return Err("Nothing was sent: this gateway executes http effects only.".to_owned());
    };
    let fill = |text: &Text| {
        text.fill(|name| app.vault.value(pipeline, name))
            .map_err(|name| format!("Nothing was sent: this gateway has no value for the secret \"{name}\"."))
    };
    let unsent = |why: String| format!("Nothing was sent: {why}.");
    let url = acceptable(&fill(url)?).map_err(unsent)?;
    let method =
        Method::from_bytes(method.as_bytes()).map_err(|_| unsent(format!("{method} is no method")))?;
    let mut sent = HeaderMap::new();
    for (name, value) in headers {
        let bad = || unsent(format!("the header {name} cannot be sent as it is"));
        let value = HeaderValue::from_str(&fill(value)?).map_err(|_| bad())?;
        sent.append(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    let timeout = Duration::from_secs(action.action.timeout_s());
    let mut request = app.outward.request(method, url).headers(sent).timeout(timeout);
    if let Some(body) = body {
        request = request.body(fill(body)?);
    }
    request.build().map_err(|error| unsent(cause(&error.without_url())))
}

async fn answer(app: &Core, request: reqwest::Request) -> Result<Answered, String> {
    let response = app.outward.execute(request).await.map_err(told)?;
    let code = response.status();
    let (body, whole) = read(response).await.map_err(told)?;
    Ok(Answered { code, body, whole })
}

async fn read(response: Response) -> Result<(String, Whole), reqwest::Error> {
    let mut kept = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        let room = KEPT_BYTES - kept.len();
        if chunk.len() > room {
            kept.extend_from_slice(&chunk[..room]);
            return Ok((String::from_utf8_lossy(&kept).into_owned(), Whole::Cut));
        }
        kept.extend_from_slice(&chunk);
    }
    Ok((String::from_utf8_lossy(&kept).into_owned(), Whole::Complete))
}

/// A transport error as a sentence without the address: it may hold a secret.
fn told(error: reqwest::Error) -> String {
    if error.is_connect() {
        return format!("The service could not be reached: {}.", cause(&error.without_url()));
    }
    let timed_out = error.is_timeout();
    let cause = cause(&error.without_url());
    if timed_out {
        "The service did not answer in time; whether it took effect is not known.".to_owned()
    } else {
        format!("The call broke off, so whether it took effect is not known: {cause}.")
    }
}

/// The innermost cause: the outer ones only say that something failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    inner.to_string()
}
