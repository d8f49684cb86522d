//! Listeners with TLS.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::connection::Quiet;
use super::super::tls::TlsFiles;
use super::*;

/// Long enough for anything that happens at all.
const DEADLINE: Duration = Duration::from_secs(20);
const NAME: &str = "agentdb.example";

/// A certificate and its key in files, and what vouches for it.
struct Place {
    dir: tempfile::TempDir,
    files: TlsFiles,
}

impl Place {
    fn new() -> (Self, CertificateDer<'static>) {
        let dir = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
        let place = Self { dir, files };
        let certificate = place.renew();
        (place, certificate)
    }

    /// Puts a new pair in the place of the old one.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()]).unwrap();
        self.put(&self.files.key, &signing_key.serialize_pem());
        self.put(&self.files.certificate, &cert.pem());
        cert.der().clone()
    }

    /// Whole or not at all, as tools that renew certificates do.
    fn put(&self, path: &Path, text: &str) {
        let unfinished = self.dir.path().join("unfinished");
        std::fs::write(&unfinished, text).unwrap();
        std::fs::rename(unfinished, path).unwrap();
    }
}

async fn start(files: &TlsFiles, quiet: Quiet) -> (Serving, SocketAddr) {
    let limits = Limits { quiet, ..Limits::of(NonZeroU32::new(100).unwrap(), None) };
    let tls = Some(Tls::load(files.clone()).unwrap());
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut listener = Listener::bind(Edge { address, setting: "listen", name: "public", tls, limits }).await.unwrap();
    listener.look_every = Duration::from_millis(20);
    let address = listener.address();
    (listener.serve(Router::new().route("/", get(async || "hello"))), address)
}

