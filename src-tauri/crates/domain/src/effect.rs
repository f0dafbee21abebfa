//! What exactly will be done by an action (CONTRACT 1b). An effect is data: it is shown, hashed and executed from the
//! same value, and a form this build does not know is kept raw rather than guessed at.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Exactly what will be done.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(untagged))]
pub enum Effect {
    /// A form of CONTRACT 1b that this build knows completely.
    Known(Known),
    /// Anything else, whole, as it came. Shown as raw JSON and hashed as it stands.
    Raw(Value),
}

/// The effects of CONTRACT 1b, and `undisclosed` of CONTRACT 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Known {
    /// One HTTP request.
    Http {
        /// Upper-case method.
        method: String,
        /// Absolute URL.
        url: Text,
        /// Lower-case names.
        headers: BTreeMap<String, Text>,
        /// Exact body text; `null` sends none.
        body: Option<Text>,
    },
    /// One process on the gateway's host, without a shell.
    Argv {
        /// Program and arguments.
        argv: Vec<Text>,
        /// Working directory.
        cwd: Option<String>,
    },
    /// One command over SSH.
    Ssh {
        /// Host name or address.
        host: String,
        /// Port, a string because an effect holds no numbers.
        port: String,
        /// Remote user.
        user: String,
        /// Expected host key.
        host_key: String,
        /// Remote argv.
        argv: Vec<Text>,
    },
    /// One kubectl-like call.
    K8s {
        /// Arguments.
        argv: Vec<Text>,
    },
    /// The gateway does not say what it will send; `entry` is its registry entry as read (CONTRACT 3).
    Undisclosed {
        /// The registry entry, each number as `{"n":"literal"}`.
        entry: Value,
    },
}

/// An exact text, or a list of parts where secrets are filled in only at execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Text {
    /// Nothing secret in it.
    Plain(String),
    /// Literal pieces and secret names in order.
    Parts(Vec<Part>),
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Part {
    /// Sent as it stands.
    Literal(String),
    /// Replaced by the named secret's value at execution.
    Secret {
        /// The secret's name.
        secret: String,
    },
}

impl Text {
    /// Names of the secrets in this text.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let parts: &[Part] = match self {
            Text::Plain(_) => &[],
            Text::Parts(parts) => parts,
        };
        parts.iter().filter_map(|part| match part {
            Part::Secret { secret } => Some(secret.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The text with each secret's value put in, or the name of the first that `lookup` does not know.
    pub fn fill(&self, lookup: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        match self {
            Text::Plain(text) => Ok(text.clone()),
            Text::Parts(parts) => parts.iter().try_fold(String::new(), |mut whole, part| {
                match part {
                    Part::Literal(text) => whole.push_str(text),
                    Part::Secret { secret } => whole.push_str(&lookup(secret).ok_or_else(|| secret.clone())?),
                }
                Ok(whole)
            }),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::Plain(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text::Plain(text)
    }
}

/// For people: a secret stands as `{secret:NAME}`.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Plain(text) => f.write_str(text),
            Text::Parts(parts) => parts.iter().try_for_each(|part| match part {
                Part::Literal(text) => f.write_str(text),
                Part::Secret { secret } => write!(f, "{{secret:{secret}}}"),
            }),
        }
    }
}

impl Effect {
    /// The word in `kind`, or `"raw"`.
    pub fn kind(&self) -> &str {
        match self {
            Effect::Known(Known::Http { .. }) => "http",
            Effect::Known(Known::Argv { .. }) => "argv",
            Effect::Known(Known::Ssh { .. }) => "ssh",
            Effect::Known(Known::K8s { .. }) => "k8s",
            Effect::Known(Known::Undisclosed { .. }) => "undisclosed",
            Effect::Raw(_) => "raw",
        }
    }

    /// The JSON form that is hashed.
    pub fn to_value(&self) -> Value {
        match self {
            // A `Known` is strings, maps and lists only: serialisation cannot fail.
            Effect::Known(known) => serde_json::to_value(known).unwrap_or(Value::Null),
            Effect::Raw(value) => value.clone(),
        }
    }

    /// Reads an effect. A value that this build could not reproduce to the letter stays [`Effect::Raw`]: what is
    /// hashed must be what is shown (rule 3).
    pub fn from_value(value: Value) -> Self {
        match serde_json::from_value::<Known>(value.clone()) {
            Ok(known) if serde_json::to_value(&known).is_ok_and(|again| again == value) => {
                Effect::Known(known)
            }
            _ => Effect::Raw(value),
        }
    }
}

impl Serialize for Effect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Effect::Known(known) => known.serialize(serializer),
            Effect::Raw(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Effect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Effect::from_value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_effect_with_a_field_we_do_not_know_stays_raw_and_whole() {
        let value =
            json!({"kind":"http","method":"POST","url":"http://h/","headers":{},"body":null,"proxy":"x"});
        let effect = Effect::from_value(value.clone());
        assert_eq!(effect, Effect::Raw(value.clone()));
        assert_eq!(effect.to_value(), value);
    }

    #[test]
    fn an_effect_that_lacks_a_field_is_not_completed_in_silence() {
        let value = json!({"kind":"http","method":"POST","url":"http://h/","headers":{}});
        assert_eq!(Effect::from_value(value.clone()), Effect::Raw(value));
    }

    #[test]
    fn secrets_are_named_when_shown_and_filled_when_executed() {
        let text = Text::Parts(vec![Part::Literal("Bearer ".into()), Part::Secret { secret: "ops".into() }]);
        assert_eq!(text.to_string(), "Bearer {secret:ops}");
        assert_eq!(text.fill(|_| Some("s3".into())), Ok("Bearer s3".into()));
        assert_eq!(text.fill(|_| None), Err("ops".into()));
    }
}
