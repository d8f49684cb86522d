//! `agentdb control-plane`: control plane and billing, on a PostgreSQL that somebody runs.

use std::process::ExitCode;
use std::time::Duration;

use agentdb_ids::NodeId;

use super::Failure;
use crate::config::{Config, ConfigError};
use crate::data_dir::DataDir;
use crate::database::Access;
use crate::http::{Cors, Hardening, PublicParts, Readiness, internal_app, public_app};
use crate::roles::{ControlRole, Edges, Environment, Listeners, root_secret_or};
use crate::{openapi, shutdown, telemetry};

/// Requests in flight get this long to finish.
const LAST_REPLIES: Duration = Duration::from_secs(10);

/// Flags of this role.
#[derive(clap::Args)]
pub struct Options {
    /// Print the key of a node, for its setting node.key, and exit
    #[arg(long, value_name = "NODE_ID")]
    print_node_key: Option<NodeId>,
}

/// Serves until told to stop. The database must have been migrated.
pub async fn run(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let missing = |setting, why| Failure::from(ConfigError::Missing { setting, why });
    let root_secret = root_secret_or(&config.internal, || {
        Err(missing("internal.secret", "nodes and control plane know each other by it"))
    })?;
    if let Some(node_id) = options.print_node_key {
        println!("{}", root_secret.credential(node_id).expose_hex());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(database_url) = &config.database.url else {
        return Err(missing("database.url", "only `agentdb up` brings a database of its own"));
    };
    let passwords = config.database.role_passwords()?;
    let edges = Edges::of(config)?;
    let Some(encryption) = config.encryption.keys()? else {
        return Err(missing("encryption.key_file", "secrets that are read again are stored encrypted under its keys"));
    };
    let stop = shutdown::on_signal().map_err(anyhow::Error::from)?;
    let _data_dir = DataDir::lock(&config.data_dir()?)?;
    let environment = Environment::system();
    let Listeners { public, internal } = edges.bind().await?;
    let access =
        Access::configured(database_url, passwords, config.database.max_connections).map_err(anyhow::Error::from)?;
    let metrics = telemetry::start_metrics()?;
    let url = config.public_url(public.address());
    let control = ControlRole::start(config, url.clone(), &access, root_secret, encryption, &environment)?;

    let readiness = Readiness::of(|| true);
    let https = url.scheme() == "https";
    println!("control plane: {url}, for nodes: {}://{}", internal.scheme(), internal.address());
    let internal_https = internal.scheme() == "https";
    let internal = internal.serve(internal_app(
        control.internal_router(),
        metrics.clone(),
        environment.request_ids(),
        internal_https,
    ));
    let public = public.serve(public_app(PublicParts {
        api: control.public_router(),
        console: true,
        openapi: openapi::description()?,
        request_ids: environment.request_ids(),
        readiness: readiness.clone(),
        metrics: config.metrics.public.then_some(metrics),
        cors: Cors::of(config.cors.allowed()),
        hardening: Hardening::of(https),
    }));
    readiness.open();
    stop.cancelled().await;
    readiness.close();
    public.stop(LAST_REPLIES).await;
    control.stop_work().await;
    internal.stop(LAST_REPLIES).await;
    control.close().await;
    Ok(ExitCode::SUCCESS)
}
