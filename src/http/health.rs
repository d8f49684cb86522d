//! `/healthz`: the process lives. `/readyz`: it takes work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::json;

/// Whether the process takes work: from the end of the start to the beginning of the drain, while its parts agree.
#[derive(Clone)]
pub struct Readiness {
    open: Arc<AtomicBool>,
    parts: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Readiness {
    /// Not before [`open`](Self::open) is called, and only while `parts` says so.
    pub fn of(parts: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { open: Arc::default(), parts: Arc::new(parts) }
    }

    /// The start is over.
    pub fn open(&self) {
        self.open.store(true, Ordering::Release);
    }

    /// The drain begins.
    pub fn close(&self) {
        self.open.store(false, Ordering::Release);
    }

    /// The answer at this moment.
    pub fn is_ready(&self) -> bool {
        self.open.load(Ordering::Acquire) && (self.parts)()
    }
}

/// The process answers.
pub async fn healthz() -> impl IntoResponse {
    Json(json!({"status": "ok"}))
}

/// The process takes work, or not (503).
pub async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    if readiness.is_ready() {
        (StatusCode::OK, Json(json!({"status": "ready"})))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not_ready"})))
    }
}
