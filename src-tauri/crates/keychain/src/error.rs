//! What can go wrong with a keychain that is there. The texts of the OS are kept, its values never: an error of the
//! store may carry the bytes of the secret.

/// Why a secret could not be read, kept or deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It did not answer in time: most often it waits for its own password.
    #[error(
        "the keychain is locked or does not answer: unlock it (its prompt may be behind a window) and try again"
    )]
    Locked,
    /// It answered that this may not be read, or has no collection to keep anything in.
    #[error("the keychain gives no access: {0}; create or unlock its default collection and try again")]
    NoAccess(String),
    /// What it holds under this name is not a text of ours.
    #[error(
        "the keychain holds something else under this name; delete the Holdpoint entries in it and sign in again"
    )]
    Foreign,
    /// Anything else.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

impl From<keyring::Error> for KeychainError {
    fn from(error: keyring::Error) -> Self {
        match error {
            keyring::Error::NoStorageAccess(why) => KeychainError::NoAccess(why.to_string()),
            keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => KeychainError::Foreign,
            other => KeychainError::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_13_an_error_about_a_secret_does_not_carry_it() {
        let error = KeychainError::from(keyring::Error::BadEncoding(b"hunter2".to_vec()));
        assert_eq!(error, KeychainError::Foreign);
        assert!(!format!("{error:?} {error}").contains("104"), "nor its bytes");
    }
}
