//! The end of a connection: what a client still sends is read for a while before the connection is closed (RFC 9112, 9.6).
//!
//! A server may answer before it has read the whole request, with a refusal. If it closed the connection then, the client's
//! next bytes would meet a reset, which makes the client's system throw away the answer that has already come.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// How much is read after the last answer, and for how long.
const BYTES: usize = 256 << 20;
const TIME: Duration = Duration::from_secs(10);
/// Read at once.
const CHUNK: usize = 16 << 10;
/// Reads before other connections get their turn.
const READS_IN_A_ROW: usize = 64;

/// A stream whose shutdown reads until the client has closed its side, within bounds.
pub(crate) struct Lingering<S> {
    inner: S,
    ending: Option<Ending>,
}

struct Ending {
    until: Pin<Box<Sleep>>,
    read: usize,
}

impl<S> Lingering<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, ending: None }
    }
}

impl<S: AsyncRead + Unpin> Lingering<S> {
    /// Reads and throws away until the client has closed its side or a bound is reached.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let ending = self.ending.get_or_insert_with(|| Ending {
            until: Box::pin(tokio::time::sleep_until(Instant::now() + TIME)),
            read: 0,
        });
        if ending.until.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut chunk = [0; CHUNK];
        for _ in 0..READS_IN_A_ROW {
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(()),
                Poll::Ready(Ok(())) => ending.read += buffer.filled().len(),
            }
            if ending.read > BYTES {
                return Poll::Ready(());
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ending.is_none() {
            match Pin::new(&mut self.inner).poll_shutdown(context) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
        }
        self.poll_rest(context).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn a_client_that_is_still_sending_hears_the_answer() {
        let (client, server) = tokio::io::duplex(1 << 10);
        let mut server = Lingering::new(server);
        let serving = tokio::spawn(async move {
            server.write_all(b"413").await?;
            server.shutdown().await
        });
        let (mut answer, mut body) = tokio::io::split(client);
        body.write_all(&vec![0; 1 << 20]).await.expect("it is read");
        let mut heard = [0; 3];
        answer.read_exact(&mut heard).await.expect("it has come");
        assert_eq!(&heard, b"413");
        body.shutdown().await.expect("it is open");
        drop((answer, body));
        serving.await.expect("no panic").expect("it ends well");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_closes_is_waited_for_a_while() {
        let (_client, server) = tokio::io::duplex(1 << 10);
        let began = Instant::now();
        Lingering::new(server).shutdown().await.expect("it ends");
        assert_eq!(began.elapsed().as_secs(), TIME.as_secs());
    }
}
