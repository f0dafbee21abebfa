//! A gateway in the test's own process, for what its command line does not set: how long a request waits.

use gateway::{Config, Gateway, Role};
use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A served gateway in memory. Dropping it ends it.
#[derive(Debug)]
pub struct Embedded {
    origin: String,
    _end: DropGuard,
    _serving: JoinHandle<()>,
}

impl Embedded {
    /// Serves on a free port with these users, each with [`crate::account::PASSWORD`].
    ///
    /// # Panics
    /// When it does not open.
    pub async fn start(users: &[(&str, Role)], configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("sqlite::memory:");
        configure(&mut config);
        let gateway = Gateway::open(config).await.expect("a gateway in memory opens");
        for (email, role) in users {
            gateway.add_user(email, *role, crate::account::PASSWORD).await.expect("a new user");
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let end = CancellationToken::new();
        let ending = end.clone();
        let serving = tokio::spawn(async move {
            // Its end is the test's end; what it answered until then is what counts.
            let _ = gateway.serve(listener, ending).await;
        });
        Self { origin, _end: end.drop_guard(), _serving: serving }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}
