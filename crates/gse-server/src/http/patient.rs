//! A connection that gives up on a peer who does not take what is sent to it. Reading is left to whoever reads: only
//! they know whether something must come.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::limits::{Pace, Progress};

/// A stream with a pace for its writes.
pub(super) struct Patient<S> {
    stream: S,
    pace: Pace,
    /// Where the time of `Progress` is counted from.
    start: Instant,
    /// There while the peer keeps a write waiting.
    waiting: Option<Waiting>,
}

struct Waiting {
    progress: Progress,
    timer: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, start: Instant::now(), waiting: None }
    }

    /// Judges the outcome of a write.
    fn judge(&mut self, cx: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(bytes)) => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.progress.add(bytes, self.start.elapsed());
                    waiting.timer.as_mut().reset(self.start + waiting.progress.deadline());
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let (start, pace) = (self.start, self.pace);
                let waiting = self.waiting.get_or_insert_with(|| {
                    let progress = Progress::new(pace, start.elapsed());
                    Waiting {
                        progress,
                        timer: Box::pin(tokio::time::sleep_until(start + progress.deadline())),
                    }
                });
                ready!(waiting.timer.as_mut().poll(cx));
                let text = "the peer does not take what is sent to it";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, text)))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.judge(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Who writes flushes when nothing is left to write, so nothing waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
