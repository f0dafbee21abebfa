//! What the gateway's own socket says to a client that does not keep to the limits (CONTRACT 2, F19).

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::Duration;
use support::account::PASSWORD;
use support::stage::{OWNER, Stage};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const SOON: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn socket(stage: &Stage) -> Socket {
    let origin = stage.gateway.origin();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let login =
        http.post(format!("{origin}/auth/login")).form(&[("username", OWNER), ("password", PASSWORD)]);
    let login = login.header("accept", "application/json").header("x-holdpoint-client", "test");
    let told: Value = login.send().await.unwrap().json().await.unwrap();
    let mut request = format!("{}/ws", origin.replacen("http", "ws", 1)).into_client_request().unwrap();
    let bearer = format!("Bearer {}", told["access_token"].as_str().unwrap());
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    tokio_tungstenite::connect_async(request).await.unwrap().0
}

/// The code the gateway closes with.
async fn closed(socket: &mut Socket) -> u16 {
    let closing = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                return Some(frame.code.into());
            }
        }
        None
    };
    tokio::time::timeout(SOON, closing).await.expect("closed in time").expect("a code")
}

#[tokio::test]
async fn f19_a_client_that_sends_too_much_or_no_text_is_told_so_and_cut_off() {
    let stage = Stage::ready().await;
    let mut long = socket(&stage).await;
    // The gateway may cut it off before all of it was sent.
    let _ = long.send(Message::text("x".repeat(300 * 1024))).await;
    assert_eq!(closed(&mut long).await, 1009);
    let mut garbled = socket(&stage).await;
    let bytes = Frame::message(vec![0xc3, 0x28], OpCode::Data(Data::Text), true);
    garbled.send(Message::Frame(bytes)).await.unwrap();
    assert_eq!(closed(&mut garbled).await, 1007);
    // Nobody else is concerned.
    let mut other = socket(&stage).await;
    other.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
    let pong = async {
        while let Some(Ok(message)) = other.next().await {
            if message.to_text().is_ok_and(|text| text.contains("pong")) {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(SOON, pong).await.unwrap());
}
