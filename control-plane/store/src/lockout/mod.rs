//! Log-ins with one address, and tries at one person's second factor, that fail in a row.
//!
//! Counted by a SHA-256: of the address in lower case, whether somebody has it or not, so that nothing here tells which;
//! of the person, for the second factor, so that who proves the password again and again has no more codes to guess. A try is counted before the password is looked at, so those that come at once are no more than those that
//! come one after the other; a log-in that succeeds forgets them all.

use chrono::{DateTime, Duration, Utc};

use crate::{People, StoreError};

/// So many may fail within [`WINDOW`] before the next has to wait.
const FREE: i32 = 10;

/// Failures are forgotten this long after the first, or after the end of the last pause.
const WINDOW: Duration = Duration::hours(1);

/// The longest pause: whoever keeps failing with somebody else's address keeps them out for no longer at a time.
const MAX_PAUSE_MINUTES: i64 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tries {
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
    forget_at: DateTime<Utc>,
}

impl Tries {
    fn none(now: DateTime<Utc>) -> Self {
        Self { failures: 0, locked_until: None, forget_at: now + WINDOW }
    }

    /// With one more; the end of the pause when there may be none.
    fn one_more(self, now: DateTime<Utc>) -> Result<Self, DateTime<Utc>> {
        if let Some(until) = self.locked_until.filter(|until| *until > now) {
            return Err(until);
        }
        let before = if self.forget_at <= now { Self::none(now) } else { self };
        let failures = before.failures.saturating_add(1);
        if failures < FREE {
            return Ok(Self { failures, ..before });
        }
        let until = now + pause(failures - FREE);
        Ok(Self { failures, locked_until: Some(until), forget_at: until + WINDOW })
    }
}

/// One minute, then twice as long each time.
fn pause(further: i32) -> Duration {
    Duration::minutes((1_i64 << further.clamp(0, 10)).min(MAX_PAUSE_MINUTES))
}

impl People {
    /// Counts a try, or gives the time until which none is to be made.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_log_in(
        &self,
        subject_sha256: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.pool).await?;
        let none = Tries::none(now);
        sqlx::query!(
            "INSERT INTO control.login_failures (email_sha256, failures, forget_at) VALUES ($1, $2, $3)
             ON CONFLICT (email_sha256) DO NOTHING",
            &subject_sha256[..],
            none.failures,
            none.forget_at,
        )
        .execute(&mut *tx)
        .await?;
        let before = sqlx::query_as!(
            Tries,
            "SELECT failures, locked_until, forget_at FROM control.login_failures WHERE email_sha256 = $1 FOR UPDATE",
            &subject_sha256[..],
        )
        .fetch_optional(&mut *tx)
        .await?;
        let tries = match before.unwrap_or(none).one_more(now) {
            Ok(tries) => tries,
            Err(until) => return Ok(Some(until)),
        };
        sqlx::query!(
            "UPDATE control.login_failures SET failures = $2, locked_until = $3, forget_at = $4
             WHERE email_sha256 = $1",
            &subject_sha256[..],
            tries.failures,
            tries.locked_until,
            tries.forget_at,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Forgets failed log-ins: whoever has just proven who they are did not guess.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn forget_log_ins(&self, subject_sha256: [u8; 32]) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM control.login_failures WHERE email_sha256 = $1", &subject_sha256[..])
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_may_fail_within_an_hour_and_then_pauses_grow_to_an_end() {
        let mut now = DateTime::UNIX_EPOCH;
        let mut tries = Tries::none(now);
        for _ in 0..FREE {
            tries = tries.one_more(now).expect("it is free");
        }
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let until = tries.one_more(now).expect_err("there is a pause");
            pauses.push((until - now).num_minutes());
            assert_eq!(
                tries.one_more(until - Duration::seconds(1)),
                Err(until),
                "to its end, and it grows not by asking"
            );
            now = until;
            tries = tries.one_more(now).expect("the pause is over");
        }
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15, 15]);
    }

    #[test]
    fn failures_that_are_far_apart_do_not_add_up() {
        let start = DateTime::UNIX_EPOCH;
        let mut tries = Tries::none(start);
        for minutes in 0..FREE - 1 {
            tries = tries.one_more(start + Duration::minutes(minutes.into())).expect("it is free");
        }
        let later = tries.one_more(start + WINDOW).expect("it is free");
        assert_eq!((later.failures, later.locked_until), (1, None), "an hour after the first");
        let tenth = tries.one_more(start + WINDOW - Duration::seconds(1)).expect("it is free");
        let until = tenth.locked_until.expect("within the hour");
        let calm = tenth.one_more(until + WINDOW).expect("the pause is over");
        assert_eq!((calm.failures, calm.locked_until), (1, None), "an hour after the pause");
    }
}
