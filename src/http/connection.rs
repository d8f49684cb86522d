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
/// So many bytes of an answer count as sent when they were taken; what comes after them, when the transport lets go of
/// it.
const SMALL: usize = 64 << 10;

/// How long a connection may be open without a request in flight, or with an answer that its peer does not take.
#[derive(Clone, Copy)]
pub struct Quiet {
    /// From the connection, or from the first byte of a later request, to the end of the request's head.
    pub head: Duration,
    /// Between requests. Longer than balancers keep theirs, so that they close first and lose no request to a closing.
    /// A peer of HTTP/2 that speaks without asking for anything has `head`; it is told of the end, and loses nothing
    /// either.
    pub idle: Duration,
    /// From the head of an answer to its end, beside the time that its length takes at `slowest`. Only where the length
    /// is known: a stream of events has no end to wait for.
    pub answer: Duration,
    /// Bytes a second that a peer takes at least.
    pub slowest: u64,
}

impl Default for Quiet {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            answer: Duration::from_secs(30),
            slowest: 64 << 10,
        }
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
            answered.map(|response| response.map(|body| Body::new(Counted::new(body, work, quiet))))
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

struct Moment {
    /// Requests whose head has arrived and whose answer has not been sent.
    in_flight: usize,
    /// By when their answers have to be sent, as far as there is such a time.
    due: Vec<Instant>,
    /// Whether any request has been in flight.
    served: bool,
    /// Whether bytes came since the last request.
    heard: bool,
    /// Since when nothing is in flight and nothing more was heard; when something is, without meaning.
    since: Instant,
}

impl Activity {
    fn new() -> Self {
        let since = Instant::now();
        Self(Arc::new(Mutex::new(Moment { in_flight: 0, due: Vec::new(), served: false, heard: false, since })))
    }

    /// The time for the first head runs from the connection, so what is heard before it changes nothing.
    fn heard(&self, bytes: usize) {
        let mut moment = self.0.lock();
        if bytes > 0 && moment.served && moment.in_flight == 0 && !moment.heard {
            moment.heard = true;
            moment.since = Instant::now();
        }
    }

    fn begin(&self) -> Work {
        let mut moment = self.0.lock();
        moment.in_flight += 1;
        moment.served = true;
        moment.heard = false;
        Work { activity: self.clone(), due: None }
    }

    /// By when something has to happen: with requests in flight, the end of the answer that is due first.
    fn deadline(&self, quiet: Quiet) -> Option<Instant> {
        let moment = self.0.lock();
        if moment.in_flight > 0 {
            return moment.due.iter().min().copied();
        }
        Some(moment.since + if moment.heard || !moment.served { quiet.head } else { quiet.idle })
    }

    /// Returns when no request has been in flight for longer than is allowed, or an answer is overdue. To be polled
    /// after the connection whenever that is: what happens there wakes nobody, as a task that wakes itself is taken to
    /// another thread, a request or two each. A timer that is too early looks again. None is later than `quiet.head`
    /// from when it was set: the answers of HTTP/2 are made in tasks of their own, and become due unseen.
    async fn too_quiet(&self, quiet: Quiet) {
        let mut timer = pin!(tokio::time::sleep(quiet.head));
        poll_fn(|context| {
            if let Some(by) = self.deadline(quiet).filter(|by| *by < timer.deadline()) {
                timer.as_mut().reset(by);
            }
            while timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                let latest = now + quiet.head;
                match self.deadline(quiet) {
                    Some(by) if by <= now => return Poll::Ready(()),
                    by => timer.as_mut().reset(by.map_or(latest, |by| by.min(latest))),
                }
            }
            Poll::Pending
        })
        .await;
    }
}

/// A request in flight, until this is dropped.
struct Work {
    activity: Activity,
    due: Option<Instant>,
}

impl Work {
    /// Says, once, by when its answer has to be sent.
    fn due(&mut self, by: Instant) {
        self.activity.0.lock().due.push(by);
        self.due = Some(by);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut moment = self.activity.0.lock();
        moment.in_flight -= 1;
        moment.since = Instant::now();
        let at = moment.due.iter().position(|by| Some(*by) == self.due);
        if let Some(at) = at {
            moment.due.swap_remove(at);
        }
    }
}

/// The body of an answer: its request is in flight until the last of it was taken, or, when it is not small, sent.
struct Counted {
    body: Body,
    work: Arc<Work>,
    /// Bytes that were taken.
    taken: usize,
}

impl Counted {
    /// To be made when the answer's head is given to the connection.
    fn new(body: Body, mut work: Work, quiet: Quiet) -> Self {
        if let Some(length) = body.size_hint().exact() {
            work.due(Instant::now() + quiet.answer + Duration::from_secs(length / quiet.slowest));
        }
        Self { body, work: Arc::new(work), taken: 0 }
    }

    fn take(&mut self, bytes: Bytes) -> Bytes {
        self.taken += bytes.len();
        if self.taken <= SMALL {
            return bytes;
        }
        Bytes::from_owner(Unsent { bytes, _work: Arc::clone(&self.work) })
    }
}

/// A part of an answer, as long as the transport holds it.
struct Unsent {
    bytes: Bytes,
    _work: Arc<Work>,
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        polled.map_ok(|frame| frame.map_data(|bytes| this.take(bytes)))
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

    /// It once began again with the first byte.
    #[test]
    fn the_time_for_the_first_head_runs_from_the_connection() {
        let activity = Activity::new();
        let by = activity.deadline(Quiet::default());
        assert!(by.is_some());
        activity.heard(1);
        assert_eq!(activity.deadline(Quiet::default()), by);
    }

    #[test]
    fn the_answer_that_is_due_first_decides_until_it_was_sent() {
        let quiet = Quiet::default();
        let (activity, now) = (Activity::new(), Instant::now());
        let [mut slow, mut quick, endless] = [activity.begin(), activity.begin(), activity.begin()];
        assert_eq!(activity.deadline(quiet), None, "no answer has begun");
        slow.due(now + Duration::from_secs(2));
        quick.due(now + Duration::from_secs(1));
        assert_eq!(activity.deadline(quiet), Some(now + Duration::from_secs(1)));
        drop(quick);
        assert_eq!(activity.deadline(quiet), Some(now + Duration::from_secs(2)));
        drop(slow);
        assert_eq!(activity.deadline(quiet), None);
        drop(endless);
        assert!(activity.deadline(quiet).is_some_and(|by| by >= now + quiet.idle));
    }

    #[test]
    fn a_large_answer_is_in_flight_until_the_transport_lets_go_of_it() {
        for (length, expected) in [(SMALL, 0), (SMALL + 1, 1)] {
            let activity = Activity::new();
            let mut body = Counted::new(Body::empty(), activity.begin(), Quiet::default());
            let held = body.take(Bytes::from(vec![b'x'; length]));
            drop(body);
            assert_eq!((held.len(), activity.0.lock().in_flight), (length, expected));
            drop(held);
            assert_eq!(activity.0.lock().in_flight, 0);
        }
    }
}
