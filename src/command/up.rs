//! `agentdb up`: everything in one process.

use std::process::ExitCode;
use std::time::Duration;

use agentdb_control_plane_server::EncryptionKeys;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Failure;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::database::{self, Access, role_passwords};
use crate::http::{Cors, Hardening, PublicParts, Readiness, Serving, internal_app, public_app};
use crate::postgres::{PrivatePostgres, Superuser};
use crate::roles::{
    ControlRole, Edges, Environment, Listeners, LoadingModel, NodeRole, node_id, own_control_plane, root_secret_or,
};
use crate::{openapi, shutdown, telemetry};

/// Requests that are still in flight after the drain are cut off after this.
const LAST_REPLIES: Duration = Duration::from_secs(5);
/// PostgreSQL's checkpoint at the end.
const DATABASE_PATIENCE: Duration = Duration::from_secs(20);

/// Starts all parts, serves until told to stop, and stops them in the reverse order.
pub async fn run(config: &Config) -> Result<ExitCode, Failure> {
    let edges = Edges::of(config)?;
    let stop = shutdown::on_signal().map_err(anyhow::Error::from)?;
    let data_dir = DataDir::lock(&config.data_dir()?)?;
    let environment = Environment::system();
    let listeners = edges.bind().await?;
    let model = LoadingModel::begin(config)?;
    let (access, postgres) = open_database(config, &data_dir, &environment).await?;
    let outcome = match Running::start(config, &data_dir, &access, &environment, listeners, model).await {
        Ok(running) => {
            running.announce(config, &data_dir, &stop).await;
            stop.cancelled().await;
            running.stop().await;
            Ok(())
        }
        Err(error) => Err(error),
    };
    if let Some(postgres) = postgres {
        postgres.stop(DATABASE_PATIENCE).await;
    }
    outcome?;
    eprintln!("agentdb: stopped");
    Ok(ExitCode::SUCCESS)
}

/// Everything that was started on the database.
struct Running {
    url: Url,
    control: ControlRole,
    node: NodeRole,
    readiness: Readiness,
    public: Serving,
    internal: Serving,
}

impl Running {
    async fn start(
        config: &Config,
        data_dir: &DataDir,
        access: &Access,
        environment: &Environment,
        listeners: Listeners,
        model: LoadingModel,
    ) -> Result<Self, Failure> {
        let Listeners { public, internal } = listeners;
        let metrics = telemetry::start_metrics()?;
        let url = config.public_url(public.address());
        let root_secret = root_secret_or(&config.internal, || data_dir.secret("internal", &*environment.entropy))?;
        let credential = root_secret.credential(node_id(config, data_dir, environment)?);
        let encryption = encryption_keys(config, data_dir, environment)?;
        let control = ControlRole::start(config, url.clone(), access, root_secret, encryption, environment)?;
        let control_plane = own_control_plane(config, &internal)?;
        let internal_https = internal.scheme() == "https";
        let internal = internal.serve(internal_app(
            control.internal_router(),
            metrics.clone(),
            environment.request_ids(),
            internal_https,
        ));
        let node = match NodeRole::start(config, data_dir, credential, control_plane, model, environment).await {
            Ok(node) => node,
            Err(error) => {
                control.stop_work().await;
                internal.stop(LAST_REPLIES).await;
                control.close().await;
                return Err(error.into());
            }
        };
        let readiness = Readiness::of(node.ready());
        let public = public.serve(public_app(PublicParts {
            api: control.public_router().merge(node.router()),
            console: true,
            openapi: openapi::description()?,
            request_ids: environment.request_ids(),
            readiness: readiness.clone(),
            metrics: config.metrics.public.then_some(metrics),
            cors: Cors::of(config.cors.allowed()),
            hardening: Hardening::of(url.scheme() == "https"),
        }));
        readiness.open();
        Ok(Self { url, control, node, readiness, public, internal })
    }

    /// Says that it is ready once it is, where, and how to stop.
    async fn announce(&self, config: &Config, data_dir: &DataDir, stop: &CancellationToken) {
        while !self.readiness.is_ready() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(10)) => {}
            }
        }
        let url = self.url.as_str().trim_end_matches('/');
        println!("AgentDB Cloud is ready.");
        println!("  console and API  {url}");
        println!("  API description  {url}/docs");
        println!("  data directory   {}", data_dir.path().display());
        match &config.mail.smtp_host {
            Some(host) => println!("  mail             sent through {host}"),
            None => println!("  mail             captured: links are printed here and shown in the console"),
        }
        println!("  to stop          Ctrl-C, or: kill {}", std::process::id());
    }

    /// The reverse of the start. The control plane is there until the node has reported what it counted.
    async fn stop(self) {
        self.readiness.close();
        self.node.drain().await;
        self.public.stop(LAST_REPLIES).await;
        self.control.stop_work().await;
        self.internal.stop(LAST_REPLIES).await;
        self.control.close().await;
    }
}

/// The configured keys, or those kept in the data directory.
fn encryption_keys(config: &Config, data_dir: &DataDir, environment: &Environment) -> Result<EncryptionKeys, Failure> {
    match config.encryption.keys()? {
        Some(keys) => Ok(keys),
        None => Ok(data_dir.encryption_keys(&*environment.entropy)?),
    }
}

/// The configured database, or a private one; migrated.
async fn open_database(
    config: &Config,
    data_dir: &DataDir,
    environment: &Environment,
) -> Result<(Access, Option<PrivatePostgres>), Failure> {
    let passwords = role_passwords(&config.database, data_dir, &*environment.entropy)?;
    let max_connections = config.database.max_connections;
    if let Some(url) = &config.database.url {
        let access = Access::configured(url, passwords, max_connections).map_err(anyhow::Error::from)?;
        access.migrate().await.map_err(anyhow::Error::from)?;
        return Ok((access, None));
    }
    let password = data_dir.secret("postgres", &*environment.entropy)?;
    let superuser = Superuser { name: database::SUPERUSER.to_owned(), password: password.expose().to_owned() };
    let base = data_dir.path().join("postgres");
    let postgres = PrivatePostgres::start(&base, &superuser, database::private_connections(max_connections))
        .await
        .map_err(anyhow::Error::from)?;
    let access = Access::private(postgres.socket_dir(), &password, passwords, max_connections);
    let prepared = async {
        access.create_database().await?;
        access.migrate().await
    };
    if let Err(error) = prepared.await {
        postgres.stop(DATABASE_PATIENCE).await;
        return Err(anyhow::Error::from(error).into());
    }
    Ok((access, Some(postgres)))
}
