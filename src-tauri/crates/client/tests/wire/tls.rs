//! TLS that is not to be trusted, or none at all: nothing is sent, and the two are told apart.

use crate::server::Server;
use client::{Failure, Gateway};
use domain::connection::RefusedBy;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

/// A listener on this machine whose connections `serve` gets; its port.
async fn listen<Served: Future<Output = ()> + Send>(
    serve: impl Fn(TcpStream) -> Served + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream).await;
        }
    });
    port
}

async fn probe(port: u16) -> Failure {
    let server = Server::start(|_, _| unreachable!("nothing is sent there")).await;
    let mut settings = server.settings();
    settings.origin = format!("https://localhost:{port}").parse().expect("an origin");
    Gateway::new(settings).expect("a client").probe().await.expect_err("no trust")
}

#[tokio::test]
async fn f4_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = made.signing_key.serialize_der().try_into().expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let port = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move { drop(acceptor.accept(stream).await) }
    })
    .await;
    let failure = probe(port).await;
    assert!(matches!(failure, Failure::Certificate { .. }), "{failure:?}");
    assert_eq!(failure.refused_by(), Some(RefusedBy::Certificate));
    assert!(!failure.leaves_unclear());
}

#[tokio::test]
async fn a_server_without_tls_behind_https_is_told_apart_and_sent_nothing() {
    let port = listen(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let failure = probe(port).await;
    assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
    assert!(failure.to_string().contains("TLS"), "{failure}");
}
