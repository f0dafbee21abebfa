//! The one way to the terminal: every character of a gateway passes here, and none of Unicode Cc, Cf, Zl or Zp but
//! newline and tab gets through raw (rule 11).

use crate::exit::{Exit, Stop};
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

    /// Prints one JSON value on one line, in JSON form; its text otherwise. What cannot be printed ends the program:
    /// quietly where the reader has had enough and closed the pipe, with an error everywhere else.
    pub(crate) fn print(&self, value: &impl Serialize, text: impl FnOnce() -> String) {
        match self.write(value, text) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            Err(error) => {
                self.error(&unprintable(&error));
                std::process::exit(i32::from(Exit::Other.code()));
            }
        }
    }

    /// Prints how something ended. The exit code is a promise of its own: it is kept whether or not anybody reads.
    pub(crate) fn tell(&self, exit: Exit, value: &impl Serialize, text: impl FnOnce() -> String) -> Exit {
        if let Err(error) = self.write(value, text)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.error(&unprintable(&error));
        }
        exit
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

    fn write(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<()> {
        let line = match self.form {
            Form::Json => json(value),
            Form::Text => escape::visible(&text()).text.into_owned(),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())
    }
}

fn unprintable(error: &io::Error) -> Stop {
    Stop::other("output", format!("Standard output cannot be written ({error})."))
}

/// Serialised, with hostile characters as `\uXXXX`.
fn json(value: &impl Serialize) -> String {
    // Values made here: maps with string keys. Serialisation cannot fail.
    let text = serde_json::to_string(value).unwrap_or_default();
    escape::json(&text).into_owned()
}
