//! Control plane and billing.

use agentdb_billing_server::Billing;
use agentdb_control_plane_contract::RootSecret;
use agentdb_control_plane_server::{ControlPlane, EncryptionKeys};
use agentdb_control_plane_store::Stores;
use anyhow::Context;
use axum::Router;
use axum::middleware::from_fn_with_state;
use url::Url;

use super::Environment;
use crate::command::Failure;
use crate::config::{Config, ConfigError, Internal, Secret};
use crate::database::{Access, Pools};
use crate::http::{BODY_DEADLINE, body_deadline};

/// Both, started on a migrated database.
pub struct ControlRole {
    control: ControlPlane,
    billing: Billing,
    pools: Pools,
}

impl ControlRole {
    /// Starts both; they connect to the database when they first need it.
    pub fn start(
        config: &Config,
        public_url: Url,
        access: &Access,
        root_secret: RootSecret,
        encryption: EncryptionKeys,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        if config.mail.smtp_host.is_none() && !config.listen.ip().is_loopback() {
            tracing::warn!("mail is captured: whoever reaches this address can read it; set mail.smtp_host to send it");
        }
        let pools = access.pools();
        let stores = Stores::new(pools.app.clone(), pools.jobs.clone(), pools.key_lookup.clone());
        let settings = agentdb_control_plane_server::Config {
            trusted_proxies: config.trusted_proxies,
            auth: config.auth.clone(),
            sessions: config.sessions,
            mail: config.mail.delivery(),
            ..agentdb_control_plane_server::Config::at(public_url)
        };
        let Environment { clock, entropy } = environment.clone();
        let control = ControlPlane::start(settings, stores, root_secret.clone(), encryption, clock.clone(), entropy)
            .context("the control plane did not start")?;
        let billing_pools = agentdb_billing_server::Pools { app: pools.app.clone(), jobs: pools.jobs.clone() };
        let billing = Billing::start(agentdb_billing_server::Config::new(root_secret), billing_pools, clock)
            .context("billing did not start")?;
        Ok(Self { control, billing, pools })
    }

    /// The public routes; billing's are behind the control plane's decision who belongs to an organisation.
    pub fn public_router(&self) -> Router {
        let routes = self.control.public_router().merge(self.control.behind_org_access(self.billing.public_router()));
        routes.layer(from_fn_with_state(BODY_DEADLINE, body_deadline))
    }

    /// The routes for other planes, authenticated.
    pub fn internal_router(&self) -> Router {
        let routes = self.control.internal_router().merge(self.billing.internal_router());
        routes.layer(from_fn_with_state(BODY_DEADLINE, body_deadline))
    }

    /// Ends the requests that wait for news, and the work behind the scenes.
    pub async fn stop_work(&self) {
        self.control.shutdown().await;
    }

    /// Closes the connections to the database.
    pub async fn close(self) {
        self.pools.close().await;
    }
}

/// The configured root secret, or the one that `otherwise` gives.
pub fn root_secret_or<E>(
    settings: &Internal,
    otherwise: impl FnOnce() -> Result<Secret, E>,
) -> Result<RootSecret, Failure>
where
    Failure: From<E>,
{
    let text = match &settings.secret {
        Some(secret) => secret.clone(),
        None => otherwise()?,
    };
    hex::decode(text.expose()).ok().and_then(RootSecret::new).ok_or_else(|| {
        let why = "it must be at least 64 hex digits; make one with: openssl rand -hex 32".to_owned();
        ConfigError::Value { place: "internal.secret".to_owned(), why }.into()
    })
}
