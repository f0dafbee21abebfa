//! Counts the bytes of a connection, so that a message that never comes to its end is noticed (F8): the WebSocket layer
//! tells only of whole ones.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Head of a server's control frame: two bytes, never a mask.
const CONTROL_HEAD: u64 = 2;

/// A connection whose bytes are counted.
pub(crate) struct Metered<S> {
    inner: S,
    read: Arc<AtomicU64>,
}

/// What was read and is part of no whole message yet.
pub(crate) struct Meter {
    read: Arc<AtomicU64>,
    accounted: u64,
}

/// Puts a meter on a connection.
pub(crate) fn metered<S>(inner: S) -> (Metered<S>, Meter) {
    let read = Arc::new(AtomicU64::new(0));
    (Metered { inner, read: read.clone() }, Meter { read, accounted: 0 })
}

impl Meter {
    /// Is a message only half here? Right but for what came together with a whole one.
    pub(crate) fn is_half(&self) -> bool {
        self.read.load(Ordering::Relaxed) > self.accounted
    }

    /// A message was whole.
    pub(crate) fn message(&mut self) {
        self.accounted = self.read.load(Ordering::Relaxed);
    }

    /// A control frame was whole; it may stand in the middle of a message.
    pub(crate) fn control(&mut self, payload: usize) {
        self.accounted += CONTROL_HEAD + payload as u64;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.read.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn f8_a_control_frame_in_the_middle_does_not_make_a_half_message_whole() {
        let (mut connection, mut meter) = metered(&b"\x01\x02ab\x89\x01x\x80\x01c"[..]);
        let mut bytes = [0; 7];
        connection.read_exact(&mut bytes).await.expect("bytes");
        meter.control(1);
        assert!(meter.is_half());
        connection.read_exact(&mut bytes[..3]).await.expect("bytes");
        meter.message();
        assert!(!meter.is_half());
    }
}
