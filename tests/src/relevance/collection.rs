//! Texts in a collection of the engine.

use std::sync::Arc;

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_data_plane_engine::{
    Config, Environment, Include, Language, Mode, Namespace, Query, Record, Schema, SoleOwner, Store, StoreConfig,
    TextSpec, WriteMeta, Writer,
};
use anyhow::Result;
use uuid::Uuid;

const COLLECTION: &str = "pages";
/// Records of one write.
const BATCH: usize = 100;

/// Texts that were folded and are asked.
pub struct Collection {
    namespace: Arc<Namespace>,
    _dir: tempfile::TempDir,
}

impl Collection {
    /// Writes and folds texts by id.
    pub async fn of(texts: Vec<(String, String)>) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let store = Store::open(&StoreConfig::directory(dir.path())).await?;
        let environment = Environment {
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            lease: Arc::new(SoleOwner),
        };
        let writer = Writer { writer_id: Uuid::now_v7(), generation: 1 };
        let namespace = Namespace::open(&store, "ns/texts", writer, Config::default(), environment).await?;
        let schema = Schema { text: Some(TextSpec { language: Language::English }), ..Schema::default() };
        namespace.create_collection(COLLECTION, schema, WriteMeta::default()).await?;
        for part in texts.chunks(BATCH) {
            let record = |(id, text): &(String, String)| Record {
                id: id.clone(),
                text: Some(text.clone()),
                ..Record::default()
            };
            namespace.upsert(COLLECTION, part.iter().map(record).collect(), WriteMeta::default()).await?;
        }
        namespace.fold().await?;
        Ok(Self { namespace, _dir: dir })
    }

    /// The ids of the best texts.
    pub async fn ask(&self, text: &str, top_k: usize) -> Result<Vec<String>> {
        let mode = Mode::Text { text: text.to_owned() };
        let query = Query { include: Include::ID, ..Query::new(mode, top_k) };
        let hits = self.namespace.query(COLLECTION, query).await?.value;
        Ok(hits.into_iter().map(|hit| hit.record.id).collect())
    }

    pub async fn close(self) {
        self.namespace.close().await;
    }
}
