//! `holdctl status`: gateway, account and connection state, once the state has settled.

use crate::args::Args;
use crate::exit::{Exit, Stop};
use crate::gate::Gate;
use crate::out::Out;
use crate::shapes;
use domain::Connection;
use domain::connection::{RefusedBy, Staleness};
use engine::view::GatewayView;
use engine::{Code, Command, Purpose, Refused};
use std::time::Duration;

/// A state that has not settled by then is told as it is.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// Connects, waits until the state is worth telling, tells it.
pub(crate) async fn run(args: &Args, out: &Out) -> Result<Exit, Stop> {
    let gate = Gate::open(args, Purpose::Read).await?;
    let refused = gate.sign_in_if_needed().await.err();
    if let Some(refused) = refused.as_ref().filter(|refused| is_final(refused)) {
        return Err(refused.clone().into());
    }
    if refused.is_none() {
        gate.console.command(Command::Connect { gateway: gate.gateway }).await?;
        settle(&gate).await;
    }
    let view = gate.console.view().borrow().clone();
    let Some(gateway) = view.gateway(gate.gateway) else { return Err(crate::gate::unexpected().into()) };
    let mut gateway = gateway.clone();
    if let Some(refused) = &refused {
        gateway.connection = told_by(refused).unwrap_or(gateway.connection);
    }
    let mut value = shapes::status(&gateway, view.open, gate.console.owns());
    value["malformed"] = view.malformed.into();
    let exit = out.tell(exit(&gateway.connection), &value, || text(&gateway, view.open));
    gate.console.close().await;
    Ok(exit)
}

/// Refusals that say nothing about the connection are told as errors.
fn is_final(refused: &Refused) -> bool {
    told_by(refused).is_none()
}

/// The connection state that a failed sign-in tells.
pub(crate) fn told_by(refused: &Refused) -> Option<Connection> {
    Some(match refused.code {
        Code::Unreachable => Connection::Stale { since: None, why: Staleness::Unreachable },
        Code::Certificate => Connection::Refused { why: RefusedBy::Certificate },
        Code::Portal => Connection::Refused { why: RefusedBy::Portal },
        Code::Proxy => Connection::Refused { why: RefusedBy::Proxy },
        Code::Protocol => Connection::Refused { why: RefusedBy::Protocol },
        _ => return None,
    })
}

async fn settle(gate: &Gate) {
    let mut view = gate.console.view();
    let settled = async {
        loop {
            let state =
                view.borrow_and_update().gateway(gate.gateway).map(|gateway| gateway.connection.clone());
            let transient = matches!(
                state,
                Some(Connection::CatchingUp | Connection::Stale { why: Staleness::Never, .. }) | None
            );
            if !transient || view.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(SETTLES_WITHIN, settled).await;
}

fn text(gateway: &GatewayView, open: usize) -> String {
    let account = gateway.account.as_deref().unwrap_or("nobody");
    let as_of = gateway.as_of.map(|at| format!(", as of {}", at.format("%H:%M:%S UTC"))).unwrap_or_default();
    format!(
        "gateway     {}\naccount     {account}\nconnection  {}\nopen        {open}{as_of}",
        gateway.origin, gateway.connection
    )
}

fn exit(connection: &Connection) -> Exit {
    match connection {
        Connection::Live { .. } | Connection::CatchingUp => Exit::Done,
        Connection::Stale { .. } => Exit::Unreachable,
        Connection::SignInNeeded { .. } => Exit::SignIn,
        Connection::Refused { why: RefusedBy::Protocol } => Exit::Other,
        Connection::Refused { .. } => Exit::Unreachable,
    }
}
