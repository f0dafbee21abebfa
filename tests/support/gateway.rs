//! The real `holdpoint-gateway`, started as a process of its own.

use crate::bins::{Bin, Finished, Home, Run, Running, Stream};
use std::path::PathBuf;
use std::time::Duration;

/// Longest start, migrations included.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A gateway process with a database of its own.
#[derive(Debug)]
pub struct Gateway {
    home: Home,
    origin: String,
    running: Option<Running>,
}

impl Gateway {
    /// Starts one on a free port with an empty database.
    pub async fn start() -> Self {
        let home = Home::new();
        let (running, origin) = serve(&home, "127.0.0.1:0").await;
        Self { home, origin, running: Some(running) }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its database file.
    pub fn database(&self) -> PathBuf {
        database(&self.home)
    }

    /// Adds a user as an administrator does, beside the running process.
    ///
    /// # Panics
    /// When the gateway's command refuses.
    pub async fn add_user(&self, email: &str, role: &str, password: &str) {
        let database = database(&self.home).display().to_string();
        let run = Run::new(Bin::Gateway, &self.home)
            .args(["user", "add", email, "--role", role, "--password-stdin", "--database", &database])
            .input(format!("{password}\n"));
        let ended = run.output().await;
        assert_eq!(ended.code, Some(0), "user add {email} failed: {}", ended.stderr);
    }

    /// kill -9.
    pub async fn kill_9(&mut self) -> Option<Finished> {
        match self.running.take() {
            Some(running) => Some(running.kill_9().await),
            None => None,
        }
    }

    /// SIGTERM.
    pub async fn terminate(&mut self) -> Option<Finished> {
        match self.running.take() {
            Some(running) => Some(running.terminate().await),
            None => None,
        }
    }

    /// Starts it again on the same port and database.
    pub async fn restart(&mut self) {
        self.terminate().await;
        let address = self.origin.trim_start_matches("http://").to_owned();
        let (running, origin) = serve(&self.home, &address).await;
        self.running = Some(running);
        self.origin = origin;
    }

    /// The process, to read its lines.
    pub fn running(&mut self) -> Option<&mut Running> {
        self.running.as_mut()
    }
}

fn database(home: &Home) -> PathBuf {
    home.file("gateway.db")
}

async fn serve(home: &Home, listen: &str) -> (Running, String) {
    let database = database(home).display().to_string();
    let mut running = Run::new(Bin::Gateway, home)
        .args(["serve", "--listen", listen, "--database", &database])
        .spawn()
        .await;
    let line = running.wait_for(Stream::Err, START_LIMIT, |line| origin_in(line).is_some()).await;
    let origin = origin_in(&line).unwrap_or_default();
    (running, origin)
}

/// `... listening on http://127.0.0.1:8081 ...` -> the origin.
fn origin_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening on ")?;
    let origin = rest.split_whitespace().next()?;
    origin.starts_with("http://").then(|| origin.trim_end_matches(['.', '/']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_read_from_the_line_that_tells_it() {
        let line = "2026-11-20T08:00:00Z  INFO gateway: listening on http://127.0.0.1:40123";
        assert_eq!(origin_in(line).as_deref(), Some("http://127.0.0.1:40123"));
        assert_eq!(origin_in("listening on a hope"), None);
    }
}
