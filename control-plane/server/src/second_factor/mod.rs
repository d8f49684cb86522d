//! The second factor: codes of an authenticator app by RFC 6238, and recovery codes for when the app is lost.
//!
//! Whoever asks for a factor comes here: a try is counted before the code is looked at, so that codes cannot be guessed,
//! and what fits is given to the store, which alone decides that it was not used before.

mod app;
mod recovery;

use agentdb_control_plane_store::{FactorProof, TotpFactor, TotpFactorId};
use agentdb_ids::UserId;
use agentdb_problem::Problem;
use zeroize::Zeroizing;

use crate::{
    encryption::Place,
    refusal::{locked_out, store_failed},
    state::{App, token_sha256},
};

pub(crate) use app::{SEED_LEN, base32, otpauth_url};
pub(crate) use recovery::RecoveryCodes;

/// Where the seed of a factor is stored.
pub(crate) const fn seed_place(id: TotpFactorId) -> Place {
    Place { table: "totp_factors", column: "seed", row: id }
}

/// A new seed: as long as what it is used with, as RFC 4226 (4) recommends.
pub(crate) fn new_seed(app: &App) -> Zeroizing<[u8; SEED_LEN]> {
    let mut seed = Zeroizing::new([0; SEED_LEN]);
    app.entropy.fill(&mut *seed);
    seed
}

/// What failed tries at a person's factor are counted by. Not by the address: who knows the password succeeds with it as
/// often as they like, and is to have no more codes to guess for it.
fn tries_key(user_id: UserId) -> [u8; 32] {
    token_sha256(&format!("second factor {user_id}"))
}

/// What `code` proves of the factor, once the store has found that it was not used before. Counts a try; a code that is
/// none is refused at `/code`.
pub(crate) async fn check(app: &App, factor: &TotpFactor, code: &str) -> Result<FactorProof, Problem> {
    app.throttles.by_email.admit(("second factor", factor.user_id))?;
    let now = app.now();
    let counted = app.people.count_log_in(tries_key(factor.user_id), now).await.map_err(store_failed)?;
    if let Some(until) = counted {
        return Err(locked_out("Too many codes were wrong. Wait.", until - now));
    }
    if let Some(sha256) = recovery::sha256(factor.id, code) {
        return Ok(FactorProof::RecoveryCode(sha256));
    }
    step_of(app, factor, code)?.map(FactorProof::Step).ok_or_else(wrong_code)
}

/// The step of time that the app's code belongs to, one before and one after the present included.
pub(crate) fn step_of(app: &App, factor: &TotpFactor, code: &str) -> Result<Option<i64>, Problem> {
    let opened = app.encryption.open(&seed_place(factor.id), &factor.seed).map_err(Problem::internal)?;
    let seed: &[u8; SEED_LEN] =
        opened.as_slice().try_into().map_err(|_| Problem::internal("a seed of another length was stored"))?;
    Ok(app::step_of(seed, code, app.now()))
}

/// Tries before do not count any more: whoever has just shown the factor did not guess.
pub(crate) async fn proven(app: &App, user_id: UserId) -> Result<(), Problem> {
    app.people.forget_log_ins(tries_key(user_id)).await.map_err(store_failed)
}

/// The same for one that is wrong, one that was used, and one of somebody else.
pub(crate) fn wrong_code() -> Problem {
    Problem::invalid("/code", "wrong_code", "this is no code of the account's app and no recovery code, or it was used")
}
