//! RFC 6455 from the client's side, byte by byte: a server that sends exactly these frames, and what the console's stream
//! makes of them. Each case names the section it holds the client to.

mod peer;

use client::system::SystemEntropy;
use client::{Dialect, Gateway, SessionSecret, Settings, StreamEvent};
use peer::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Peer, SOON, TEXT};
use peer::{close, document, frame, padded, read, upgraded};
use std::net::Ipv4Addr;
use std::sync::Arc;
use support::now::System;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn the_handshake_asks_as_4_1_says_and_sends_no_origin() {
    let peer = Peer::open().await;
    let header = |name: &str| {
        let lines = peer.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    assert!(peer.head.starts_with("GET /ws/ HTTP/1.1\r\n"), "{}", peer.head);
    assert_eq!((header("upgrade"), header("connection")), (vec!["websocket"], vec!["Upgrade"]));
    assert_eq!((header("sec-websocket-version"), header("host").len()), (vec!["13"], 1));
    assert_eq!(header("sec-websocket-key")[0].len(), 24, "16 bytes in base64");
    assert!(header("origin").is_empty() && header("sec-websocket-extensions").is_empty());
}

#[tokio::test]
async fn an_accept_key_that_is_wrong_is_not_taken_4_1() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let mut settings = Settings::new(origin, Arc::new(System), Arc::new(SystemEntropy));
    settings.pinned = Some(Dialect::Platform);
    let gateway = Gateway::new(settings).unwrap();
    assert!(gateway.restore(&SessionSecret::new(r#"{"dialect":"platform","access":"a"}"#)));
    let (out, mut events) = mpsc::channel(16);
    let cancel = CancellationToken::new();
    let _end = cancel.clone().drop_guard();
    tokio::spawn(async move { gateway.stream(None, out, cancel).await });
    let (mut stream, _) = upgraded(&listener, |_| derive_accept_key(b"another key")).await;
    let refused = async {
        while let Some(event) = events.recv().await {
            if matches!(event, StreamEvent::Phase(client::Phase::Refused(_))) {
                return;
            }
        }
        panic!("it was taken");
    };
    tokio::time::timeout(SOON, refused).await.unwrap();
    assert!(read(&mut stream).await.is_err(), "nothing was said to it");
}

#[tokio::test]
async fn every_frame_of_the_client_is_masked_with_a_key_of_its_own_5_3() {
    let mut peer = Peer::open().await;
    let mut keys = std::collections::BTreeSet::new();
    for n in 0..8_u8 {
        peer.send(&frame(FIN | PING, &[n])).await;
        let pong = peer.frame().await;
        assert_eq!((pong.first, pong.masked, &pong.payload[..]), (FIN | PONG, true, &[n][..]));
        keys.insert(pong.key);
    }
    assert!(keys.len() > 1, "the keys are drawn: {keys:?}");
}

#[tokio::test]
async fn a_masked_frame_of_the_server_ends_the_connection_5_1() {
    let mut peer = Peer::open().await;
    peer.send(&[FIN | TEXT, 0x82, 0, 0, 0, 0, b'{', b'}']).await;
    assert_eq!(peer.closes().await, 1002);
    peer.comes_back().await;
}

#[tokio::test]
async fn lengths_in_every_form_are_read_5_2() {
    let mut peer = Peer::open().await;
    let bare = document(1).len();
    for (n, length) in [bare, 125, 126, 127, 65_535, 65_536, 262_144].into_iter().enumerate() {
        let text = padded(n as u64 % 10, length - bare);
        assert_eq!(text.len(), length);
        peer.send(&frame(FIN | TEXT, &text)).await;
        assert_eq!(peer.told().await, n as u64 % 10, "{length}");
    }
}

#[tokio::test]
async fn a_message_in_many_fragments_is_one_5_4() {
    let mut peer = Peer::open().await;
    let text = document(7);
    let mut pieces = text.chunks(3).peekable();
    let mut opcode = TEXT;
    while let Some(piece) = pieces.next() {
        let fin = if pieces.peek().is_none() { FIN } else { 0 };
        peer.send(&frame(fin | opcode, piece)).await;
        opcode = CONTINUATION;
    }
    assert_eq!(peer.told().await, 7);
    // Empty fragments, and an end that brings nothing.
    for (first, piece) in [(TEXT, &[][..]), (CONTINUATION, &document(8)[..]), (FIN | CONTINUATION, &[][..])] {
        peer.send(&frame(first, piece)).await;
    }
    assert_eq!(peer.told().await, 8);
}

#[tokio::test]
async fn control_frames_in_the_middle_of_a_message_are_answered_at_once_5_4() {
    let mut peer = Peer::open().await;
    let text = document(9);
    peer.send(&frame(TEXT, &text[..5])).await;
    peer.send(&frame(FIN | PING, b"between")).await;
    let pong = peer.frame().await;
    assert_eq!((pong.first, &pong.payload[..]), (FIN | PONG, &b"between"[..]));
    peer.send(&frame(FIN | PONG, b"unasked")).await;
    peer.send(&frame(FIN | CONTINUATION, &text[5..])).await;
    assert_eq!(peer.told().await, 9);
}

#[tokio::test]
async fn pings_of_every_allowed_size_come_back_as_they_were_5_5_2() {
    let mut peer = Peer::open().await;
    for size in [0, 1, 125] {
        let payload: Vec<u8> = (0..size).map(|n| n as u8 | 0x80).collect();
        peer.send(&frame(FIN | PING, &payload)).await;
        assert_eq!(peer.frame().await.payload, payload);
    }
    peer.stands(1).await;
}

#[tokio::test]
async fn control_frames_that_are_too_long_or_in_pieces_end_the_connection_5_5() {
    for bytes in [frame(FIN | PING, &[b'x'; 126]), frame(PING, b"half"), frame(CLOSE, &[3, 232])] {
        let mut peer = Peer::open().await;
        peer.send(&bytes).await;
        assert_eq!(peer.closes().await, 1002, "{bytes:?}");
        peer.comes_back().await;
    }
}

#[tokio::test]
async fn reserved_bits_and_opcodes_end_the_connection_5_2() {
    for first in [0x40, 0x20, 0x10].map(|bit| FIN | bit | TEXT).into_iter().chain([0x83, 0x87, 0x8b, 0x8f]) {
        let mut peer = Peer::open().await;
        peer.send(&frame(first, b"{}")).await;
        assert_eq!(peer.closes().await, 1002, "{first:#x}");
    }
}

#[tokio::test]
async fn fragments_out_of_place_end_the_connection_5_4() {
    for bytes in [
        frame(FIN | CONTINUATION, b"of nothing"),
        frame(CONTINUATION, b"of nothing"),
        [frame(TEXT, b"{"), frame(FIN | TEXT, b"}")].concat(),
        [frame(TEXT, b"{"), frame(BINARY, b"}")].concat(),
    ] {
        let mut peer = Peer::open().await;
        peer.send(&bytes).await;
        assert_eq!(peer.closes().await, 1002, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_character_over_two_fragments_is_read_and_half_a_one_is_not_8_1() {
    let mut peer = Peer::open().await;
    let text = r#"{"_id":"d","message_type":"log","n":5,"text":"ä€𝄞"}"#.as_bytes();
    for (at, byte) in text.iter().enumerate() {
        let first = match at {
            0 => TEXT,
            at if at + 1 == text.len() => FIN | CONTINUATION,
            _ => CONTINUATION,
        };
        peer.send(&frame(first, &[*byte])).await;
    }
    assert_eq!(peer.told().await, 5);
    for bytes in [
        frame(FIN | TEXT, &[0xc3, 0x28]),
        frame(FIN | TEXT, &[0xed, 0xa0, 0x80]),
        frame(FIN | TEXT, &[0xc0, 0x80]),
        frame(FIN | TEXT, &[0xf4, 0x90, 0x80, 0x80]),
        [frame(TEXT, &[0xe2, 0x82]), frame(FIN | CONTINUATION, b"x")].concat(),
        [frame(TEXT, b"ok"), frame(FIN | CONTINUATION, &[0xe2, 0x82])].concat(),
    ] {
        let mut peer = Peer::open().await;
        peer.send(&bytes).await;
        assert_eq!(peer.closes().await, 1007, "{bytes:?}");
        peer.comes_back().await;
    }
}

#[tokio::test]
async fn what_is_longer_than_allowed_is_told_so_and_not_read_7_4_1() {
    // The platform: 4 MiB. Only the head comes; nothing is waited for.
    let announced = [&[FIN | TEXT, 127][..], &(4 * 1024 * 1024 + 1_u64).to_be_bytes()].concat();
    let endless = [&[FIN | TEXT, 127][..], &u64::MAX.to_be_bytes()].concat();
    for bytes in [announced, endless] {
        let mut peer = Peer::open().await;
        peer.send(&bytes).await;
        assert_eq!(peer.closes().await, 1009);
        peer.comes_back().await;
    }
    // In fragments, each of them allowed.
    let mut peer = Peer::open().await;
    let piece = vec![b'x'; 1024 * 1024];
    peer.send(&frame(TEXT, &piece)).await;
    for _ in 0..3 {
        peer.send(&frame(CONTINUATION, &piece)).await;
    }
    peer.send(&frame(FIN | CONTINUATION, b"x")).await;
    assert_eq!(peer.closes().await, 1009);
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_and_the_client_comes_back_5_5_1() {
    for code in [1000, 1001, 1003, 1007, 1011, 3000, 4999] {
        let mut peer = Peer::open().await;
        peer.send(&close(code, "über".as_bytes())).await;
        assert_eq!(peer.closes().await, code);
        peer.comes_back().await;
    }
    let mut peer = Peer::open().await;
    peer.send(&frame(FIN | CLOSE, b"")).await;
    assert_eq!(peer.frame().await.first, FIN | CLOSE);
    peer.comes_back().await;
}

#[tokio::test]
async fn a_close_that_may_not_be_is_a_breach_of_the_protocol_7_4() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535] {
        let mut peer = Peer::open().await;
        peer.send(&close(code, b"")).await;
        assert_eq!(peer.closes().await, 1002, "{code}");
        peer.comes_back().await;
    }
    for bytes in [frame(FIN | CLOSE, &[3]), close(1000, &[0xff])] {
        let mut peer = Peer::open().await;
        peer.send(&bytes).await;
        let code = peer.closes().await;
        assert!(matches!(code, 1002 | 1007), "{bytes:?}: {code}");
    }
}

#[tokio::test]
async fn bytes_are_read_as_text_and_what_is_none_is_counted() {
    let mut peer = Peer::open().await;
    peer.send(&frame(FIN | BINARY, &document(3))).await;
    assert_eq!(peer.told().await, 3);
    peer.send(&frame(FIN | BINARY, &[0xff, 0x00])).await;
    let malformed = async {
        loop {
            if let Some(StreamEvent::Malformed { count, .. }) = peer.events.recv().await {
                return count;
            }
        }
    };
    assert_eq!(tokio::time::timeout(SOON, malformed).await.unwrap(), 1);
    peer.stands(4).await;
}

#[tokio::test]
async fn frames_that_come_byte_by_byte_or_all_at_once_are_the_same() {
    let mut peer = Peer::open().await;
    let all: Vec<u8> = (0..20).flat_map(|n| frame(FIN | TEXT, &document(n))).collect();
    for byte in &all[..200] {
        peer.send(std::slice::from_ref(byte)).await;
    }
    peer.send(&all[200..]).await;
    let mut told = Vec::new();
    while told.len() < 20 {
        let event = tokio::time::timeout(SOON, peer.events.recv()).await.unwrap().unwrap();
        if let StreamEvent::Documents(documents) = event {
            told.extend(documents.iter().filter_map(|document| document.value["n"].as_u64()));
        }
    }
    assert_eq!(told, (0..20).collect::<Vec<_>>());
}
