use agentdb_control_plane_store::{SealedSeed, StoreError};
use uuid::Uuid;

use crate::{second_factor::seed_place, state::App};

/// Secrets that are looked at at a time.
const BATCH: i64 = 200;

/// Times in one run.
const BATCHES: usize = 100;

/// Brings secrets that are encrypted under older keys under the first one. A secret that changes meanwhile is left as it
/// is and looked at again in the next run, so running twice, or at once, harms nothing. What does not open is left, and
/// told.
pub(super) async fn rewrap(app: &App) -> Result<(), StoreError> {
    let (mut moved, mut closed) = (0_u32, 0_u32);
    let mut after = Uuid::nil();
    for _ in 0..BATCHES {
        let seeds = app.jobs.seeds_under_other_keys(app.encryption.first_id(), after, BATCH).await?;
        for seed in &seeds {
            match rewrap_seed(app, seed).await? {
                Some(true) => moved += 1,
                Some(false) => {}
                None => closed += 1,
            }
        }
        match seeds.last() {
            Some(last) if i64::try_from(seeds.len()).is_ok_and(|read| read == BATCH) => after = last.id,
            _ => break,
        }
    }
    metrics::gauge!("agentdb_control_unreadable_secrets").set(f64::from(closed));
    if moved > 0 {
        tracing::info!(secrets = moved, "brought under the first encryption key");
    }
    if closed > 0 {
        tracing::error!(secrets = closed, "do not open: a key is missing in encryption.key_file, or rows were changed");
    }
    Ok(())
}

/// Whether it was moved; `None` when it does not open.
async fn rewrap_seed(app: &App, seed: &SealedSeed) -> Result<Option<bool>, StoreError> {
    match app.encryption.rewrap(&seed_place(seed.id), &seed.seed, &*app.entropy) {
        Ok(Some(again)) => app.jobs.replace_seed(seed, &again).await.map(Some),
        Ok(None) => Ok(Some(false)),
        Err(error) => {
            tracing::debug!(factor = %seed.id, %error, "a seed does not open");
            Ok(None)
        }
    }
}
