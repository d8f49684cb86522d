//! Work behind the scenes. Each reconciler takes no input, makes things as they should be, does a bounded amount a
//! run, and may run twice or at once with itself in another process.

mod encryption;
mod grace;
mod listen;

use std::{future::Future, sync::Arc, time::Duration};

use agentdb_control_plane_store::StoreError;
use tokio_util::task::TaskTracker;

use crate::{
    mailer::{self, Carrier},
    state::App,
};

const MAIL_EVERY: Duration = Duration::from_secs(5);
const NAMESPACES_EVERY: Duration = Duration::from_secs(2);
const CLEAN_UP_EVERY: Duration = Duration::from_secs(60);
const AUDIT_EVERY: Duration = Duration::from_secs(3600);
const ENCRYPTION_EVERY: Duration = Duration::from_secs(3600);

/// Starts them all; they end when `app.stopping` is cancelled.
pub(crate) fn start(app: &Arc<App>, carrier: Carrier, tasks: &TaskTracker) {
    let carrier = Arc::new(carrier);
    tasks.spawn(listen::listen(app.clone()));
    tasks.spawn({
        let app = app.clone();
        async move {
            let woken = &app.mail_posted;
            repeat(&app, "mail", MAIL_EVERY, || woken.notified(), || mailer::deliver(&app, &carrier)).await;
        }
    });
    tasks.spawn({
        let app = app.clone();
        async move {
            repeat(&app, "namespaces", NAMESPACES_EVERY, std::future::pending, || namespaces(&app)).await;
        }
    });
    tasks.spawn({
        let app = app.clone();
        async move {
            repeat(&app, "clean-up", CLEAN_UP_EVERY, std::future::pending, || clean_up(&app)).await;
        }
    });
    tasks.spawn({
        let app = app.clone();
        async move {
            repeat(&app, "audit retention", AUDIT_EVERY, std::future::pending, || forget_events(&app)).await;
        }
    });
    tasks.spawn({
        let app = app.clone();
        async move {
            repeat(&app, "encryption", ENCRYPTION_EVERY, std::future::pending, || encryption::rewrap(&app)).await;
        }
    });
}

/// Places namespaces that have no node, ends the grace of deleted ones, and follows what nodes have acknowledged.
async fn namespaces(app: &App) -> Result<(), StoreError> {
    let purged = grace::end(app).await?;
    let placed = app.jobs.place_waiting(app.alive_since(), app.now()).await?;
    let settled = app.jobs.settle_namespaces(app.now()).await?;
    if placed > 0 || settled > 0 || purged > 0 {
        tracing::debug!(placed, settled, purged, "namespaces moved on");
    }
    Ok(())
}

async fn clean_up(app: &App) -> Result<(), StoreError> {
    let removed = app.jobs.clean_up(app.now()).await?;
    tracing::debug!(?removed, "cleaned up");
    Ok(())
}

/// Removes events of the audit log that are older than the edition of their organisation keeps them.
async fn forget_events(app: &App) -> Result<(), StoreError> {
    for edition in app.editions.all() {
        let removed = app.jobs.remove_audit_events(edition, app.now() - app.editions.audit_kept(edition)).await?;
        if removed > 0 {
            tracing::debug!(removed, edition = edition.as_str(), "old events of audit logs removed");
        }
    }
    Ok(())
}

/// Runs at once, then whenever woken and at least once in `every`. A failure is reported when it begins and when it
/// ends, not each time.
async fn repeat<Woken, Run>(
    app: &App,
    name: &'static str,
    every: Duration,
    woken: impl Fn() -> Woken,
    run: impl Fn() -> Run,
) where
    Woken: Future<Output = ()>,
    Run: Future<Output = Result<(), StoreError>>,
{
    let mut failing = false;
    loop {
        match run().await {
            Ok(()) if failing => {
                failing = false;
                tracing::info!(reconciler = name, "works again");
            }
            Ok(()) => {}
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(reconciler = name, %error, "failed; it is tried again");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = woken() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}
