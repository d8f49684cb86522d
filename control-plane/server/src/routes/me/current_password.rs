use agentdb_problem::Problem;

use crate::{extract::Session, passwords, refusal::store_failed, routes::auth::hash_failed, state::App};

/// Whether whoever uses the session also knows the password; the hash that it was checked against. How often that may
/// be tried is counted by the person, so that nobody without their session can use it up.
pub(in crate::routes) async fn prove(app: &App, session: &Session, password: String) -> Result<String, Problem> {
    app.throttles.by_email.admit(session.user.id)?;
    let stored = app.people.password_hash(session.user.id).await.map_err(store_failed)?;
    let stored = stored.ok_or_else(Problem::unauthenticated)?;
    let proven =
        passwords::fits(&password) && app.hasher.verify(password, Some(stored.clone())).await.map_err(hash_failed)?;
    if proven { Ok(stored) } else { Err(wrong()) }
}

/// Another one than that of the account.
pub(in crate::routes) fn wrong() -> Problem {
    Problem::invalid("/current_password", "wrong_password", "this is not the password of the account")
}

/// It was not given where it is asked for.
pub(in crate::routes) fn needed() -> Problem {
    Problem::invalid(
        "/current_password",
        "password_required",
        "it is some time since this session began; give the password of the account",
    )
}
