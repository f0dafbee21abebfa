//! `payments-api`: a small real service over HTTP on loopback, with its own OpenAPI document. Its health is read off
//! its pool; there is no switch that makes it ill or well.

mod document;
mod routes;

pub(crate) use routes::{EXHAUSTED, MAX_HOLD_MS};

use crate::pool::Pool;
use crate::wire::axum;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The service's name, as people and the runbook know it.
pub const SERVICE_NAME: &str = "payments-api";

/// The name of its pool.
pub const POOL_NAME: &str = "payments-pool";

/// Slots of the pool, unless told otherwise.
pub const SLOTS: usize = 8;

/// What `POST /pool/restart` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Frees the slots.
    #[default]
    Works,
    /// Answers as always and frees nothing.
    Sabotaged,
}

/// A service that is running.
pub struct Service {
    origin: String,
    pool: Arc<Pool>,
}

impl Service {
    /// Starts it on a free port of 127.0.0.1, until `stop`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(slots: usize, restart: Restart, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let pool = Pool::new(POOL_NAME, slots);
        let router = routes::router(Arc::clone(&pool), restart);
        let held = Arc::clone(&pool);
        tokio::spawn(async move {
            tokio::select! {
                // Serving ends by itself only with the listener.
                _ = axum::serve(listener, router) => {}
                () = stop.cancelled() => {}
            }
            held.restart();
        });
        Ok(Self { origin, pool })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where its OpenAPI document is.
    pub fn document_url(&self) -> String {
        format!("{}/openapi.json", self.origin)
    }

    /// Its pool, to be looked at.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
}
