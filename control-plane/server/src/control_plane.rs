use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_control_plane_contract::{
    RootSecret,
    signing::{InternalAuth, authenticate},
};
use agentdb_control_plane_store::Stores;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn_with_state, map_response},
    response::Response,
};
use http::{HeaderValue, header};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, EditionBook, EncryptionKeys,
    audit::Refusals,
    extract::org_access,
    key_minutes::KeyMinutes,
    mailer::Carrier,
    passwords::Hasher,
    reconcilers, routes,
    state::{App, AppState, Throttles},
    throttle::Throttle,
};

/// The largest body of an operation, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// How long reconcilers get to finish what they are at.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the control plane cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The parameters of the password hash.
    #[error("auth.argon2: {0}")]
    Passwords(String),
    /// How mail leaves.
    #[error("mail: {0}")]
    Mail(String),
}

/// A control plane that is running.
pub struct ControlPlane {
    app: AppState,
    secret: RootSecret,
    tasks: TaskTracker,
}

impl ControlPlane {
    /// Starts the reconcilers and makes the routers' state. Call within a Tokio runtime. The pool of `stores` for jobs
    /// gives one connection away to listening, so it needs at least three. PostgreSQL need not be there yet.
    ///
    /// # Errors
    /// When the configuration cannot work.
    pub fn start(
        config: Config,
        stores: Stores,
        secret: RootSecret,
        encryption: EncryptionKeys,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let carrier = Carrier::new(&config.mail).map_err(|error| StartError::Mail(error.to_string()))?;
        let hasher =
            Hasher::new(&config.auth, entropy.clone()).map_err(|error| StartError::Passwords(error.to_string()))?;
        let throttle = |rate| Throttle::new(rate, clock.clone());
        let throttles = Throttles {
            by_address: throttle(config.auth.by_address),
            by_email: throttle(config.auth.by_email),
            mails: throttle(config.auth.mails),
            invitations: throttle(config.auth.invitations),
            key_lookups: throttle(config.auth.key_lookups),
            by_person: throttle(config.auth.by_person),
        };
        let app = Arc::new(App {
            people: stores.people(),
            jobs: stores.jobs(),
            stores,
            editions: EditionBook::built_in(),
            encryption,
            hasher,
            throttles,
            refusals: Refusals::new(clock.clone()),
            key_minutes: KeyMinutes::default(),
            mail_posted: Notify::new(),
            changes: watch::Sender::new(0),
            stopping: CancellationToken::new(),
            config,
            clock,
            entropy,
        });
        let tasks = TaskTracker::new();
        reconcilers::start(&app, carrier, &tasks);
        Ok(Self { app: AppState(app), secret, tasks })
    }

    /// The public operations `/v1/auth/…`, `/v1/me` and those of `/v1/orgs/{org}` that are the control plane's.
    pub fn public_router(&self) -> Router {
        let (people, _) = routes::people().with_state(self.app.clone()).split_for_parts();
        let (organization, _) = routes::organization().with_state(self.app.clone()).split_for_parts();
        people
            .merge(self.behind_org_access(organization))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(map_response(no_store))
    }

    /// Puts a router, whose paths all contain `{org}`, behind the access layer: its handlers run only for callers who
    /// belong to the organisation and find their `OrgScope` in the extensions.
    pub fn behind_org_access(&self, router: Router) -> Router {
        router.route_layer(from_fn_with_state(self.app.clone(), org_access))
    }

    /// What nodes ask, `/internal/v1/nodes/…`, authenticated.
    pub fn internal_router(&self) -> Router {
        let auth = InternalAuth { secret: self.secret.clone(), clock: self.app.clock.clone() };
        routes::internal::router().with_state(self.app.clone()).route_layer(from_fn_with_state(auth, authenticate))
    }

    /// Ends waiting requests and the reconcilers; returns when they have ended or after ten seconds.
    pub async fn shutdown(&self) {
        self.app.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            tracing::warn!("a reconciler of the control plane did not end in time");
        }
    }
}

impl std::fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlPlane")
    }
}

/// Answers carry secrets and what is true for one person at one moment.
async fn no_store(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
