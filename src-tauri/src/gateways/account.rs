//! The accounts of the built-in gateway: the person who decides here, and the machine that raises. Their passwords are
//! random and in the keychain; no person ever types them.

use domain::Entropy;
use engine::command::{Code, Refused};
use gateway::{AddError, Gateway, Role};
use keychain::{Entry, Keychain, Secret};
use serde::{Deserialize, Serialize};

/// The person at this machine. A top-level domain that can never exist.
const PERSON: &str = "you@this-machine.invalid";
/// Whoever raises errors here, so that the person may approve them.
const MACHINE: &str = "machine@this-machine.invalid";

/// As the keychain keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Accounts {
    /// Decides.
    pub(crate) person: Account,
    /// Raises.
    pub(crate) machine: Account,
}

/// An address and its password; not to be logged.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Who.
    pub(crate) email: String,
    /// Random.
    pub(crate) password: String,
}

/// Where new accounts are kept.
#[derive(PartialEq)]
enum Place {
    Keychain,
    ThisRun,
}

/// Those that the keychain keeps, or new ones. Where an earlier run's passwords are lost new addresses are made: an
/// account is never taken over.
pub(crate) async fn ready(
    gateway: &Gateway,
    keychain: &Keychain,
    entropy: &dyn Entropy,
) -> Result<Accounts, Refused> {
    let found = keychain.get(&Entry::GatewayPassword).await;
    // What a locked keychain holds must not be written over by what is made because it was locked.
    let place = if found.is_ok() { Place::Keychain } else { Place::ThisRun };
    let kept = found.unwrap_or_else(|error| {
        tracing::warn!(%error, "the accounts of the built-in gateway last only for this run");
        None
    });
    if let Some(accounts) = kept.and_then(|secret| serde_json::from_str(secret.expose()).ok()) {
        return Ok(accounts);
    }
    let accounts = Accounts {
        person: made(gateway, PERSON, Role::Owner, entropy).await?,
        machine: made(gateway, MACHINE, Role::Machine, entropy).await?,
    };
    let text = serde_json::to_string(&accounts).map_err(|error| refused(&error.to_string()))?;
    if place == Place::Keychain
        && let Err(error) = keychain.set(&Entry::GatewayPassword, Secret::new(text)).await
    {
        tracing::warn!(%error, "the accounts of the built-in gateway last only for this run");
    }
    Ok(accounts)
}

async fn made(gateway: &Gateway, email: &str, role: Role, entropy: &dyn Entropy) -> Result<Account, Refused> {
    let password = entropy.uuid().simple().to_string();
    let another = email.replace('@', &format!("-{}@", &entropy.uuid().simple().to_string()[..8]));
    for email in [email, &another] {
        match gateway.add_user(email, role, &password).await {
            Ok(_) => return Ok(Account { email: email.to_owned(), password }),
            Err(AddError::Taken(_)) => {}
            Err(error) => return Err(refused(&error.to_string())),
        }
    }
    Err(refused("no account could be added"))
}

fn refused(why: &str) -> Refused {
    Refused::new(Code::Refused, format!("The built-in gateway's accounts could not be made: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::system::SystemEntropy;
    use gateway::Config;

    #[tokio::test]
    async fn accounts_are_kept_and_a_lost_password_makes_another_account_instead_of_taking_one_over() {
        let gateway = Gateway::open(Config::new("sqlite::memory:")).await.expect("opens");
        let keychain = Keychain::in_memory();
        let first = ready(&gateway, &keychain, &SystemEntropy).await.expect("made");
        assert_eq!(first.person.email, PERSON);
        let again = ready(&gateway, &keychain, &SystemEntropy).await.expect("kept");
        assert_eq!(again.person.password, first.person.password);
        let lost = ready(&gateway, &Keychain::in_memory(), &SystemEntropy).await.expect("made anew");
        assert_ne!(lost.person.email, PERSON);
        assert!(lost.person.email.ends_with("@this-machine.invalid"), "{}", lost.person.email);
    }
}