/// A caller who believes these certificates.
fn client(
    trusted: &[&CertificateDer<'static>],
    version: &'static SupportedProtocolVersion,
    alpn: &[&str],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add((*certificate).clone()).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(
    client: &TlsConnector,
    address: SocketAddr,
    name: &'static str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    let made = client.connect(ServerName::try_from(name).unwrap(), socket);
    tokio::time::timeout(DEADLINE, made).await.expect("an end of the handshake in time")
}

async fn status_of(stream: TlsStream<TcpStream>, http2: bool) -> hyper::Result<StatusCode> {
    let io = TokioIo::new(stream);
    let request = Request::get("https://agentdb.example/").header("host", NAME).body(Body::empty()).unwrap();
    if http2 {
        let (mut sender, line) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(line);
        sender.send_request(request).await.map(|answer| answer.status())
    } else {
        let (mut sender, line) = hyper::client::conn::http1::handshake(io).await?;
        tokio::spawn(line);
        sender.send_request(request).await.map(|answer| answer.status())
    }
}

#[tokio::test]
async fn both_versions_are_spoken_over_tls_as_the_peer_prefers() {
    let (place, certificate) = Place::new();
    let (serving, address) = start(&place.files, Quiet::default()).await;
    for (offered, agreed) in [(&["h2", "http/1.1"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)] {
        let stream = connect(&client(&[&certificate], &TLS13, offered), address, NAME).await.unwrap();
        let session = stream.get_ref().1;
        assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(session.alpn_protocol(), agreed.map(str::as_bytes));
        assert_eq!(status_of(stream, agreed == Some("h2")).await.unwrap(), StatusCode::OK, "{offered:?}");
    }
    serving.stop(DEADLINE).await;
}

#[tokio::test]
async fn older_tls_and_no_tls_are_refused() {
    let (place, certificate) = Place::new();
    let (serving, address) = start(&place.files, Quiet::default()).await;
    let refused = connect(&client(&[&certificate], &TLS12, &[]), address, NAME).await.unwrap_err().to_string();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut said)).await.expect("the end in time");
    assert!(!String::from_utf8_lossy(&said).contains("HTTP/1.1"), "{said:?}");
    let nothing_in_common = connect(&client(&[&certificate], &TLS13, &["spdy/1"]), address, NAME).await;
    assert!(nothing_in_common.is_err());
    serving.stop(DEADLINE).await;
}

/// The name decides nothing here; the caller judges whether the certificate is for it.
#[tokio::test]
async fn a_name_that_is_not_the_certificates_gets_the_certificate_all_the_same() {
    let (place, certificate) = Place::new();
    let (serving, address) = start(&place.files, Quiet::default()).await;
    let refused = connect(&client(&[&certificate], &TLS13, &[]), address, "other.example").await.unwrap_err();
    assert!(refused.to_string().contains("not valid for name"), "{refused}");
    serving.stop(DEADLINE).await;
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let (place, certificate) = Place::new();
    let quiet = Quiet { head: Duration::from_millis(200), ..Quiet::default() };
    let (serving, address) = start(&place.files, quiet).await;
    // Nothing, and the beginning of a greeting that announces more.
    for said in [&b""[..], &[22, 3, 1, 2, 0, 1, 0]] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut rest)).await.expect("the end in time");
    }
    let stream = connect(&client(&[&certificate], &TLS13, &[]), address, NAME).await.unwrap();
    assert_eq!(status_of(stream, false).await.unwrap(), StatusCode::OK);
    serving.stop(DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_under_load_without_a_failed_request() {
    let (place, first) = Place::new();
    let (serving, address) = start(&place.files, Quiet::default()).await;
    // A pair that vouches for nobody yet, to be put in place below: callers must know it before.
    let (second_place, second) = Place::new();
    let (done, failed, asked) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..4)
        .map(|n| {
            let client = client(&[&first, &second], &TLS13, if n % 2 == 0 { &["h2"] } else { &["http/1.1"] });
            let (done, failed, asked) = (done.clone(), failed.clone(), asked.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    let answered = match connect(&client, address, NAME).await {
                        Ok(stream) => status_of(stream, n % 2 == 0).await.is_ok_and(|status| status == StatusCode::OK),
                        Err(_) => false,
                    };
                    asked.fetch_add(1, Ordering::SeqCst);
                    failed.fetch_add(usize::from(!answered), Ordering::SeqCst);
                }
            })
        })
        .collect();
    let until = |what: &'static str, holds: Box<dyn Fn() -> bool>| async move {
        let until = tokio::time::Instant::now() + DEADLINE;
        while !holds() {
            assert!(tokio::time::Instant::now() < until, "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let at_least = |asked: &Arc<AtomicUsize>, more: usize| {
        let (asked, least) = (Arc::clone(asked), asked.load(Ordering::SeqCst) + more);
        Box::new(move || asked.load(Ordering::SeqCst) >= least) as Box<dyn Fn() -> bool>
    };
    until("requests before", at_least(&asked, 20)).await;

    // A broken pair: the old certificate with a new key, and then no certificate at all.
    place.put(&place.files.key, &std::fs::read_to_string(&second_place.files.key).unwrap());
    until("requests with a wrong key in place", at_least(&asked, 20)).await;
    place.put(&place.files.certificate, "nonsense");
    until("requests with nonsense in place", at_least(&asked, 20)).await;
    let served = connect(&client(&[&first, &second], &TLS13, &[]), address, NAME).await.unwrap();
    assert_eq!(served.get_ref().1.peer_certificates().unwrap()[0], first, "the old pair stays");

    place.put(&place.files.certificate, &std::fs::read_to_string(&second_place.files.certificate).unwrap());
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        // A new client each time, which resumes nothing.
        let served = connect(&client(&[&first, &second], &TLS13, &[]), address, NAME).await.unwrap();
        if served.get_ref().1.peer_certificates().unwrap()[0] == second {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the new pair is not taken");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    until("requests after", at_least(&asked, 20)).await;
    done.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(failed.load(Ordering::SeqCst), 0, "of {}", asked.load(Ordering::SeqCst));
    serving.stop(DEADLINE).await;
}
