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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::pace::Paced;

/// A connection that is to be closed while nothing is in flight says good-bye within this.
const GOOD_BYE: Duration = Duration::from_secs(1);
/// How often a peer of HTTP/2 is asked whether it is there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_PATIENCE: Duration = Duration::from_secs(15);
/// So many bytes of an answer count as sent when they were taken; what comes after them, when the transport lets go of
/// it.
const SMALL: usize = 64 << 10;
/// Fields of one head, by HTTP/1.1. What has more is answered with 431, as is what is larger.
const HEAD_FIELDS: usize = 100;
/// Bytes of one head by HTTP/1.1, and what is read of a body at once.
const HEAD_BYTES: usize = 32 << 10;
/// Bytes of one head by HTTP/2, as its fields are counted there.
const HEAD_BYTES_2: u32 = 16 << 10;
/// Requests of one connection of HTTP/2 at once.
const STREAMS: u32 = 128;
/// Requests that a peer takes back before anything has begun to answer them, in a row.
const TAKEN_BACK_UNHEARD: usize = 20;
/// Requests of one connection that are refused for breaking the protocol's rules, those beyond [`STREAMS`] among them,
/// which a peer may send before it knows how many it may.
const BROKEN_STREAMS: usize = 1_024;
/// Requests that a peer may take back while they are in work. Beyond it, it has to wait for most of its answers.
const TAKEN_BACK: u32 = 100;

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
    /// Bytes a second that a peer takes at least, or brings.
    pub slowest: u64,
    /// How long the rest of a request's body may be waited for, beside the time that what came takes at `slowest`.
    pub body: Duration,
}

impl Default for Quiet {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            answer: Duration::from_secs(30),
            slowest: 64 << 10,
            body: Duration::from_secs(30),
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
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    socket: S,
    peer: SocketAddr,
    app: Router,
    stop: CancellationToken,
    quiet: Quiet,
    tasks: Tasks,
) {
    let activity = Activity::new();
    let heard = activity.clone();
    let io = TokioIo::new(InspectReader::new(socket, move |bytes: &[u8]| heard.heard(bytes.len())));
    let begun = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let work = begun.begin();
        let app = app.clone();
        async move {
            let mut request = request.map(|body| Paced::body(body, quiet.body, quiet.slowest));
            request.extensions_mut().insert(ConnectInfo(peer));
            let answered = app.oneshot(request).await;
            answered.map(|response| response.map(|body| Body::new(Counted::new(body, work, quiet))))
        }
    });
    let mut builder = Builder::new(tasks);
    // The time for a head is kept below, for both versions and from the first byte on.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(HEAD_FIELDS)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_PATIENCE)
        .max_header_list_size(HEAD_BYTES_2)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(TAKEN_BACK_UNHEARD)
        .max_local_error_reset_streams(BROKEN_STREAMS);
    let mut connection = pin!(builder.serve_connection_with_upgrades(io, service));
    tokio::select! {
        biased;
        // How a peer ends its connection is its own affair.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        end = activity.end(quiet) => {
            if end == End::Quiet {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(GOOD_BYE, connection).await;
            }
            return;
        }
    }
    tokio::select! {
        biased;
        _ = connection.as_mut() => {}
        _ = activity.end(quiet) => {}
    }
}

/// Why a connection ends that its peer did not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// No request, or no progress, for longer than is allowed.
    Quiet,
    /// The peer makes work and takes it back. It is not told.
    Hostile,
}

/// What happens on a connection.
#[derive(Clone)]
struct Activity(Arc<Mutex<Moment>>);

struct Moment {
    /// Requests whose head has arrived and whose answer has not been sent.
    in_flight: usize,
    /// By when their answers have to be sent, as far as there is such a time.
    due: Vec<Instant>,
    /// Requests that have been in flight.
    begun: u32,
    /// Those of them that were taken back before they had an answer.
    taken_back: u32,
    /// Whether bytes came since the last request.
    heard: bool,
    /// Since when nothing is in flight and nothing more was heard; when something is, without meaning.
    since: Instant,
}

impl Activity {
    fn new() -> Self {
        let since = Instant::now();
        let moment = Moment { in_flight: 0, due: Vec::new(), begun: 0, taken_back: 0, heard: false, since };
        Self(Arc::new(Mutex::new(moment)))
    }

    /// The time for the first head runs from the connection, so what is heard before it changes nothing.
    fn heard(&self, bytes: usize) {
        let mut moment = self.0.lock();
        if bytes > 0 && moment.begun > 0 && moment.in_flight == 0 && !moment.heard {
            moment.heard = true;
            moment.since = Instant::now();
        }
    }

    fn begin(&self) -> Work {
        let mut moment = self.0.lock();
        moment.in_flight += 1;
        moment.begun = moment.begun.saturating_add(1);
        moment.heard = false;
        Work { activity: self.clone(), due: None, answered: false }
    }

    /// By when something has to happen: with requests in flight, the end of the answer that is due first.
    fn deadline(&self, quiet: Quiet) -> Option<Instant> {
        let moment = self.0.lock();
        if moment.in_flight > 0 {
            return moment.due.iter().min().copied();
        }
        Some(moment.since + if moment.heard || moment.begun == 0 { quiet.head } else { quiet.idle })
    }

    /// Whether the peer takes back most of what it asks for.
    fn is_hostile(&self) -> bool {
        let moment = self.0.lock();
        moment.taken_back > TAKEN_BACK && moment.taken_back > moment.begun / 2
    }

    /// Returns when no request has been in flight for longer than is allowed, an answer is overdue, or the peer is hostile. To be polled
    /// after the connection whenever that is: what happens there wakes nobody, as a task that wakes itself is taken to
    /// another thread, a request or two each. A timer that is too early looks again. None is later than `quiet.head`
    /// from when it was set: the answers of HTTP/2 are made in tasks of their own, and become due unseen.
    async fn end(&self, quiet: Quiet) -> End {
        let mut timer = pin!(tokio::time::sleep(quiet.head));
        poll_fn(|context| {
            if self.is_hostile() {
                return Poll::Ready(End::Hostile);
            }
            if let Some(by) = self.deadline(quiet).filter(|by| *by < timer.deadline()) {
                timer.as_mut().reset(by);
            }
            while timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                let latest = now + quiet.head;
                match self.deadline(quiet) {
                    Some(by) if by <= now => return Poll::Ready(End::Quiet),
                    by => timer.as_mut().reset(by.map_or(latest, |by| by.min(latest))),
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// A request in flight, until this is dropped.
struct Work {
    activity: Activity,
    due: Option<Instant>,
    /// Whether an answer was given to the connection.
    answered: bool,
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
        if !self.answered {
            moment.taken_back = moment.taken_back.saturating_add(1);
        }
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
        work.answered = true;
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
    fn who_takes_back_most_of_many_requests_is_hostile() {
        let answer = |work| drop(Counted::new(Body::empty(), work, Quiet::default()));
        let activity = Activity::new();
        for _ in 0..TAKEN_BACK {
            drop(activity.begin());
        }
        assert!(!activity.is_hostile(), "everybody gives up now and then");
        drop(activity.begin());
        assert!(activity.is_hostile());
        for _ in 0..=TAKEN_BACK {
            answer(activity.begin());
        }
        assert!(!activity.is_hostile(), "as many were answered");
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
