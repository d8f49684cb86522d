use std::sync::Arc;

use agentdb_billing_rating::{BookError, Period, PriceBook, PriceBooks};
use agentdb_clock::Clock;
use agentdb_control_plane_contract::{RootSecret, signing};
use agentdb_problem::Problem;
use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use sqlx::PgPool;

use crate::{routes, store::Store};

/// What can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Proves nodes to us and us to nodes; the control plane's.
    pub secret: RootSecret,
    /// The largest usage report, in bytes. A full one of 20,000 counters has about 6 MiB.
    pub max_checkpoint_bytes: usize,
}

impl Config {
    /// The defaults.
    #[must_use]
    pub const fn new(secret: RootSecret) -> Self {
        Self { secret, max_checkpoint_bytes: 16 * 1024 * 1024 }
    }
}

/// Connections to the metadata store, a pool for each role.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Logs in as `agentdb_app`: serves one organisation at a time.
    pub app: PgPool,
    /// Logs in as `agentdb_jobs`: takes reports in.
    pub jobs: PgPool,
}

/// Why billing cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A price book of this build is wrong.
    #[error(transparent)]
    PriceBook(#[from] BookError),
    /// No price book is in force.
    #[error("no price book is in force at this time")]
    NoPriceBook,
}

/// The service. Cheap to clone; has no work of its own behind the scenes.
#[derive(Debug, Clone)]
pub struct Billing {
    config: Config,
    state: AppState,
}

#[derive(Debug, Clone)]
pub(crate) struct AppState {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    books: Arc<PriceBooks>,
}

impl AppState {
    /// The running month and its price book.
    pub(crate) fn running(&self) -> Result<(Period, &PriceBook), Problem> {
        let now = self.clock.now();
        Period::month_of(now)
            .and_then(|period| Some((period, self.books.in_force(period)?)))
            .ok_or_else(|| Problem::internal(format_args!("no price book is in force at {now}")))
    }
}

impl Billing {
    /// Gets ready to serve; connects when it is first used.
    ///
    /// # Errors
    /// When no valid price book is in force.
    pub fn start(config: Config, pools: Pools, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let books = PriceBooks::embedded()?;
        let period = Period::month_of(clock.now());
        if period.and_then(|period| books.in_force(period)).is_none() {
            return Err(StartError::NoPriceBook);
        }
        let state = AppState { store: Store::new(pools), clock, books: Arc::new(books) };
        Ok(Self { config, state })
    }

    /// The public routes. They read an `OrgScope` that the layer around them has put into the request's extensions.
    pub fn public_router(&self) -> Router {
        routes::public().split_for_parts().0.with_state(self.state.clone())
    }

    /// The routes for nodes, with the authentication of calls between planes around them.
    pub fn internal_router(&self) -> Router {
        let auth = signing::InternalAuth { secret: self.config.secret.clone(), clock: Arc::clone(&self.state.clock) };
        routes::internal()
            .with_state(self.state.clone())
            .layer(DefaultBodyLimit::max(self.config.max_checkpoint_bytes))
            .layer(from_fn_with_state(auth, signing::authenticate))
    }
}
