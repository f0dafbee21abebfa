//! The way through the network: proxies, names that move, another's certificate, one broken family of addresses, drips.

use crate::server::{Reply, Server, ok, our_health};
use client::network::{Addresses, Names, Proxy};
use client::{Dialect, Failure, Gateway, Network, SessionSecret, Settings};
use domain::connection::RefusedBy;
use rustls::pki_types::CertificateDer;
use serde_json::json;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

const NAME: &str = "gateway.test";

/// A certificate of that name and what it takes to use it.
struct Identity {
    root: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Identity {
    fn of(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let key = made.signing_key.serialize_der().try_into().expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
        Self { root: made.cert.der().clone(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// TLS in front of a plain server.
    async fn serve(&self, address: SocketAddr, behind: u16) -> SocketAddr {
        let listener = TcpListener::bind(address).await.expect("an address");
        let address = listener.local_addr().expect("bound");
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut console = acceptor.accept(stream).await.ok()?;
                    let mut gateway = TcpStream::connect((Ipv4Addr::LOCALHOST, behind)).await.ok()?;
                    copy_bidirectional(&mut console, &mut gateway).await.ok()
                });
            }
        });
        address
    }
}

/// Answers in turn; the last one stays.
struct Told(Mutex<VecDeque<Result<Vec<IpAddr>, io::ErrorKind>>>);

impl Told {
    fn in_turn(answers: impl IntoIterator<Item = Result<Vec<IpAddr>, io::ErrorKind>>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.into_iter().collect())))
    }

    fn moves_to(&self, address: IpAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = VecDeque::from([Ok(vec![address])]);
    }
}

impl Names for Told {
    fn look_up(&self, name: &str) -> Addresses {
        assert_eq!(name, NAME);
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { answer.expect("an answer").map_err(io::Error::from) })
    }
}

fn here(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, last])
}

/// A client of `https://gateway.test:PORT`, signed in.
fn client(server: &Server, port: u16, network: Network) -> Gateway {
    let origin = format!("https://{NAME}:{port}").parse().expect("an origin");
    let mut settings = Settings { origin, network, ..server.settings() };
    settings.timeouts.connect_ms = 5_000;
    let gateway = Gateway::new(settings).expect("a client");
    let session =
        json!({"dialect": Dialect::Holdpoint, "access": "a-canary", "refresh": "r-canary"}).to_string();
    assert!(gateway.restore(&SessionSecret::new(session)));
    gateway
}

async fn ours() -> Server {
    Server::start(|request, _| match request.line.as_str() {
        "GET /health" => our_health(),
        "GET /auth/me" => ok(json!({"id": 7, "email": "ann@example.com", "role": "owner"})),
        _ => Reply::Drop,
    })
    .await
}

/// A proxy that connects to `target` whatever it is asked for; the heads of what it was asked.
async fn proxy(target: SocketAddr, wants: Option<&'static str>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut console, _)) = listener.accept().await {
            let kept = kept.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(console.read_u8().await.ok()?);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let may = wants.is_none_or(|credentials| head.contains(credentials));
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(head);
                if !may {
                    let refusal = b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
                    return console.write_all(refusal).await.ok();
                }
                let mut gateway = TcpStream::connect(target).await.ok()?;
                console.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
                copy_bidirectional(&mut console, &mut gateway).await.ok().map(drop)
            });
        }
    });
    (port, heads)
}

#[tokio::test]
async fn f5_a_proxy_gets_its_credentials_and_nobody_else_does() {
    let (server, identity) = (ours().await, Identity::of(NAME));
    let tls = identity.serve(SocketAddr::new(here(1), 0), server.port).await;
    // "ann:p@ss" in Basic.
    let (port, heads) = proxy(tls, Some("Basic YW5uOnBAc3M=")).await;
    let through = Proxy::parse(&format!("ann:p%40ss@127.0.0.1:{port}"), String::new()).expect("a proxy");
    let network = Network { proxy: through, extra_roots: vec![identity.root.clone()], names: None };
    client(&server, 8443, network).me().await.expect("answered through the proxy");
    let heads = heads.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(heads.iter().all(|head| head.starts_with("CONNECT gateway.test:8443 ")), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains("canary")), "no token for the proxy: {heads:?}");
    for seen in server.seen("GET /health").iter().chain(&server.seen("GET /auth/me")) {
        assert_eq!(seen.header("proxy-authorization"), None);
    }
}

