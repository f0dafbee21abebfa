//! The platform fixture's socket against CONTRACT 3.

use crate::support_caller::{Caller, OWNER, SOON, platform};
use domain::PipelineId;
use protocol::frame::{ServerFrame, decode};
use serde_json::{Value, json};
use std::time::Duration;
use support::eventually;
use support::platform::{Close, Route};
use tokio_tungstenite::tungstenite::{Error, Message};

#[tokio::test]
async fn trap_without_the_slash_the_handshake_is_refused() {
    let (platform, _) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    match owner.socket_at("/ws").await.map(|_| ()) {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 403),
        other => panic!("{other:?}"),
    }
    assert_eq!((platform.count(Route::SocketWithoutSlash), platform.count(Route::Socket)), (1, 0));
}

#[tokio::test]
async fn trap_who_is_not_signed_in_is_accepted_first_and_closed_after() {
    let (platform, _) = platform().await;
    let mut nobody = Caller::nobody(&platform.origin()).socket().await.expect("101");
    assert_eq!(nobody.closed().await, (1008, "Not authenticated".into()));
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    platform.expire_access_tokens();
    let mut expired = owner.socket().await.expect("101");
    assert_eq!(expired.closed().await, (1008, "Invalid token".into()));
}

#[tokio::test]
async fn a_text_ping_is_answered_and_nothing_else_is() {
    let (platform, _) = platform().await;
    let mut socket = Caller::sign_in(&platform.origin(), OWNER).await.socket().await.unwrap();
    socket.send(Message::text(r#"{"type":"resume","last_seq":4}"#)).await;
    socket.send(Message::text("hello?")).await;
    assert_eq!(socket.until_pong().await, Vec::<Value>::new());
}

#[tokio::test]
async fn trap_protocol_pings_do_not_keep_a_socket_alive() {
    let (platform, _) = platform().await;
    platform.idle_after(Duration::from_millis(300));
    let mut socket = Caller::sign_in(&platform.origin(), OWNER).await.socket().await.unwrap();
    assert_eq!(socket.ping_until_closed().await, (1000, "Connection inactive".into()));
}

#[tokio::test]
async fn trap_an_approval_frame_names_no_pipeline_and_reaches_everybody() {
    let (platform, pipeline) = platform().await;
    let mut owner = Caller::sign_in(&platform.origin(), OWNER).await.socket().await.unwrap();
    let mut stranger = Caller::sign_in(&platform.origin(), "sven@ledger.test").await.socket().await.unwrap();
    owner.until_pong().await;
    stranger.until_pong().await;
    let request = platform.raise(&PipelineId(pipeline), "no slot", 0.2, &["look", "restart"]);

    let frame = owner.json().await;
    assert_eq!(frame, stranger.json().await);
    assert_eq!((&frame["pipeline_id"], &frame["workflow"]), (&json!("runbook-system"), &json!({})));
    assert!(frame["_id"]["$oid"].is_string() && frame["timestamp"]["$date"].is_string());
    let metadata = &frame["remediation_metadata"];
    assert_eq!(metadata["approval_type"], "per-action");
    assert_eq!(metadata["actions_requiring_individual_approval"], json!(["restart"]));
    match decode(&frame.to_string()).unwrap() {
        ServerFrame::Document(document) => {
            assert_eq!((document.request, document.pipeline), (Some(request), None));
            assert!(document.at.is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn other_documents_name_their_pipeline_and_a_notice_is_no_approval() {
    let (platform, pipeline) = platform().await;
    let id = PipelineId(pipeline.clone());
    let mut socket = Caller::sign_in(&platform.origin(), OWNER).await.socket().await.unwrap();
    socket.until_pong().await;
    platform.notice(&id, "Shall it go on?", "Says an agent.");
    platform.notify(&id, "Done", "It did.");
    platform.log(&id, "info", "watching");
    platform.root_cause(&id, "Slots leak", "Nobody gives them back.");
    for kind in ["notification", "notification", "log", "rca"] {
        let frame = socket.json().await;
        assert_eq!(frame["message_type"], kind);
        assert_eq!(frame["workflow"]["_id"]["$oid"], json!(pipeline));
        match decode(&frame.to_string()).unwrap() {
            ServerFrame::Document(document) => {
                assert_eq!((document.request, document.pipeline), (None, Some(id.clone())));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn f1_sockets_end_in_each_way_that_was_asked_for() {
    let (platform, _) = platform().await;
    let owner = Caller::sign_in(&platform.origin(), OWNER).await;
    let told = [(Close::Inactive, 1000), (Close::InvalidToken, 1008)];
    for (how, code) in told {
        let mut socket = owner.socket().await.unwrap();
        socket.until_pong().await;
        platform.close_sockets(how);
        assert_eq!(socket.closed().await.0, code);
    }
    for how in [Close::Reset, Close::ResetInMidFrame] {
        let mut socket = owner.socket().await.unwrap();
        socket.until_pong().await;
        platform.close_sockets(how);
        match socket.next().await {
            Some(Err(_)) => {}
            other => panic!("{how:?} ended in {other:?}"),
        }
    }
    eventually(SOON, async || (platform.sockets() == 0).then_some(())).await;
}

#[tokio::test]
async fn any_text_can_be_sent_as_a_frame() {
    let (platform, _) = platform().await;
    let mut socket = Caller::sign_in(&platform.origin(), OWNER).await.socket().await.unwrap();
    socket.until_pong().await;
    platform.send_frame("{\"half\":");
    match socket.next().await {
        Some(Ok(Message::Text(text))) => assert!(decode(&text).is_err()),
        other => panic!("{other:?}"),
    }
}
