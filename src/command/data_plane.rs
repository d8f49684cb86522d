//! `agentdb data-plane`: one node.

use std::process::ExitCode;
use std::time::Duration;

use agentdb_control_plane_contract::NodeCredential;

use super::Failure;
use crate::config::{Config, ConfigError};
use crate::data_dir::DataDir;
use crate::http::{Cors, Hardening, PublicParts, Readiness, internal_app, public_app};
use crate::roles::{Edges, Environment, Listeners, LoadingModel, NodeRole, node_id};
use crate::{openapi, shutdown, telemetry};

/// Requests that are still in flight after the drain are cut off after this.
const LAST_REPLIES: Duration = Duration::from_secs(5);

/// Serves until told to stop. It needs the control plane only to learn what it does not know yet.
pub async fn run(config: &Config) -> Result<ExitCode, Failure> {
    let missing = |setting, why| Failure::from(ConfigError::Missing { setting, why });
    let Some(control_plane) = &config.internal.control_plane_url else {
        return Err(missing("internal.control_plane_url", "the node learns there what is placed on it"));
    };
    let Some(key) = &config.node.key else {
        let why =
            "the control plane knows the node by it; `agentdb control-plane --print-node-key <node.id>` prints it";
        return Err(missing("node.key", why));
    };
    let edges = Edges::of(config)?;
    let stop = shutdown::on_signal().map_err(anyhow::Error::from)?;
    let data_dir = DataDir::lock(&config.data_dir()?)?;
    let environment = Environment::system();
    let node_id = node_id(config, &data_dir, &environment)?;
    let credential = NodeCredential::from_hex(node_id, key.expose()).ok_or_else(|| {
        Failure::from(ConfigError::Value { place: "node.key".to_owned(), why: "it must be 64 hex digits".to_owned() })
    })?;
    let model = LoadingModel::begin(config)?;
    let Listeners { public, internal } = edges.bind().await?;
    let metrics = telemetry::start_metrics()?;
    let node = NodeRole::start(config, &data_dir, credential, control_plane.url().clone(), model, &environment).await?;

    println!("data-plane node {node_id}: {}://{}", public.scheme(), public.address());
    let https = config.public_url(public.address()).scheme() == "https";
    let internal_https = internal.scheme() == "https";
    let readiness = Readiness::of(node.ready());
    let internal =
        internal.serve(internal_app(axum::Router::new(), metrics.clone(), environment.request_ids(), internal_https));
    let public = public.serve(public_app(PublicParts {
        api: node.router(),
        console: false,
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
    node.drain().await;
    public.stop(LAST_REPLIES).await;
    internal.stop(LAST_REPLIES).await;
    Ok(ExitCode::SUCCESS)
}
