//! Our socket as the client under test of the Autobahn suite: the handshake, the limits, the reading and the goodbye of the
//! product, with an echo on top. The suite's server is named in `HOLDPOINT_AUTOBAHN`; `cargo xtask prove autobahn` starts it.

use super::driver::broken;
use super::inout::{Input, Leg};
use super::legs::Legs;
use super::socket::{Socket, accepted};
use crate::origin::Origin;
use crate::session::Tokens;
use crate::settings::{Dialect, Settings};
use crate::system::{SystemClock, SystemEntropy};
use crate::wire::call::Call;
use crate::wire::transport::Transport;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::protocol::Message;

/// In the report.
const AGENT: &str = "holdpoint";
/// A key of the right form; the suite's server does not ask for a fresh one.
const KEY: &str = "aG9sZHBvaW50LWtleS0wMQ==";

async fn open(transport: &Transport, call: Call) -> Socket {
    let tokens = Tokens { dialect: Dialect::Platform, access: "none".into(), refresh: None };
    let response = transport.upgrade(call, KEY, &tokens).await.expect("the suite's server answers");
    assert_eq!(response.status().as_u16(), 101, "it speaks WebSocket");
    // The platform's limits: the suite sends frames of more than a gateway of ours would.
    accepted(response, KEY, Dialect::Platform).await.expect("it is meant for us")
}

/// Echoes until the other side closes, or breaks the protocol and is told so.
async fn echo(socket: Socket) {
    let mut legs = Legs::default();
    legs.put(Leg::Main, socket);
    loop {
        let message = match legs.receive().await.1 {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                if let Input::Unreadable { code, .. } = broken(&error)
                    && let Some(goodbye) = legs.part(Leg::Main, code)
                {
                    goodbye.await;
                }
                return;
            }
            None => return,
        };
        if let Message::Text(_) | Message::Binary(_) = message {
            legs.echo(message).await;
        }
    }
}

/// One message from a socket of its own: the suite answers questions that way.
async fn ask(transport: &Transport, path: &str) -> String {
    let mut legs = Legs::default();
    legs.put(Leg::Main, open(transport, Call::get(path)).await);
    match legs.receive().await.1 {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("{path} is answered with {other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs the suite's server: cargo xtask prove autobahn"]
async fn the_autobahn_suite_finds_a_client_that_keeps_rfc_6455() {
    let address = std::env::var("HOLDPOINT_AUTOBAHN").expect("HOLDPOINT_AUTOBAHN names the suite's server");
    let origin = Origin::parse(&format!("http://{address}")).expect("an address");
    let settings = Settings::new(origin, Arc::new(SystemClock), Arc::new(SystemEntropy));
    let transport = Transport::new(&settings).expect("a transport");
    let cases: u32 = ask(&transport, "/getCaseCount").await.parse().expect("a number");
    for case in 1..=cases {
        echo(open(&transport, call("/runCase", Some(case))).await).await;
    }
    echo(open(&transport, call("/updateReports", None)).await).await;
}

fn call(path: &str, case: Option<u32>) -> Call {
    let mut call = Call::get(path);
    call.query.push(("agent", AGENT.to_owned()));
    call.query.extend(case.map(|case| ("case", case.to_string())));
    call
}
