//! A receipt as it is exported: one line of JSON with all members in the clear, and beside them the public key that
//! signs it, so that another machine can verify it with nothing else at hand.

use super::Receipt;
use serde_json::Value;
use std::str::FromStr;

const KEY: &str = "public_key";

/// One line of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The receipt.
    pub receipt: Receipt,
    /// The hex public key that stood beside it. Trusted only as far as the chain announces it.
    pub public_key: Option<String>,
}

/// A line is no receipt.
#[derive(Debug, thiserror::Error)]
#[error("the line is no receipt: {0}")]
pub struct BadLine(#[source] serde_json::Error);

/// The line of a receipt, without its line end.
pub fn export_line(receipt: &Receipt, public_key: &str) -> String {
    // A type of this house with string keys and finite numbers: serialisation has nothing to refuse.
    let mut value = serde_json::to_value(receipt).unwrap_or_default();
    value[KEY] = Value::from(public_key);
    value.to_string()
}

impl FromStr for Line {
    type Err = BadLine;

    fn from_str(text: &str) -> Result<Self, BadLine> {
        let mut value: Value = serde_json::from_str(text).map_err(BadLine)?;
        let key = value.as_object_mut().and_then(|object| object.remove(KEY));
        let public_key = key.and_then(|key| key.as_str().map(str::to_owned));
        Ok(Self { receipt: serde_json::from_value(value).map_err(BadLine)?, public_key })
    }
}
