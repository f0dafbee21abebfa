//! Gateways and sessions: add, probe and pin, sign in, restore, keep in the keychain (rules 8 and 13).

use super::reach::Reach;
use super::{Mail, Ports};
use crate::command::{Code, Password, Refused};
use crate::effect::CallId;
use crate::failure::{refused, store_refused};
use crate::input::{Done, Input, SignedInAs};
use client::{Dialect, Origin, SessionSecret, Settings};
use domain::GatewayId;
use keychain::{Entry, Secret};
use store::GatewayRecord;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Stands on disk for where the built-in gateway listens: a port that nobody can listen on, so that the session never
/// goes to whoever has the last run's port now.
const NOWHERE: &str = "http://127.0.0.1:0";

/// The keychain entry of a gateway's session.
fn entry(gateway: GatewayId) -> Entry {
    Entry::Session { gateway: gateway.to_string() }
}

/// The dialect a record pins.
pub(crate) fn pinned(record: &GatewayRecord) -> Option<Dialect> {
    record.dialect.as_deref().and_then(Dialect::from_word)
}

/// A client of a known gateway, with the session that was kept, if one was. Nothing is sent.
pub(crate) async fn open(
    ports: &Ports,
    record: &GatewayRecord,
) -> Result<(client::Gateway, Option<SignedInAs>), Refused> {
    let origin = Origin::parse(&record.origin).map_err(|bad| Refused::new(Code::Usage, bad.to_string()))?;
    let mut settings = Settings::new(origin, ports.clock.clone(), ports.entropy.clone());
    settings.pinned = pinned(record);
    settings.network = ports.network.clone();
    settings.pipelines_by_hand = record.pipelines_by_hand.clone();
    let client = client::Gateway::new(settings).map_err(|failure| refused(&failure))?;
    let kept = ports.keychain.get(&entry(record.id)).await.unwrap_or_default();
    let restored = kept.is_some_and(|secret| client.restore(&SessionSecret::new(secret.expose())));
    let who = restored
        .then(|| {
            Some(SignedInAs { email: record.account.clone()?, dialect: pinned(record)?, not_kept: None })
        })
        .flatten();
    Ok((client, who))
}

/// Finds a gateway by its normalised origin, or makes it known.
pub(crate) fn add(ports: Ports, mail: mpsc::Sender<Mail>, call: CallId, address: String) {
    tokio::spawn(async move {
        let result = add_now(&ports, &mail, &address).await;
        let _ = mail.send(Mail::Input(Input::Done(Done::Added { call, result }))).await;
    });
}

async fn add_now(ports: &Ports, mail: &mpsc::Sender<Mail>, address: &str) -> Result<GatewayRecord, Refused> {
    let origin =
        Origin::parse(address).map_err(|bad| Refused::new(Code::Usage, bad.to_string()))?.to_string();
    let known = ports.store.reader().gateways().await.map_err(|error| store_refused(&error))?;
    if let Some(record) = known.into_iter().find(|record| record.origin == origin) {
        return Ok(record);
    }
    let record = GatewayRecord {
        id: GatewayId(ports.entropy.uuid()),
        name: origin.clone(),
        origin,
        dialect: None,
        account: None,
        pipelines_by_hand: Vec::new(),
    };
    ports.store.add_gateway(&record).await.map_err(|error| store_refused(&error))?;
    let (client, _) = open(ports, &record).await?;
    let _ = mail.send(Mail::Reachable(Box::new(client), record.clone())).await;
    Ok(record)
}

/// Makes the built-in gateway known where it listens in this run.
pub(crate) fn host(
    ports: Ports,
    mail: mpsc::Sender<Mail>,
    call: CallId,
    gateway: GatewayId,
    name: String,
    address: String,
) {
    tokio::spawn(async move {
        let result = host_now(&ports, &mail, gateway, name, &address).await;
        let _ = mail.send(Mail::Input(Input::Done(Done::Hosted { call, result }))).await;
    });
}

