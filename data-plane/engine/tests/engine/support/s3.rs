//! A real S3 server with conditional writes, as `make setup` installs it.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use agentdb_data_plane_engine::{CacheSizes, S3Config, StoreConfig};

pub struct S3 {
    server: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl S3 {
    /// Starts the server on a free loopback port.
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let directory = tempfile::tempdir().expect("a directory");
        let server = Command::new(installed("ministack"))
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("SERVICES", "s3,sts,iam")
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", directory.path())
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server `ministack` is not installed: run `make setup`");
        let answers = async {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), answers).await.expect("the S3 server answers");
        Self { server, port, _directory: directory }
    }

    /// Makes a bucket and says how to reach it.
    pub async fn bucket(&self, name: &str) -> StoreConfig {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        create_bucket(self.port, name).await;
        StoreConfig {
            url: format!("s3://{name}/data/here"),
            s3: Some(S3Config {
                endpoint: Some(endpoint),
                region: "us-east-1".to_owned(),
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
                session_token: None,
                path_style: true,
            }),
            memory_bytes: 1 << 30,
            caches: CacheSizes::default(),
        }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program of the private Python environment.
pub fn installed(name: &str) -> std::path::PathBuf {
    let cache = std::env::var_os("AGENTDB_CACHE").map(std::path::PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| std::path::PathBuf::from(home).join(".cache/agentdb"));
    let mut places = cache.into_iter().chain(home).map(|dir| dir.join("venv/bin").join(name));
    places.find(|path| path.exists()).unwrap_or_else(|| name.into())
}

async fn create_bucket(port: u16, name: &str) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("connect");
    let request = format!("PUT /{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("request");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("reply");
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}