#[tokio::test]
async fn f5_a_proxy_that_refuses_is_told_as_the_proxy() {
    let (server, identity) = (ours().await, Identity::of(NAME));
    let (port, _) = proxy(SocketAddr::new(here(1), 9), Some("Basic nobody-knows")).await;
    let through = Proxy::parse(&format!("ann:wrong@127.0.0.1:{port}"), String::new()).expect("a proxy");
    let network = Network { proxy: through, extra_roots: vec![identity.root], names: None };
    let failure = client(&server, 8443, network).me().await.expect_err("407");
    assert_eq!(failure.refused_by(), Some(RefusedBy::Proxy), "{failure:?}");
    assert!(!failure.leaves_unclear() && failure.to_string().contains("proxy"), "{failure}");
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn f5_a_host_that_is_excepted_and_this_machine_go_past_the_proxy() {
    let (server, identity) = (ours().await, Identity::of(NAME));
    let tls = identity.serve(SocketAddr::new(here(1), 0), server.port).await;
    let (port, heads) = proxy(tls, None).await;
    let through =
        |except: &str| Proxy::parse(&format!("127.0.0.1:{port}"), except.to_owned()).expect("a proxy");
    let names: Option<Arc<dyn Names>> = Some(Told::in_turn([Ok(vec![here(1)])]));
    let network = Network { proxy: through(NAME), extra_roots: vec![identity.root], names };
    client(&server, tls.port(), network).me().await.expect("answered directly");
    let local =
        Settings { network: Network { proxy: through(""), ..Network::default() }, ..server.settings() };
    Gateway::new(local).expect("a client").probe().await.expect("answered directly");
    assert!(heads.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
}

#[tokio::test]
async fn f7_a_name_that_fails_and_then_moves_is_looked_up_anew_and_still_has_to_prove_itself() {
    let (server, identity) = (ours().await, Identity::of(NAME));
    let tls = identity.serve(SocketAddr::new(here(1), 0), server.port).await;
    let names = Told::in_turn([Err(io::ErrorKind::NotFound), Ok(vec![here(1)])]);
    let network = Network {
        extra_roots: vec![identity.root.clone()],
        names: Some(names.clone()),
        ..Network::default()
    };
    let gateway = client(&server, tls.port(), network);
    gateway.me().await.expect("answered at the second look-up");
    // It moves; where it was, somebody else listens now, and knows nothing of the key.
    let elsewhere = ours().await;
    identity.serve(SocketAddr::new(here(2), tls.port()), elsewhere.port).await;
    names.moves_to(here(2));
    gateway.me().await.expect("answered at its new place");
    assert_eq!(elsewhere.seen("GET /auth/me").len(), 1);
    let other = Identity::of(NAME);
    other.serve(SocketAddr::new(here(3), tls.port()), elsewhere.port).await;
    names.moves_to(here(3));
    let failure = gateway.me().await.expect_err("another key");
    assert!(matches!(failure, Failure::Certificate { .. }), "{failure:?}");
    assert_eq!(elsewhere.lines().len(), 1, "nothing was sent there");
}

#[tokio::test]
async fn f4_a_certificate_of_another_name_is_a_network_that_wants_a_sign_in() {
    let (server, portal) = (ours().await, Identity::of("portal.test"));
    let tls = portal.serve(SocketAddr::new(here(1), 0), server.port).await;
    let network = Network {
        extra_roots: vec![portal.root],
        names: Some(Told::in_turn([Ok(vec![here(1)])])),
        ..Network::default()
    };
    let failure = client(&server, tls.port(), network).me().await.expect_err("another's certificate");
    assert_eq!(failure.refused_by(), Some(RefusedBy::Portal), "{failure:?}");
    assert!(!failure.leaves_unclear() && failure.is_unreachable());
    assert!(server.lines().is_empty(), "no token went there");
}

#[tokio::test]
async fn f10_a_broken_ipv6_costs_less_than_a_second() {
    let (server, identity) = (ours().await, Identity::of(NAME));
    let tls = identity.serve(SocketAddr::new(here(1), 0), server.port).await;
    // A listener whose queue is full: what knocks there hears nothing, as from a route that leads nowhere.
    let full = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, tls.port())).expect("IPv6 on this machine");
    rustix::net::listen(&full, 0).expect("a queue of one");
    let knocking = async {
        let mut held = Vec::new();
        let wait = std::time::Duration::from_millis(200);
        while let Ok(Ok(one)) =
            tokio::time::timeout(wait, TcpStream::connect((Ipv6Addr::LOCALHOST, tls.port()))).await
        {
            held.push(one);
        }
        held
    };
    let _held = knocking.await;
    let both = vec![IpAddr::from(Ipv6Addr::LOCALHOST), here(1)];
    let network = Network {
        extra_roots: vec![identity.root],
        names: Some(Told::in_turn([Ok(both)])),
        ..Network::default()
    };
    let before = tokio::time::Instant::now();
    client(&server, tls.port(), network).probe().await.expect("answered over IPv4");
    assert!(before.elapsed().as_secs() < 4, "it waited for the broken one: {:?}", before.elapsed());
}
