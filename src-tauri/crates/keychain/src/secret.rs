//! A secret, and the names under which secrets are kept.

use std::fmt;
use zeroize::Zeroizing;

/// A text that must not reach a log, a file or a screen. Its memory is wiped when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What is kept. Within one scope each name stands for one secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Signs this device's receipts.
    DeviceKey,
    /// Keys the hashes that stand where secrets were.
    RedactionKey,
    /// The session at a gateway.
    Session {
        /// The gateway's id here.
        gateway: String,
    },
    /// The owner's password of the embedded gateway.
    GatewayPassword,
}

impl Entry {
    /// The name in the store.
    pub(crate) fn name(&self) -> String {
        match self {
            Entry::DeviceKey => "device-key".to_owned(),
            Entry::RedactionKey => "redaction-key".to_owned(),
            Entry::Session { gateway } => format!("session:{gateway}"),
            Entry::GatewayPassword => "gateway-password".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_13_a_secret_does_not_show_when_it_is_debugged() {
        let secret = Secret::new("hunter2".into());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(..) Some(Secret(..))");
        assert_eq!(secret.expose(), "hunter2");
    }
}
