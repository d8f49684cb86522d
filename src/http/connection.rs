//! One connection, from its first byte to its end.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// A connection that is to be closed while nothing is in flight says good-bye within this.
const GOOD_BYE: Duration = Duration::from_secs(1);
/// How often a peer of HTTP/2 is asked whether it is there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may be open without a request in flight.
#[derive(Clone, Copy)]
pub struct Quiet {
    /// From the connection, or from the first byte of a later request, to the end of the request's head.
    pub head: Duration,
    /// Between requests. Longer than balancers keep theirs, so that they close first and lose no request to a closing. A
    /// peer of HTTP/2 that speaks without asking for anything has `head`; it is told of the end, and loses nothing either.
    pub idle: Duration,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), idle: Duration::from_secs(75) }
    }
}

/// Where the work of connections runs: known, and cut off together.
#[derive(Clone)]
pub struct Tasks {
    pub cut: CancellationToken,
    pub running: TaskTracker,
}

impl Tasks {
    /// Runs it until it ends or everything is cut off.
    pub fn spawn(&self, work: impl Future<Output: Send> + Send + 'static) {
        let cut = self.cut.clone();
        self.running.spawn(async move {
            cut.run_until_cancelled_owned(work).await;
        });
    }
}

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, work: F) {
        self.spawn(work);
    }
}

/// Answers the connection's requests until either side closes it. After `stop` it takes no new request.
pub async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    app: Router,
    stop: CancellationToken,
    quiet: Quiet,
    tasks: Tasks,
) {
    // Replies are written whole: waiting for more only delays them. A socket that refuses works all the same.
    let _ = socket.set_nodelay(true);
    let activity = Activity::new();
    let heard = activity.clone();
    let io = TokioIo::new(InspectReader::new(socket, move |bytes: &[u8]| heard.heard(bytes.len())));
    let begun = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let work = begun.begin();
        let app = app.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answered = app.oneshot(request).await;
            answered.map(|response| response.map(|body| Body::new(Counted { body, _work: work })))
        }
    });
    let mut builder = Builder::new(tasks);
    // The time for a head is kept below, for both versions and from the first byte on.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).keep_alive_timeout(PING_PATIENCE);
    let mut connection = pin!(builder.serve_connection_with_upgrades(io, service));
    tokio::select! {
        biased;
        // How a peer ends its connection is its own affair.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        () = activity.too_quiet(quiet) => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(GOOD_BYE, connection).await;
            return;
        }
    }
    tokio::select! {
        biased;
        _ = connection.as_mut() => {}
        () = activity.too_quiet(quiet) => {}
    }
}

/// What happens on a connection.
#[derive(Clone)]
struct Activity(Arc<Mutex<Moment>>);

#[derive(Clone, Copy)]
struct Moment {
    /// Requests whose head has arrived and whose answer has not been written.
    in_flight: usize,
    /// Whether any request has been in flight.
    served: bool,
    /// Whether bytes came since the last request.
    heard: bool,
    /// Since when nothing is in flight and nothing more was heard; when something is, without meaning.
    since: Instant,
}

impl Activity {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Moment { in_flight: 0, served: false, heard: false, since: Instant::now() })))
    }

    fn heard(&self, bytes: usize) {
        let mut moment = self.0.lock();
        if bytes > 0 && moment.in_flight == 0 && !moment.heard {
            *moment = Moment { heard: true, since: Instant::now(), ..*moment };
        }
    }

    fn begin(&self) -> Work {
        let mut moment = self.0.lock();
        *moment = Moment { in_flight: moment.in_flight + 1, served: true, heard: false, ..*moment };
        Work(self.clone())
    }

    /// By when something has to happen; nothing has to while a request is in flight.
    fn deadline(&self, quiet: Quiet) -> Option<Instant> {
        let Moment { in_flight, served, heard, since } = *self.0.lock();
        (in_flight == 0).then(|| since + if heard || !served { quiet.head } else { quiet.idle })
    }

    /// Returns when no request has been in flight for longer than is allowed. To be polled after the connection whenever
    /// that is: what happens there wakes nobody, as a task that wakes itself is taken to another thread, a request or two
    /// each. A timer that is too early looks again.
    async fn too_quiet(&self, quiet: Quiet) {
        let mut timer = pin!(tokio::time::sleep(quiet.head));
        poll_fn(|context| {
            if let Some(by) = self.deadline(quiet).filter(|by| *by < timer.deadline()) {
                timer.as_mut().reset(by);
            }
            while timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                match self.deadline(quiet) {
                    Some(by) if by <= now => return Poll::Ready(()),
                    by => timer.as_mut().reset(by.unwrap_or(now + quiet.head)),
                }
            }
            Poll::Pending
        })
        .await;
    }
}

/// A request in flight, until this is dropped.
struct Work(Activity);

impl Drop for Work {
    fn drop(&mut self) {
        let mut moment = self.0.0.lock();
        *moment = Moment { in_flight: moment.in_flight - 1, since: Instant::now(), ..*moment };
    }
}

/// The body of an answer: its request is in flight until the last of it was taken.
struct Counted {
    body: Body,
    _work: Work,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
