//! Local references (`#/components/...`), followed with a guard against cycles and a bound on all work together.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::cell::Cell;

/// References in a row.
const MAX_HOPS: usize = 32;

/// Steps of work for a whole document.
const MAX_STEPS: u32 = 5_000_000;

/// Why one operation cannot become an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("its reference {0} leads nowhere")]
    Broken(String),
    #[error("its reference {0} leads in a circle")]
    Cyclic(String),
    #[error("its reference {0} leads into another document")]
    External(String),
    #[error("its work bound is used up")]
    TooComplex,
    #[error("it is not of the form that OpenAPI gives")]
    Malformed,
    #[error("its required parameter {name} {why}")]
    Parameter { name: String, why: &'static str },
    #[error("its body can only be sent as {0}, which cannot be written here")]
    ContentType(String),
    #[error("it has more than {0} parameters")]
    TooManyParameters(usize),
    #[error("its sign-in ({0}) cannot be done here")]
    Security(String),
    #[error("its server is not known: {0}")]
    Server(String),
    #[error("it would not be a usable action: {0}")]
    Invalid(String),
}

/// A document and the work that was done on it.
pub(super) struct Document<'a> {
    root: &'a Value,
    steps_left: Cell<u32>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, steps_left: Cell::new(MAX_STEPS) }
    }

    /// The whole document.
    pub(super) fn root(&self) -> &'a Value {
        self.root
    }

    /// Was the work bound hit?
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left.get() == 0
    }

    /// Counts work.
    pub(super) fn work(&self, steps: u32) -> Result<(), Unusable> {
        let left = self.steps_left.get().saturating_sub(steps);
        self.steps_left.set(left);
        if left == 0 { Err(Unusable::TooComplex) } else { Ok(()) }
    }

    /// The value behind a reference, or the value itself.
    pub(super) fn resolve(&self, value: &'a Value) -> Result<&'a Value, Unusable> {
        let mut here = value;
        for _ in 0..MAX_HOPS {
            self.work(1)?;
            let Some(reference) = here.get("$ref").and_then(Value::as_str) else { return Ok(here) };
            let shown = || reference.chars().take(200).collect::<String>();
            let pointer = reference.strip_prefix('#').ok_or_else(|| Unusable::External(shown()))?;
            let pointer = percent_decode_str(pointer).decode_utf8_lossy();
            here = self.root.pointer(&pointer).ok_or_else(|| Unusable::Broken(shown()))?;
        }
        let reference = value.get("$ref").and_then(Value::as_str).unwrap_or_default();
        Err(Unusable::Cyclic(reference.chars().take(200).collect()))
    }
}
