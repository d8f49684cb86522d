//! The private server as the rest of the program sees it: started, watched, stopped.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use super::process::{Launch, Running};
use super::{Account, Binaries, PostgresError, leftovers, socket};

/// The cluster's first user, made by `initdb`.
#[derive(Clone)]
pub struct Superuser {
    pub name: String,
    pub password: String,
}

/// A running private PostgreSQL. Dropping it without [`stop`](Self::stop) stops the server as well, but nobody waits for
/// that; when the program ends meanwhile, the server's guard ends it.
pub struct PrivatePostgres {
    socket_dir: PathBuf,
    stop: oneshot::Sender<Duration>,
    watch: JoinHandle<()>,
}

impl PrivatePostgres {
    /// Creates the cluster under `base` if there is none, and starts it. The caller holds the lock of the data
    /// directory that contains `base`. The server takes `max_connections` at once.
    pub async fn start(base: &Path, superuser: &Superuser, max_connections: u32) -> Result<Self, PostgresError> {
        let account = Account::choose()?;
        prepare_base(base, &account)?;
        let seen = Cluster::look(base);
        let binaries = Binaries::find(seen.major, &seen.dir)?;
        let cluster = match seen.major {
            Some(_) => seen,
            None => {
                tracing::info!(dir = %seen.dir.display(), major = binaries.major, "creating a private PostgreSQL cluster");
                Cluster::create(base, &binaries, &account, superuser)?
            }
        };
        leftovers::stop(&cluster.dir).await?;
        let socket_dir = socket::directory(base, &account)?;
        let launch =
            Launch { account, binaries, cluster: cluster.dir, socket_dir: socket_dir.clone(), max_connections };
        let running = launch.start().await?;
        let (stop, stopped) = oneshot::channel();
        let watch = tokio::spawn(watch(launch, running, stopped));
        Ok(Self { socket_dir, stop, watch })
    }

    /// The directory of the unix socket; the port number is PostgreSQL's usual one.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Stops the server; returns when its process has ended.
    pub async fn stop(self, patience: Duration) {
        // A closed channel means that the watcher is gone, and the server with it.
        let _ = self.stop.send(patience);
        let _ = self.watch.await;
        // Succeeds where the directory was made elsewhere because the path was too long; the usual one is made again.
        let _ = std::fs::remove_dir(&self.socket_dir);
    }
}

/// Starts a server that died again, ever more slowly, until told to stop.
async fn watch(launch: Launch, first: Running, mut stop: oneshot::Receiver<Duration>) {
    const FIRST_PAUSE: Duration = Duration::from_millis(200);
    const LONGEST_PAUSE: Duration = Duration::from_secs(30);
    let mut current = Some(first);
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(mut running) = current.take() {
            let began = tokio::time::Instant::now();
            tokio::select! {
                status = running.ended() => {
                    tracing::error!(?status, "PostgreSQL ended by itself; starting it again");
                    if began.elapsed() > LONGEST_PAUSE {
                        pause = FIRST_PAUSE;
                    }
                }
                patience = &mut stop => {
                    return running.stop(patience.unwrap_or(LONGEST_PAUSE)).await;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            _ = &mut stop => return,
        }
        match launch.start().await {
            Ok(running) => current = Some(running),
            Err(error) => tracing::error!(%error, "PostgreSQL could not be started again"),
        }
    }
}

fn prepare_base(base: &Path, account: &Account) -> Result<(), PostgresError> {
    match std::fs::DirBuilder::new().mode(0o700).create(base) {
        Ok(()) => account.own(base)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(PostgresError::io("cannot create", base)(error)),
    }
    match account.blocked_at(base) {
        Some(blocked) => Err(PostgresError::Unreachable { user: account.name.clone(), blocked }),
        None => Ok(()),
    }
}
