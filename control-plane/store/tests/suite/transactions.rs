//! Transactions that are given up while they begin.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sqlx::PgPool;

use crate::postgres::TestPostgres;

/// Looks at a future so many times and drops it.
async fn give_up_after(looks: usize, work: impl Future) {
    let mut work = pin!(work);
    for _ in 0..looks {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn is_in_a_transaction(pool: &PgPool) -> bool {
    sqlx::query_scalar("SELECT current_setting('transaction_read_only') = 'on'")
        .fetch_one(pool)
        .await
        .expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_nobody_waits_for_leaves_no_transaction_open() {
    let server = TestPostgres::start().await;
    let pool = server.pool("agentdb_jobs", 1).await;
    for looks in 0..2_000 {
        give_up_after(looks % 200, agentdb_transaction::begin_with(&pool, "BEGIN READ ONLY")).await;
        assert!(!is_in_a_transaction(&pool).await, "given up after {} looks", looks % 200);
    }
}
