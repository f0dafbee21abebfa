//! The client's end: asks and views over one connection to the owner. When the owner ends, every waiting ask is
//! answered with `ended`; nothing is sent again by itself.

use super::server::read_line;
use super::{Ask, ToGuest, ToOwner, VERSION};
use crate::command::{Answer, Code, Refused};
use crate::view::AppView;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};

/// For an owner to answer the introduction: one that hangs must not hang others.
const WELCOME: std::time::Duration = std::time::Duration::from_secs(5);
/// Asks that may wait to be written.
const WAITING: usize = 64;

type Reply = oneshot::Sender<Result<Answer, Refused>>;

/// A connection to the engine of another process.
#[derive(Clone, Debug)]
pub struct Guest {
    asks: mpsc::Sender<(Ask, Reply)>,
    view: watch::Receiver<Arc<AppView>>,
}

/// Why there is no connection.
#[derive(Debug)]
pub enum NoEntry {
    /// Nobody listens: the owner is just starting or just ending.
    NoOwner(io::Error),
    /// The owner said no.
    Refused(Refused),
}

impl From<io::Error> for NoEntry {
    fn from(error: io::Error) -> Self {
        NoEntry::NoOwner(error)
    }
}

impl Guest {
    /// Connects and introduces itself.
    pub async fn connect(
        path: &Path,
        gateway: Option<String>,
        account: Option<String>,
    ) -> Result<Self, NoEntry> {
        let (reachable, _directory) = super::reachable(path)?;
        let (read, mut write) = UnixStream::connect(reachable).await?.into_split();
        let mut read = BufReader::new(read);
        send(&mut write, &ToOwner::Hello { version: VERSION, gateway, account }).await?;
        let hello = tokio::time::timeout(WELCOME, read_line(&mut read)).await;
        let first = match hello.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? {
            Some(ToGuest::Welcome { view, .. }) => view,
            Some(ToGuest::Refused(refused)) => return Err(NoEntry::Refused(refused)),
            _ => return Err(NoEntry::NoOwner(io::ErrorKind::UnexpectedEof.into())),
        };
        let (asks, asked) = mpsc::channel(WAITING);
        let (views, view) = watch::channel(Arc::from(first));
        let (lines, heard) = mpsc::channel(WAITING);
        tokio::spawn(listen(read, lines));
        tokio::spawn(talk(write, asked, heard, views));
        Ok(Self { asks, view })
    }

    /// Asks the owner; `ended` if it is gone.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Refused> {
        let (reply, answer) = oneshot::channel();
        self.asks.send((ask, reply)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// The owner's view, as it changes. The sender is dropped when the owner ends.
    pub fn view(&self) -> watch::Receiver<Arc<AppView>> {
        self.view.clone()
    }
}

fn ended() -> Refused {
    Refused::new(Code::Ended, "The Holdpoint that ran here has just ended.")
}

async fn listen(mut read: BufReader<OwnedReadHalf>, lines: mpsc::Sender<ToGuest>) {
    while let Ok(Some(line)) = read_line(&mut read).await {
        if lines.send(line).await.is_err() {
            return;
        }
    }
}

async fn talk(
    mut write: OwnedWriteHalf,
    mut asked: mpsc::Receiver<(Ask, Reply)>,
    mut heard: mpsc::Receiver<ToGuest>,
    views: watch::Sender<Arc<AppView>>,
) {
    let mut waiting: HashMap<u64, Reply> = HashMap::new();
    let mut next = 0;
    loop {
        tokio::select! {
            ask = asked.recv() => {
                let Some((ask, reply)) = ask else { return };
                next += 1;
                waiting.insert(next, reply);
                if send(&mut write, &ToOwner::Ask { id: next, ask }).await.is_err() {
                    return;
                }
            }
            line = heard.recv() => match line {
                Some(ToGuest::Answer { id, result }) => {
                    if let Some(reply) = waiting.remove(&id) {
                        let _ = reply.send(result);
                    }
                }
                Some(ToGuest::View(view)) => {
                    views.send_replace(Arc::from(view));
                }
                Some(ToGuest::Welcome { .. } | ToGuest::Refused(_)) => {}
                None => return,
            },
        }
    }
}

async fn send(write: &mut OwnedWriteHalf, message: &ToOwner) -> io::Result<()> {
    let mut line = serde_json::to_vec(message).map_err(io::Error::other)?;
    line.push(b'\n');
    write.write_all(&line).await
}
