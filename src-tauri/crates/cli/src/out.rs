//! The one way to the terminal: every character of a gateway passes here, and none of Unicode Cc, Cf, Zl or Zp but
//! newline and tab gets through raw (rule 11).

use crate::exit::Stop;
use domain::escape;
use serde::Serialize;
use std::io::{self, Write};

/// What stdout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Sentences and cards.
    Text,
    /// JSON and nothing else.
    Json,
}

/// Standard output and error in one of the forms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    /// See [`Form`].
    pub(crate) form: Form,
}

impl Out {
    /// JSON if `--json` stands anywhere on the command line.
    pub(crate) fn new(wants_json: bool) -> Self {
        Self { form: if wants_json { Form::Json } else { Form::Text } }
    }

    /// Prints one JSON value on one line, in JSON form; its text otherwise.
    pub(crate) fn print(&self, value: &impl Serialize, text: impl FnOnce() -> String) {
        match self.form {
            Form::Json => self.line(&json(value)),
            Form::Text => self.line(escape::visible(&text()).text.as_ref()),
        }
    }

    /// Says something beside the answer: on stderr, and only to people.
    pub(crate) fn note(&self, text: &str) {
        if self.form == Form::Text {
            let _ = writeln!(io::stderr(), "{}", escape::visible(text).text);
        }
    }

    /// Tells why it stops.
    pub(crate) fn error(&self, stop: &Stop) {
        let _ = match self.form {
            Form::Json => {
                let error = serde_json::json!({"error": {"code": stop.code, "message": stop.message}});
                writeln!(io::stderr(), "{}", json(&error))
            }
            Form::Text => writeln!(io::stderr(), "holdctl: {}", escape::visible(&stop.message).text),
        };
    }

    /// A closed pipe ends the program quietly: the reader has had enough.
    fn line(&self, line: &str) {
        let mut out = io::stdout().lock();
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
    }
}

/// Serialised, with hostile characters as `\uXXXX`.
fn json(value: &impl Serialize) -> String {
    // Values made here: maps with string keys. Serialisation cannot fail.
    let text = serde_json::to_string(value).unwrap_or_default();
    escape::json(&text).into_owned()
}
