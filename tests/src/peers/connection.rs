//! One connection for HTTP that stays open, with as little work as can be: the clients share the machine with what they
//! measure.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper_util::rt::TokioIo;
use reqwest::Request;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// A connection, and the one POST that is sent on it, but for its body.
pub struct Connection {
    /// Opened when it is first used, and again when the other end has closed it.
    sender: Mutex<Option<SendRequest<Full<Bytes>>>>,
    host: String,
    port: u16,
    path: String,
    headers: HeaderMap,
}

impl Connection {
    /// One to where `request` goes; its headers go with each request.
    pub fn to(request: &Request) -> Result<Self> {
        let url = request.url();
        let (host, port) = url.host_str().zip(url.port()).context("no address")?;
        let mut headers = request.headers().clone();
        headers.insert(HOST, format!("{host}:{port}").parse()?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self { sender: Mutex::new(None), host: host.to_owned(), port, path: url.path().to_owned(), headers })
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, or tells it what went wrong.
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Sends a body and gives the body of the answer, which must be a success.
    pub async fn post(&self, body: Bytes) -> Result<Bytes> {
        let mut request = hyper::Request::post(&self.path).body(Full::new(body))?;
        request.headers_mut().clone_from(&self.headers);
        let mut held = self.sender.lock().await;
        let sender = match &mut *held {
            Some(sender) if !sender.is_closed() => sender,
            gone => gone.insert(self.open().await?),
        };
        sender.ready().await?;
        let reply = sender.send_request(request).await?;
        let status = reply.status();
        let body = reply.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{}: {status} {}", self.path, String::from_utf8_lossy(&body));
        Ok(body)
    }
}
