//! The owner's end: one task per connection, each a surface of its own. What a connection prepared dies with it.

use super::{Ask, CommandText, LINE_LIMIT, ToGuest, ToOwner, VERSION};
use crate::command::{Answer, Code, Command, Refused};
use crate::effect::SurfaceId;
use crate::handle::Handle;
use crate::lock::Lock;
use crate::step::other_account;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Until the next try to accept, where there are no more files to open.
const ACCEPT_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);
/// Answers that may wait for a slow reader of one connection.
const WAITING: usize = 64;

/// The listening socket; its file goes when it is dropped.
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    _directory: Option<std::fs::File>,
    /// Given back only after the socket's file is gone: the next owner's has the same name.
    _lock: Lock,
}

impl Server {
    /// Listens, replacing a stale socket: the lock says that no other owner lives.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn bind(path: &Path, lock: Lock) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let (reachable, directory) = super::reachable(path)?;
        match std::fs::remove_file(&reachable) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&reachable)?;
        std::fs::set_permissions(&reachable, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path: reachable, _directory: directory, _lock: lock })
    }

    /// Serves until cancelled.
    pub async fn run(self, handle: Handle, cancel: CancellationToken) {
        loop {
            let stream = tokio::select! {
                () = cancel.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "a local connection could not be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                },
            };
            let surface = handle.new_surface();
            let (handle, cancel) = (handle.clone(), cancel.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    result = serve(stream, surface, handle.clone()) => {
                        if let Err(error) = result {
                            tracing::debug!(%error, "a local connection ended");
                        }
                    }
                }
                handle.surface_gone(surface).await;
            });
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve(stream: UnixStream, surface: SurfaceId, handle: Handle) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != rustix::process::geteuid().as_raw() {
        tracing::warn!(peer, "another user's process was turned away from the local socket");
        return Ok(());
    }
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let Some(ToOwner::Hello { version, gateway, account }) = read_line(&mut read).await? else {
        return Ok(());
    };
    if let Err(refused) = admit(&handle, surface, version, gateway, account.as_deref()).await {
        return send(&mut write, &ToGuest::Refused(refused)).await;
    }
    let mut view = handle.view();
    let welcome = Box::new((**view.borrow_and_update()).clone());
    send(&mut write, &ToGuest::Welcome { version: VERSION, view: welcome }).await?;
    let (answers, mut answered) = mpsc::channel(WAITING);
    // Reading has a task of its own: a half-read line must not be lost to `select!`.
    tokio::spawn(listen(read, surface, handle.clone(), answers));
    loop {
        tokio::select! {
            answer = answered.recv() => match answer {
                Some(answer) => send(&mut write, &answer).await?,
                None => return Ok(()),
            },
            changed = view.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let now = Box::new((**view.borrow_and_update()).clone());
                send(&mut write, &ToGuest::View(now)).await?;
            }
        }
    }
}

async fn admit(
    handle: &Handle,
    surface: SurfaceId,
    version: u32,
    gateway: Option<String>,
    account: Option<&str>,
) -> Result<(), Refused> {
    if version != VERSION {
        let message = format!(
            "The running Holdpoint speaks version {VERSION} of the local socket, this program {version}: update the older of the two."
        );
        return Err(Refused::new(Code::Protocol, message));
    }
    let Some(address) = gateway else { return Ok(()) };
    let Answer::Gateway(id) = handle.command(surface, Command::AddGateway { address }).await? else {
        return Ok(());
    };
    let signed_in = handle.view().borrow().gateway(id).and_then(|gateway| gateway.account.clone());
    match (signed_in, account) {
        (Some(signed_in), Some(account)) if signed_in != account => Err(other_account(&signed_in)),
        _ => Ok(()),
    }
}

/// Takes asks until the connection ends; each is answered by a task of its own.
async fn listen(
    mut read: BufReader<OwnedReadHalf>,
    surface: SurfaceId,
    handle: Handle,
    answers: mpsc::Sender<ToGuest>,
) {
    while let Ok(Some(line)) = read_line(&mut read).await {
        let ToOwner::Ask { id, ask } = line else { continue };
        let (handle, answers) = (handle.clone(), answers.clone());
        tokio::spawn(async move {
            let result = match ask {
                Ask::Command(CommandText(command)) => handle.command(surface, command).await,
                Ask::Query(query) => handle.query(query).await,
            };
            let _ = answers.send(ToGuest::Answer { id, result }).await;
        });
    }
}

/// Reads one JSON line of bounded length; `None` at the end of the stream.
pub(super) async fn read_line<T: serde::de::DeserializeOwned>(
    reader: &mut BufReader<OwnedReadHalf>,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
    let read = (&mut *reader).take(limit).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(io::Error::other)
}

async fn send(write: &mut OwnedWriteHalf, message: &ToGuest) -> io::Result<()> {
    let mut line = serde_json::to_vec(message).map_err(io::Error::other)?;
    line.push(b'\n');
    write.write_all(&line).await
}
