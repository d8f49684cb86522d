use std::{sync::Arc, time::Duration};

use agentdb_control_plane_store::StoreError;

use crate::state::App;

/// Between attempts to listen again.
const PAUSE: Duration = Duration::from_secs(1);

/// Passes on what the database announces to those who wait in this process. While the database is away they look for
/// themselves from time to time.
pub(super) async fn listen(app: Arc<App>) {
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            ended = hear(&app) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "announcements of the database are not heard");
                }
            }
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn hear(app: &App) -> Result<(), StoreError> {
    let mut changes = app.jobs.listen().await?;
    loop {
        // Before the first announcement too: something may have happened while nobody listened.
        app.changes.send_modify(|count| *count = count.wrapping_add(1));
        changes.next().await?;
    }
}