async fn host_now(
    ports: &Ports,
    mail: &mpsc::Sender<Mail>,
    gateway: GatewayId,
    name: String,
    address: &str,
) -> Result<GatewayRecord, Refused> {
    let origin = Origin::parse(address).map_err(|bad| Refused::new(Code::Usage, bad.to_string()))?;
    if !origin.is_loopback() {
        let message = format!("{origin} is not on this machine: a built-in gateway listens on loopback.");
        return Err(Refused::new(Code::Usage, message));
    }
    let known = ports.store.reader().gateways().await.map_err(|error| store_refused(&error))?;
    let known = known.into_iter().find(|record| record.id == gateway);
    let kept = match known {
        Some(record) if record.origin == NOWHERE => record,
        Some(record) => {
            let message = format!("{} is not a built-in gateway: it stays where it is.", record.origin);
            return Err(Refused::new(Code::Usage, message));
        }
        None => {
            let record = GatewayRecord {
                id: gateway,
                name,
                origin: NOWHERE.to_owned(),
                dialect: None,
                account: None,
                pipelines_by_hand: Vec::new(),
            };
            ports.store.add_gateway(&record).await.map_err(|error| store_refused(&error))?;
            record
        }
    };
    let here = GatewayRecord { origin: origin.to_string(), ..kept };
    let (client, who) = open(ports, &here).await?;
    let _ = mail.send(Mail::Moved(Box::new(client), here.clone(), who)).await;
    Ok(here)
}

/// Probes, signs in, pins the dialect and the account, keeps the session.
pub(crate) fn sign_in(reach: Reach, call: CallId, email: String, password: Password) {
    tokio::spawn(async move {
        let result = sign_in_now(&reach, &email, &password).await;
        reach.done(Done::SignedIn { call: Some(call), gateway: reach.id, result }).await;
    });
}

async fn sign_in_now(reach: &Reach, email: &str, password: &Password) -> Result<SignedInAs, Refused> {
    let probe = reach.client.probe().await.map_err(|failure| refused(&failure))?;
    let password = client::Password::new(password.0.clone());
    let who = reach.client.sign_in(email, &password).await.map_err(|failure| refused(&failure))?;
    let store = &reach.ports.store;
    let known = store.reader().gateways().await.map_err(|error| store_refused(&error))?;
    if let Some(mut record) = known.into_iter().find(|record| record.id == reach.id) {
        record.dialect = Some(probe.dialect.to_string());
        record.account = Some(who.email.clone());
        store.update_gateway(&record).await.map_err(|error| store_refused(&error))?;
    }
    let not_kept = keep_now(&reach.ports, reach.id, reach.client.session()).await;
    Ok(SignedInAs { email: who.email, dialect: probe.dialect, not_kept })
}

/// Puts the session into the keychain, or says why it lives only as long as this process.
async fn keep_now(ports: &Ports, gateway: GatewayId, session: Option<SessionSecret>) -> Option<String> {
    let entry = entry(gateway);
    let kept = match session {
        Some(secret) => ports.keychain.set(&entry, Secret::new(secret.reveal().to_owned())).await,
        None => ports.keychain.delete(&entry).await,
    };
    match kept {
        Err(error) => Some(error.to_string()),
        Ok(()) if ports.keychain.is_persistent() => None,
        Ok(()) => Some(ports.keychain.availability().to_string()),
    }
}

/// Tokens rotate: the keychain's copy keeps up for as long as the engine runs.
pub(crate) fn keep(ports: &Ports, gateway: GatewayId, client: &client::Gateway, cancel: &CancellationToken) {
    let (ports, mut changes, cancel) = (ports.clone(), client.session_changes(), cancel.clone());
    tokio::spawn(async move {
        loop {
            let changed = tokio::select! {
                () = cancel.cancelled() => return,
                changed = changes.next() => changed,
            };
            let Some(session) = changed else { return };
            if let Some(why) = keep_now(&ports, gateway, session).await {
                tracing::debug!(why, "the session is not kept");
            }
        }
    });
}
