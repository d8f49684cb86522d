//! Peers that mean harm, spoken to by raw sockets.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::routing::{get, post};
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::connection::Quiet;
use super::*;

/// Long enough for anything that happens at all.
const DEADLINE: Duration = Duration::from_secs(20);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
/// End of the head and of the request.
const WHOLE: u8 = 0x5;
/// GET http://x/ as a head of HTTP/2.
const GET_ROOT: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'x'];

async fn start(app: Router, limits: Limits) -> (Serving, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let edge = Edge { address, setting: "listen", name: "public", tls: None, limits };
    let listener = Listener::bind(edge).await.unwrap();
    let address = listener.address();
    (listener.serve(app), address)
}

fn limits(of_address: u32) -> Limits {
    Limits::of(NonZeroU32::new(100).unwrap(), NonZeroU32::new(of_address))
}

fn quiet(quiet: Quiet) -> Limits {
    Limits { quiet, ..limits(0) }
}

fn app() -> Router {
    Router::new().route("/", get(async || "hello")).route(
        "/",
        post(async |body: Result<Bytes, BytesRejection>| body.map_or(StatusCode::BAD_REQUEST, |_| StatusCode::OK)),
    )
}

/// All that the peer says until it closes.
async fn rest_of(socket: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let read = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut said)).await.expect("the end in time");
    // A connection that is cut off may end with a reset.
    let _ = read;
    said
}

async fn text_of(socket: &mut TcpStream) -> String {
    String::from_utf8_lossy(&rest_of(socket).await).into_owned()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The kinds of the frames in what a peer of HTTP/2 said.
fn kinds(mut said: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = said {
        kinds.push(*kind);
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        said = rest.get(length..).unwrap_or_default();
    }
    kinds
}

/// A connection of HTTP/2 whose answers are read by nobody but the returned task, to the end.
async fn http2(address: SocketAddr) -> (tokio::net::tcp::OwnedWriteHalf, tokio::task::JoinHandle<Vec<u8>>) {
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    write.write_all(PREFACE).await.unwrap();
    write.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let all = tokio::spawn(async move {
        let mut said = Vec::new();
        let _ = read.read_to_end(&mut said).await;
        said
    });
    (write, all)
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let head = Duration::from_millis(300);
    let (serving, address) = start(app(), quiet(Quiet { head, ..Quiet::default() })).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let began = tokio::time::Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(20));
    // Each byte is in time for one that counts from the last.
    while socket.write_all(b"x").await.is_ok() {
        assert!(began.elapsed() < DEADLINE, "it is waited for");
        every.tick().await;
    }
    serving.stop(DEADLINE).await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_refused_and_one_at_a_fair_pace_is_read() {
    let body = Duration::from_millis(500);
    let (serving, address) = start(app(), quiet(Quiet { body, slowest: 10_000, ..Quiet::default() })).await;
    for (part, answer) in [(1, "400 Bad Request"), (1_000, "200 OK")] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", 20 * part);
        socket.write_all(head.as_bytes()).await.unwrap();
        let (mut read, mut write) = socket.split();
        let sending = async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if write.write_all(&vec![b'x'; part]).await.is_err() {
                    return;
                }
            }
        };
        let reading = async {
            let mut said = vec![0; 64];
            let read = tokio::time::timeout(DEADLINE, read.read(&mut said)).await.expect("an answer in time");
            String::from_utf8_lossy(&said[..read.unwrap()]).into_owned()
        };
        let (said, ()) = tokio::join!(reading, sending);
        assert!(said.contains(answer), "{part}: {said}");
    }
    serving.stop(DEADLINE).await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_have_too_many_fields_are_refused() {
    let (serving, address) = start(app(), limits(0)).await;
    let large = format!("cookie: {}\r\n", "x".repeat(40 << 10));
    let many = (0..101).fold(String::new(), |many, n| many + &format!("x-{n}: 1\r\n"));
    let path = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
    let as_many = (0..90).fold(String::new(), |many, n| many + &format!("x-{n}: 1\r\n"));
    let get = |fields: &str| format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n");
    for (sent, answer) in [(get(&large), " 431 "), (get(&many), " 431 "), (path, " 431 "), (get(&as_many), " 200 ")] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // The other side may have heard enough.
        let _ = socket.write_all(sent.as_bytes()).await;
        let said = text_of(&mut socket).await;
        let first = said.lines().next().unwrap_or_default();
        assert!(first.contains(answer) || (first.is_empty() && answer != " 200 "), "{answer}: {first}");
    }
    serving.stop(DEADLINE).await;
}

