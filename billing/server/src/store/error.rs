use agentdb_problem::Problem;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Nobody there, too busy, or going away: the same call may succeed later.
    #[error("the metadata store cannot be reached: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The statement was refused: a defect of ours.
    #[error("the metadata store refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
    /// A stored value is none that this version writes.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// A report would raise an hour or a month beyond what 64 bits hold; nothing of it was taken.
    #[error("the sums of a report do not fit into 64 bits")]
    SumTooLarge,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let passing = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            // Connection, resources, operator intervention; serialization failure and deadlock.
            sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| {
                ["08", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "40001" || code == "40P01"
            }),
            _ => false,
        };
        if passing { Self::Unavailable(error) } else { Self::Refused(error) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the metadata store cannot be reached");
                Self::unavailable("Billing cannot be reached at this moment.", 2)
            }
            StoreError::SumTooLarge => {
                tracing::warn!(%error, "a usage report was refused");
                Self::invalid("/counters", "sum_too_large", "the sum of an hour or a month would pass 2^63 - 1")
            }
            StoreError::Refused(_) | StoreError::Corrupt(_) => Self::internal(error),
        }
    }
}

/// A count as it is stored.
pub(super) fn unsigned(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("a count of {value}")))
}
