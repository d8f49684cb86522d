//! Listening and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Tasks};
use super::edge::{Edge, Limits};
use super::tls::{Handshakes, LOOK_EVERY, Tls};

/// What was cut off ends at its next step; one that computes and takes none is not waited for any longer than this.
const CUTTING: Duration = Duration::from_secs(1);
/// After an error of the machine, such as no free file, accepting pauses instead of failing again at once.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// A bound socket: nothing is answered before [`serve`](Self::serve), but the port is ours.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    name: &'static str,
    tls: Option<Tls>,
    limits: Limits,
    look_every: Duration,
}

/// A listener at work.
pub struct Serving {
    stop: CancellationToken,
    cut: CancellationToken,
    running: TaskTracker,
}

impl Listener {
    /// Binds the address of the edge.
    pub async fn bind(edge: Edge) -> anyhow::Result<Self> {
        let Edge { address, setting, name, tls, limits } = edge;
        let socket = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; give another address with the setting {setting}"))?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, name, tls, limits, look_every: LOOK_EVERY })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https`, or `http` when it speaks without TLS.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Answers from now on, HTTP/1.1 and HTTP/2. Beyond its limit of connections at once, new ones wait in the kernel's
    /// queue until one ends; beyond that of one address, its new ones are closed.
    pub fn serve(self, app: Router) -> Serving {
        let serving =
            Serving { stop: CancellationToken::new(), cut: CancellationToken::new(), running: TaskTracker::new() };
        // 32 bits are fewer than the permits of a semaphore.
        let places = Arc::new(Semaphore::new(self.limits.connections.get() as usize));
        let tasks = Tasks { cut: serving.cut.clone(), running: serving.running.clone() };
        let stop = serving.stop.clone();
        let handshakes = self.tls.as_ref().map(Tls::handshakes);
        if let Some(tls) = self.tls {
            let fresh = stop.clone().run_until_cancelled_owned(tls.keep_fresh(self.look_every));
            serving.running.spawn(async move {
                fresh.await;
            });
        }
        let Self { socket, name, limits, .. } = self;
        serving.running.spawn(async move {
            loop {
                let next = async { (Arc::clone(&places).acquire_owned().await, accept(&socket).await) };
                let (place, (socket, peer)) = tokio::select! {
                    () = stop.cancelled() => return,
                    next = next => next,
                };
                let Some(of_address) = limits.addresses.take(peer.ip()) else {
                    metrics::counter!("agentdb_connections_refused_total", "listener" => name).increment(1);
                    continue;
                };
                let connection = Connection {
                    socket,
                    peer,
                    app: app.clone(),
                    handshakes: handshakes.clone(),
                    stop: stop.clone(),
                    limits: limits.clone(),
                    tasks: tasks.clone(),
                };
                tasks.spawn(async move {
                    let open = metrics::gauge!("agentdb_connections", "listener" => name);
                    open.increment(1.0);
                    let _closed = OnDrop(move || open.decrement(1.0));
                    connection.serve().await;
                    drop((place, of_address));
                });
            }
        });
        serving
    }
}

/// Does it when it is dropped, which a connection that is cut off is as well.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// One that was accepted.
struct Connection {
    socket: TcpStream,
    peer: SocketAddr,
    app: Router,
    handshakes: Option<Handshakes>,
    stop: CancellationToken,
    limits: Limits,
    tasks: Tasks,
}

impl Connection {
    async fn serve(self) {
        let Self { socket, peer, app, handshakes, stop, limits, tasks } = self;
        // Replies are written whole: waiting for more only delays them. A socket that refuses works all the same.
        let _ = socket.set_nodelay(true);
        let Some(handshakes) = handshakes else {
            return connection::serve(socket, peer, app, stop, limits.quiet, tasks).await;
        };
        let made = stop.run_until_cancelled(handshakes.make(socket, limits.quiet.head)).await;
        if let Some(Some(stream)) = made {
            connection::serve(stream, peer, app, stop, limits.quiet, tasks).await;
        }
    }
}

impl Serving {
    /// Takes no more connections, finishes the requests in flight, and cuts off what is open after `patience`: when this
    /// returns, no handler of this listener works any more.
    pub async fn stop(self, patience: Duration) {
        self.stop.cancel();
        self.running.close();
        if tokio::time::timeout(patience, self.running.wait()).await.is_ok() {
            return;
        }
        tracing::warn!(open = self.running.len(), "cutting off what did not finish in time");
        self.cut.cancel();
        if tokio::time::timeout(CUTTING, self.running.wait()).await.is_err() {
            tracing::warn!(open = self.running.len(), "a request computes and cannot be cut off");
        }
    }
}

/// The next connection, whatever goes wrong with others.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(found) => return found,
            // The peer's own doing, before we got to it.
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod secure;

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use axum::body::{Body, Bytes};
    use axum::routing::{get, post};
    use http::{Request, Response, StatusCode};
    use hyper::body::Incoming;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::super::connection::Quiet;
    use super::*;

