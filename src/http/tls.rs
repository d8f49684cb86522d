//! TLS of a listener: version 1.3 alone, with a certificate that is replaced without a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Handshakes that a listener computes at once; a signature each. More wait, within the time of a handshake.
const HANDSHAKES: usize = 256;
/// No chain and no key is larger.
const MAX_FILE: u64 = 1 << 20;

/// Where the certificate is, with those that vouch for it, and its key: both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why files cannot be used. No message shows what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is larger than {MAX_FILE} bytes")]
    TooLarge { path: PathBuf },
    #[error("{path} holds no certificate in PEM")]
    NoCertificate { path: PathBuf },
    #[error("{path} holds no private key in PEM")]
    NoKey { path: PathBuf },
    #[error("the certificate in {certificate} and the key in {key} cannot be used together: {source}")]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// What a listener proves itself with.
pub struct Tls {
    files: TlsFiles,
    /// The bytes that are in use.
    loaded: Pair,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    handshakes: Arc<Semaphore>,
}

/// The contents of both files. Not to be shown.
#[derive(PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// The certificate of new connections, whatever name they ask for.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

impl Tls {
    /// Reads the files. Whoever asks for less than TLS 1.3 is refused, and no early data is taken, which could be
    /// replayed.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let loaded = files.read()?;
        let current = Arc::new(Current(RwLock::new(Arc::new(files.certified(&loaded, &provider)?))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        Ok(Self { files, loaded, current, config: Arc::new(config), handshakes })
    }

    /// What makes handshakes.
    pub fn handshakes(&self) -> Handshakes {
        Handshakes { acceptor: TlsAcceptor::from(Arc::clone(&self.config)), places: Arc::clone(&self.handshakes) }
    }

    /// Takes new files into use as they come. What cannot be used is logged and counted each time, and the old pair
    /// stays: connections that are open keep theirs in any case. Never returns.
    pub async fn keep_fresh(mut self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let files = self.files.clone();
            // Files may be on a disk that is slow, or gone.
            let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else { continue };
            if let Err(error) = read.and_then(|pair| self.renew(pair)) {
                metrics::counter!("agentdb_tls_reload_failures_total").increment(1);
                tracing::error!(%error, "the new certificate cannot be used; the old one stays");
            }
        }
    }

    fn renew(&mut self, pair: Pair) -> Result<(), TlsError> {
        if pair == self.loaded {
            return Ok(());
        }
        let certified = self.files.certified(&pair, self.config.crypto_provider())?;
        *self.current.0.write() = Arc::new(certified);
        self.loaded = pair;
        tracing::info!(certificate = %self.files.certificate.display(), "a new certificate is in use");
        Ok(())
    }
}

impl TlsFiles {
    fn read(&self) -> Result<Pair, TlsError> {
        Ok(Pair { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    fn certified(&self, pair: &Pair, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let none = || TlsError::NoCertificate { path: self.certificate.clone() };
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&pair.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(none)?;
        let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(|_| TlsError::NoKey { path: self.key.clone() })?;
        CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Read { path: path.to_path_buf(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE {
        return Err(TlsError::TooLarge { path: path.to_path_buf() });
    }
    std::fs::read(path).map_err(unreadable)
}

/// Makes handshakes, a bounded number at once.
#[derive(Clone)]
pub struct Handshakes {
    acceptor: TlsAcceptor,
    places: Arc<Semaphore>,
}

impl Handshakes {
    /// The connection once both sides agree; `None` when they do not in time.
    pub async fn make(&self, socket: TcpStream, patience: Duration) -> Option<TlsStream<TcpStream>> {
        let made = tokio::time::timeout(patience, async {
            let _place = self.places.acquire().await;
            self.acceptor.accept(socket).await
        });
        match made.await {
            Ok(Ok(stream)) => Some(stream),
            // What a peer sends is its own affair.
            failed => {
                let reason = if failed.is_err() { "late" } else { "refused" };
                metrics::counter!("agentdb_tls_handshake_failures_total", "reason" => reason).increment(1);
                None
            }
        }
    }
}