#[tokio::test]
async fn a_head_of_http_2_that_is_too_large_is_refused() {
    let (serving, address) = start(app(), limits(0)).await;
    let (mut write, said) = http2(address).await;
    // Two fields of 9,000 bytes, not compressed: 0x00, a name, a value.
    let mut head = GET_ROOT.to_vec();
    for name in [b"x-a", b"x-b"] {
        head.extend([0, 3]);
        head.extend(name);
        // 9,000 as a length of HPACK: 127, then 8,873 in groups of seven bits.
        head.extend([0x7f, 0xa9, 0x45]);
        head.extend(vec![b'x'; 9_000]);
    }
    let (first, rest) = head.split_at(16_000);
    write.write_all(&frame(HEADERS, 0x1, 1, first)).await.unwrap();
    write.write_all(&frame(9, 0x4, 1, rest)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    serving.stop(DEADLINE).await;
    drop(write);
    let said = said.await.unwrap();
    assert!(!kinds(&said).contains(&DATA), "it was answered with the page");
    // `:status 431` has no place in the static table: its text stands in the answer, if there is one.
    assert!(kinds(&said).iter().any(|kind| [HEADERS, RST_STREAM, GO_AWAY].contains(kind)), "{:?}", kinds(&said));
}

#[tokio::test]
async fn an_address_that_has_its_connections_gets_no_more_until_one_ends() {
    let (serving, address) = start(app(), limits(2)).await;
    let ask = async |socket: &mut TcpStream| {
        let _ = socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut said = vec![0; 512];
        let read = tokio::time::timeout(DEADLINE, socket.read(&mut said)).await.expect("in time").unwrap_or(0);
        String::from_utf8_lossy(&said[..read]).into_owned()
    };
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut first).await.contains("200 OK") && ask(&mut second).await.contains("200 OK"));
    let mut third = TcpStream::connect(address).await.unwrap();
    assert_eq!(ask(&mut third).await, "", "it was served");
    assert!(ask(&mut first).await.contains("200 OK"), "those that it has are as before");
    drop(first);
    let until = tokio::time::Instant::now() + DEADLINE;
    loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        if ask(&mut next).await.contains("200 OK") {
            break;
        }
        assert!(tokio::time::Instant::now() < until, "the place was not given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    serving.stop(DEADLINE).await;
}

/// CVE-2023-44487, as it was first seen: requests that are taken back in the same breath.
#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let (serving, address) = start(app(), limits(0)).await;
    let (mut write, said) = http2(address).await;
    let mut burst = Vec::new();
    for n in 0..1_000 {
        burst.extend(frame(HEADERS, WHOLE, 2 * n + 1, GET_ROOT));
        burst.extend(frame(RST_STREAM, 0, 2 * n + 1, &8_u32.to_be_bytes()));
    }
    // The other side may have heard enough.
    let _ = write.write_all(&burst).await;
    let said = tokio::time::timeout(DEADLINE, said).await.expect("the end in time").unwrap();
    assert!(said.is_empty() || kinds(&said).contains(&GO_AWAY), "{:?}", kinds(&said));
    serving.stop(DEADLINE).await;
}

/// The same with patience: each request is in work when it is taken back, which no limit of the protocol counts.
#[tokio::test]
async fn requests_that_are_taken_back_while_they_are_in_work_end_the_connection() {
    let begun = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&begun);
    let endless = get(async move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<&str>().await
    });
    let (serving, address) = start(Router::new().route("/", endless), limits(0)).await;
    let (mut write, said) = http2(address).await;
    let attack = async {
        for batch in 0..100 {
            let streams = (0..10).map(|n| 2 * (10 * batch + n) + 1);
            let heads: Vec<u8> = streams.clone().flat_map(|stream| frame(HEADERS, WHOLE, stream, GET_ROOT)).collect();
            write.write_all(&heads).await?;
            let until = tokio::time::Instant::now() + Duration::from_secs(2);
            while begun.load(Ordering::SeqCst) < 10 * (batch as usize + 1) {
                if tokio::time::Instant::now() > until {
                    return Err(std::io::ErrorKind::TimedOut.into());
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let resets: Vec<u8> =
                streams.flat_map(|stream| frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())).collect();
            write.write_all(&resets).await?;
        }
        std::io::Result::Ok(())
    };
    assert!(attack.await.is_err(), "it went on to the end");
    let all = begun.load(Ordering::SeqCst);
    assert!((100..300).contains(&all), "{all} were begun");
    tokio::time::timeout(DEADLINE, said).await.expect("the connection ends").unwrap();
    serving.stop(DEADLINE).await;
}

#[tokio::test]
async fn streams_beyond_the_bound_are_refused() {
    let begun = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&begun);
    let endless = get(async move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<&str>().await
    });
    let (serving, address) = start(Router::new().route("/", endless), limits(0)).await;
    let (mut write, said) = http2(address).await;
    let heads: Vec<u8> = (0..200).flat_map(|n| frame(HEADERS, WHOLE, 2 * n + 1, GET_ROOT)).collect();
    write.write_all(&heads).await.unwrap();
    let until = tokio::time::Instant::now() + DEADLINE;
    while begun.load(Ordering::SeqCst) < 128 && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(begun.load(Ordering::SeqCst), 128);
    serving.stop(Duration::ZERO).await;
    said.await.unwrap();
}
