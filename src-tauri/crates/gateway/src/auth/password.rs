//! Password hashes: argon2id with its recommended cost.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use domain::Entropy;

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub(crate) struct HashFailure(argon2::password_hash::Error);

/// Whether a password is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Right,
    Wrong,
}

/// Hashes a new password. Takes a good part of a second of CPU on purpose: call it off the async threads.
pub(crate) fn hash(password: &str, entropy: &dyn Entropy) -> Result<String, HashFailure> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let salt = SaltString::encode_b64(&salt).map_err(HashFailure)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(HashFailure)?.to_string())
}

/// Checks a password; costs the same whether or not there is an account, so that time tells nothing.
pub(crate) fn check(password: &str, hash: Option<&str>) -> Check {
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let Some(parsed) = parsed else {
        let mut sink = [0; 32];
        // The result is not looked at: only the time matters.
        let _ = Argon2::default().hash_password_into(password.as_bytes(), b"nobody-has-this!", &mut sink);
        return Check::Wrong;
    };
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) => Check::Right,
        Err(_) => Check::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn only_the_right_password_passes_and_no_account_never_does() {
        let hash = hash("correct horse", &SystemEntropy).expect("hashes");
        assert!(hash.starts_with("$argon2id$"));
        assert_eq!(check("correct horse", Some(&hash)), Check::Right);
        assert_eq!(check("correct horsf", Some(&hash)), Check::Wrong);
        assert_eq!(check("", None), Check::Wrong);
    }
}
