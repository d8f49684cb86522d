//! The pace at which the body of a request has to come.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// A body that is waited for no longer than its pace allows: a time in all, and more for each byte that came. Only
/// waiting counts: a reader that is slow itself, or a transport that is full, costs the peer nothing. A body that is
/// overdue breaks off, which its reader refuses as unreadable.
pub struct Paced<B> {
    body: B,
    /// What is left to be waited.
    left: Duration,
    slowest: u64,
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl<B> Paced<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    /// The body with `patience` and a second more for each `slowest` bytes.
    pub fn body(body: B, patience: Duration, slowest: u64) -> Body {
        if body.is_end_stream() {
            return Body::new(body);
        }
        Body::new(Self { body, left: patience, slowest, waiting: None })
    }

    fn came(&mut self, bytes: usize) {
        if let Some(waiting) = self.waiting.take() {
            self.left = self.left.saturating_sub(waiting.since.elapsed());
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left += Duration::from_micros(bytes.saturating_mul(1_000_000) / self.slowest.max(1));
    }

    /// Whether the peer's time is over.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        let left = self.left;
        let waiting = self.waiting.get_or_insert_with(|| {
            let since = Instant::now();
            Waiting { since, end: Box::pin(tokio::time::sleep_until(since + left)) }
        });
        waiting.end.as_mut().poll(context).is_ready()
    }
}

impl<B> HttpBody for Paced<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                this.came(frame.data_ref().map_or(0, Bytes::len));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(axum::Error::new(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if this.is_overdue(context) => {
                Poll::Ready(Some(Err(axum::Error::new("the body did not arrive in time"))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a part after each wait, and then nothing more.
    struct Parts {
        sizes: Vec<usize>,
        every: Duration,
        next: Pin<Box<Sleep>>,
    }

    impl HttpBody for Parts {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            if self.next.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let every = self.every;
            self.next = Box::pin(tokio::time::sleep(every));
            match self.sizes.pop() {
                Some(size) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; size]))))),
                None => Poll::Ready(None),
            }
        }
    }

    async fn read(sizes: &[usize], every: Duration) -> Result<usize, axum::Error> {
        let parts = Parts { sizes: sizes.to_vec(), every, next: Box::pin(tokio::time::sleep(every)) };
        let paced = Paced::body(parts, Duration::from_millis(500), 10_000);
        axum::body::to_bytes(paced, usize::MAX).await.map(|bytes| bytes.len())
    }

    #[tokio::test]
    async fn a_body_that_keeps_the_pace_may_take_long_and_one_that_does_not_is_broken_off() {
        let often = Duration::from_millis(30);
        assert_eq!(read(&[2_000; 30], often).await.unwrap(), 60_000);
        // A byte now and then, each of which once began the time anew.
        assert!(read(&[1; 60], often).await.is_err());
        assert!(read(&[], Duration::from_secs(2)).await.is_err());
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_costs_the_peer_nothing() {
        let parts =
            Parts { sizes: vec![1, 1], every: Duration::ZERO, next: Box::pin(tokio::time::sleep(Duration::ZERO)) };
        let mut paced = Paced::body(parts, Duration::from_millis(200), 1_000);
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(400)).await;
            let frame = std::future::poll_fn(|context| Pin::new(&mut paced).poll_frame(context)).await;
            assert!(frame.expect("a part").is_ok());
        }
    }
}