    const SHORT: Quiet = Quiet {
        head: Duration::from_millis(100),
        idle: Duration::from_millis(600),
        answer: DEADLINE,
        slowest: 64 << 10,
        body: DEADLINE,
    };
    /// Long enough for anything that happens at all.
    const DEADLINE: Duration = Duration::from_secs(20);
    /// More bytes than the kernel takes from one side before the other reads any.
    const LARGE: usize = 16 << 20;

    /// So many connections at once, with the times that listeners have.
    async fn bound(most: u32) -> (Listener, SocketAddr) {
        bound_within(most, Quiet::default()).await
    }

    async fn bound_within(most: u32, quiet: Quiet) -> (Listener, SocketAddr) {
        let limits = Limits { quiet, ..Limits::of(NonZeroU32::new(most).unwrap(), None) };
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let edge = Edge { address, setting: "listen", name: "public", tls: None, limits };
        let listener = Listener::bind(edge).await.unwrap();
        let address = listener.address();
        (listener, address)
    }

    async fn rest_of(socket: &mut TcpStream) -> String {
        let mut text = Vec::new();
        let read = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut text)).await.expect("the end in time");
        // A connection that is cut off may end with a reset.
        let _ = read;
        String::from_utf8(text).unwrap()
    }

    /// One request on a connection that stays open; the status line and headers of the answer.
    async fn ask(socket: &mut TcpStream, path: &str) -> String {
        socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let (mut answer, mut byte) = (Vec::new(), [0]);
        let reading = async {
            while !answer.ends_with(b"hello") {
                assert_eq!(socket.read(&mut byte).await.unwrap(), 1, "it ended");
                answer.push(byte[0]);
            }
        };
        tokio::time::timeout(DEADLINE, reading).await.expect("an answer in time");
        String::from_utf8(answer).unwrap()
    }

    fn hello() -> Router {
        Router::new().route("/", get(async || "hello"))
    }

    #[tokio::test]
    async fn a_connection_that_sends_no_whole_head_is_closed() {
        let quiet = Quiet { idle: DEADLINE * 2, ..SHORT };
        let (listener, address) = bound_within(10, quiet).await;
        let serving = listener.serve(hello());
        // The last one could still become the preface of HTTP/2.
        for said in ["", "GET / HTTP/1.1\r\nhost:", "PRI * HTTP"] {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(said.as_bytes()).await.unwrap();
            assert!(!rest_of(&mut socket).await.contains("200 OK"), "{said}");
        }
        // A second request that is not finished is no better than a first one.
        let mut socket = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut socket, "/").await.starts_with("HTTP/1.1 200 OK"));
        socket.write_all(b"GET / HT").await.unwrap();
        assert!(!rest_of(&mut socket).await.contains("200 OK"));
        serving.stop(DEADLINE).await;
    }

    #[tokio::test]
    async fn a_connection_without_a_request_may_stay_longer_and_is_then_closed() {
        let (listener, address) = bound_within(10, SHORT).await;
        let serving = listener.serve(hello());
        let mut socket = TcpStream::connect(address).await.unwrap();
        ask(&mut socket, "/").await;
        let since = tokio::time::Instant::now();
        assert_eq!(rest_of(&mut socket).await, "");
        assert!(since.elapsed() >= SHORT.idle - Duration::from_millis(50), "{:?}", since.elapsed());
        serving.stop(DEADLINE).await;
    }

    #[tokio::test]
    async fn connections_beyond_the_bound_wait_for_one_to_end() {
        let (listener, address) = bound(1).await;
        let serving = listener.serve(hello());
        let mut first = TcpStream::connect(address).await.unwrap();
        ask(&mut first, "/").await;
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut byte = [0];
        let early = tokio::time::timeout(Duration::from_millis(300), second.read(&mut byte)).await;
        assert!(early.is_err(), "it was served beside the first: {early:?}");
        drop(first);
        tokio::time::timeout(DEADLINE, second.read_exact(&mut byte)).await.expect("its turn").unwrap();
        serving.stop(Duration::ZERO).await;
    }

    #[tokio::test]
    async fn stopping_finishes_what_is_in_flight() {
        let (listener, address) = bound(10).await;
        let (begun, has_begun) = oneshot::channel();
        let (finish, may_finish) = oneshot::channel::<()>();
        let once = Arc::new(parking_lot::Mutex::new(Some((begun, may_finish))));
        let slow = get(async move || {
            let (begun, may_finish) = once.lock().take().unwrap();
            begun.send(()).unwrap();
            may_finish.await.unwrap();
            "hello"
        });
        let serving = listener.serve(Router::new().route("/", slow));
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        has_begun.await.unwrap();
        let stopping = tokio::spawn(serving.stop(DEADLINE));
        finish.send(()).unwrap();
        let answer = rest_of(&mut socket).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
        stopping.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "the port is free");
    }

    /// Handlers once went on after the stop, on a database that was being closed.
    #[tokio::test]
    async fn stopping_cuts_off_what_is_open_after_the_patience() {
        for http2 in [false, true] {
            let (listener, address) = bound(10).await;
            let (begun, has_begun) = oneshot::channel();
            let (held, dropped) = oneshot::channel::<()>();
            let once = Arc::new(parking_lot::Mutex::new(Some((begun, held))));
            let endless = get(async move || {
                let (begun, _held) = once.lock().take().unwrap();
                begun.send(()).unwrap();
                std::future::pending::<&str>().await
            });
            let serving = listener.serve(Router::new().route("/", endless));
            let socket = TcpStream::connect(address).await.unwrap();
            let asking = tokio::spawn(request(socket, http2, Request::get("http://x/").body(Body::empty()).unwrap()));
            has_begun.await.unwrap();
            serving.stop(Duration::from_millis(50)).await;
            // Its sender went with the handler.
            tokio::time::timeout(DEADLINE, dropped).await.expect("the handler has ended").unwrap_err();
            assert!(asking.await.unwrap().is_err(), "http2: {http2}");
        }
    }

    #[tokio::test]
    async fn both_versions_are_spoken_and_bodies_go_both_ways() {
        let (listener, address) = bound(10).await;
        let echo = post(async |body: Bytes| body);
        let serving = listener.serve(Router::new().route("/", echo));
        for http2 in [false, true] {
            let body = vec![b'x'; 300_000];
            let sent = Request::post("http://x/").header("host", "x").body(Body::from(body.clone())).unwrap();
            let (status, echoed) =
                request(TcpStream::connect(address).await.unwrap(), http2, sent).await.expect("an answer");
            assert_eq!((status, echoed.len()), (StatusCode::OK, body.len()));
        }
        serving.stop(DEADLINE).await;
    }

    /// An answer of the length `LARGE`, of which nothing is read so far.
    async fn ask_for_large(address: SocketAddr, http2: bool, window: u32) -> Body {
        let socket = TcpStream::connect(address).await.unwrap();
        let large = Request::get("http://x/large").body(Body::empty()).unwrap();
        let answer = tokio::time::timeout(DEADLINE, head_of(socket, http2, window, large)).await;
        Body::new(answer.expect("an answer in time").unwrap().into_body())
    }

    fn hello_and_large() -> Router {
        hello().route("/large", get(async || vec![b'x'; LARGE]))
    }

    /// Such peers could once keep the places of a listener for as long as they liked.
    #[tokio::test]
    async fn a_peer_that_does_not_take_its_answer_loses_its_place() {
        for http2 in [false, true] {
            let patience = Duration::from_secs(1);
            let quiet =
                Quiet { head: patience, idle: DEADLINE * 2, answer: patience, slowest: u64::MAX, body: DEADLINE };
            let (listener, address) = bound_within(1, quiet).await;
            let serving = listener.serve(hello_and_large());
            let untaken = ask_for_large(address, http2, 0).await;
            let mut second = TcpStream::connect(address).await.unwrap();
            ask(&mut second, "/").await;
            drop((untaken, second));
            serving.stop(DEADLINE).await;
        }
    }

    /// What was handed over to be sent was once taken for sent, and the connection for one that is not used.
    #[tokio::test]
    async fn a_large_answer_arrives_whole_though_it_is_not_taken_at_once() {
        let quiet = Quiet { head: Duration::from_secs(1), ..SHORT };
        let (listener, address) = bound_within(10, quiet).await;
        let serving = listener.serve(hello_and_large());
        let answers = [ask_for_large(address, false, 0).await, ask_for_large(address, true, 65_535).await];
        // Longer than a connection may be quiet, the good-bye included.
        tokio::time::sleep(Duration::from_secs(3)).await;
        for answer in answers {
            let whole = tokio::time::timeout(DEADLINE, axum::body::to_bytes(answer, LARGE)).await;
            assert_eq!(whole.expect("the rest in time").expect("no early end").len(), LARGE);
        }
        serving.stop(DEADLINE).await;
    }

    async fn request(socket: TcpStream, http2: bool, request: Request<Body>) -> hyper::Result<(StatusCode, Bytes)> {
        let answer = head_of(socket, http2, 1 << 20, request).await?;
        let status = answer.status();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), 1 << 20).await.expect("the whole body");
        Ok((status, body))
    }

    /// An answer as far as its head. By HTTP/2, `window` bytes of the rest may come before any is read.
    async fn head_of(
        socket: TcpStream,
        http2: bool,
        window: u32,
        request: Request<Body>,
    ) -> hyper::Result<Response<Incoming>> {
        let io = TokioIo::new(socket);
        if http2 {
            let mut client = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
            let (mut sender, line) = client.initial_stream_window_size(window).handshake(io).await?;
            tokio::spawn(line);
            sender.send_request(request).await
        } else {
            let (mut sender, line) = hyper::client::conn::http1::handshake(io).await?;
            tokio::spawn(line);
            sender.send_request(request).await
        }
    }
}
