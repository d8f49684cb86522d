//! Listening and stopping.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A bound socket: nothing is answered before [`serve`](Self::serve), but the port is ours.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// A listener at work.
pub struct Serving {
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Listener {
    /// Binds the address; `setting` is named in the refusal.
    pub async fn bind(address: SocketAddr, setting: &'static str) -> anyhow::Result<Self> {
        let socket = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; give another address with the setting {setting}"))?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on.
    pub fn serve(self, app: Router) -> Serving {
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            axum::serve(self.socket, app.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(stopped)
                .await
        });
        Serving { stop, task }
    }
}

impl Serving {
    /// Takes no more connections, finishes the requests in flight, and cuts off what is open after `patience`.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
