//! `holdctl watch`: every event once, after its commit, by local row number; and each change of the connection state.
//! When the console that ran here ends, this one takes over.

use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::Gate;
use crate::out::Out;
use crate::{place, shapes};
use chrono::{DateTime, Utc};
use domain::{Connection, escape};
use engine::view::{ConnectionChange, GatewayView};
use engine::{Code, Command, Purpose};
use std::time::Duration;
use store::{LocalRow, Reader, StoredEvent};
use tokio::signal::unix::{SignalKind, signal};

/// Events read from the store at once.
const PAGE: u32 = 500;
/// Between two tries to sign in while the gateway cannot be reached.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Watches until the time is up or it is told to end.
pub(crate) async fn run(args: &Args, for_s: Option<u64>, out: &Out) -> Result<Exit, Stop> {
    let ending = end(for_s);
    tokio::pin!(ending);
    let gate = tokio::select! {
        () = &mut ending => return Ok(Exit::Done),
        gate = Gate::open(args, Purpose::Act) => gate?,
    };
    let mut watch = Watch::over(gate, *out).await?;
    tokio::select! {
        () = &mut ending => {}
        stopped = watch.go() => return stopped.map(|_| Exit::Done),
    }
    // What was committed up to here is still printed.
    watch.events().await?;
    watch.gate.console.close().await;
    Ok(Exit::Done)
}

/// The time is up, or SIGINT or SIGTERM came.
async fn end(for_s: Option<u64>) {
    let timer = async {
        match for_s {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = timer => {}
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

struct Watch {
    gate: Gate,
    reader: Reader,
    row: LocalRow,
    told: Option<Connection>,
    /// Number of the newest change of the connection that was looked at.
    change: u64,
    out: Out,
}

impl Watch {
    async fn over(gate: Gate, out: Out) -> Result<Self, Stop> {
        let reader = Reader::open(&place::data_dir()?).await?;
        let row = reader.last_row().await?;
        Ok(Self { gate, reader, row, told: None, change: 0, out })
    }

    /// Signs in, connects, prints; anew after the owner has gone. Ends only with an error.
    async fn go(&mut self) -> Result<std::convert::Infallible, Stop> {
        loop {
            self.sign_in().await?;
            let gateway = self.gate.gateway;
            self.begin();
            let ended = match self.gate.console.command(Command::Connect { gateway }).await {
                Ok(_) => self.follow().await,
                Err(refused) if refused.code == Code::Ended => Ok(()),
                Err(refused) => Err(refused.into()),
            };
            ended?;
            self.gate.reopen_for_watching().await?;
        }
    }

    /// Waits for a gateway that cannot be reached; everything else is told and ends the watch.
    async fn sign_in(&mut self) -> Result<(), Stop> {
        loop {
            match self.gate.sign_in_if_needed().await {
                Ok(()) => return Ok(()),
                Err(refused) if refused.code == Code::Ended => self.gate.reopen_for_watching().await?,
                Err(refused) => match super::status::told_by(&refused) {
                    Some(connection @ Connection::Stale { .. }) => {
                        self.connection(connection, self.gate.now());
                        tokio::time::sleep(TRY_AGAIN).await;
                    }
                    _ => return Err(refused.into()),
                },
            }
        }
    }

    /// Prints what comes, until the engine ends.
    async fn follow(&mut self) -> Result<(), Stop> {
        let mut view = self.gate.console.view();
        loop {
            let gateway = view.borrow_and_update().gateway(self.gate.gateway).cloned();
            self.events().await?;
            let connection = gateway.as_ref().map(|gateway| gateway.connection.clone());
            let ended = self.told != connection && is_over(connection.as_ref());
            self.changes(gateway.map(|gateway| gateway.changes).unwrap_or_default());
            // A session that ended while it watched: a script's watch signs in again, a person's says so and waits.
            if ended && let Err(refused) = self.gate.sign_in_from_environment().await {
                tracing::warn!(%refused, "not signed in again");
            }
            if view.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    async fn events(&mut self) -> Result<(), Stop> {
        loop {
            let events = self.reader.events_after(self.row, PAGE).await?;
            for event in &events {
                self.row = event.row;
                self.out.print(&shapes::event_line(event), || line(event));
            }
            if events.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Tells the state there is and goes on from it: an engine that ran before this watch has its changes behind it.
    fn begin(&mut self) {
        let view = self.gate.console.view().borrow().clone();
        let Some(gateway) = view.gateway(self.gate.gateway) else { return };
        self.change = gateway.changes.last().map_or(0, |change| change.number);
        self.connection(gateway.connection.clone(), self.gate.now());
    }

    /// Tells each change since the last look, also those that no view showed by itself.
    fn changes(&mut self, changes: Vec<ConnectionChange>) {
        for change in changes {
            if change.number > self.change {
                self.change = change.number;
                self.connection(change.connection, change.at);
            }
        }
    }

    fn connection(&mut self, connection: Connection, at: DateTime<Utc>) {
        if self.told.as_ref() == Some(&connection) {
            return;
        }
        self.told = Some(connection.clone());
        let view = self.gate.console.view().borrow().clone();
        let Some(gateway) = view.gateway(self.gate.gateway) else { return };
        let gateway = GatewayView { connection, ..gateway.clone() };
        self.out.print(&shapes::connection_line(&gateway, at), || {
            format!("{}  {}  {}", at.format("%H:%M:%S"), gateway.origin, gateway.connection)
        });
    }
}

/// Has a session ended that the environment may open anew? Not after a refused password: that would lock an account.
fn is_over(connection: Option<&Connection>) -> bool {
    use domain::connection::SignIn;
    let over = |why: &SignIn| matches!(why, SignIn::Expired | SignIn::NoSession);
    matches!(connection, Some(Connection::SignInNeeded { why }) if over(why))
}

impl Gate {
    /// As [`Gate::reopen`], but waiting for the gateway is the watch's own business.
    async fn reopen_for_watching(&mut self) -> Result<(), Stop> {
        match self.reopen().await {
            Err(stop) if stop.code == Code::Unreachable.word() => Ok(()),
            other => other,
        }
    }
}

fn line(event: &StoredEvent) -> String {
    let request =
        event.request.as_ref().map(|id| format!("  {}", escape::one_line(id.as_str()))).unwrap_or_default();
    let pipeline =
        event.pipeline.as_ref().map(|id| format!("  {}", escape::one_line(id.as_str()))).unwrap_or_default();
    format!("{}{request}{pipeline}  {}", event.at.format("%H:%M:%S"), escape::one_line(&event.title))
}
