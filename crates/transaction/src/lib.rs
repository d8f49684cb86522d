//! Beginning transactions on pooled connections, whoever gives up meanwhile.
//!
//! `sqlx::Pool::begin` must not be dropped before it is done: between `BEGIN` and its answer it does not know of the
//! transaction yet, and gives the connection back with the transaction open. Who takes the connection next works in
//! that transaction: what is written is not there until somebody commits, and nothing can be written if it was begun
//! for reading. Requests are dropped whenever their clients hang up, so services begin transactions here.

use sqlx::{PgPool, Postgres, SqlSafeStr as _, SqlStr, Transaction};

/// Begins a transaction. May be dropped at any moment.
///
/// # Errors
/// When there is no connection to be had, or it fails.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_by(pool, None).await
}

/// As [`begin`], by a `BEGIN` of one's own.
///
/// # Errors
/// As [`begin`].
pub async fn begin_with(pool: &PgPool, statement: &'static str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_by(pool, Some(statement.into_sql_str())).await
}

/// In a task of its own, which ends also when nobody waits for it; then the transaction is dropped and rolled back. The
/// wait for a connection ends with the caller, so that those who hung up are in nobody's way.
async fn begin_by(pool: &PgPool, statement: Option<SqlStr>) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let connection = pool.acquire().await?;
    let beginning = tokio::spawn(Transaction::begin(connection, statement));
    beginning.await.unwrap_or_else(|error| Err(sqlx::Error::Io(std::io::Error::other(error))))
}
