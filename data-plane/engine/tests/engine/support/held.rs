//! A namespace whose log can be held up, so that what a test starts meanwhile goes into one entry, in its order.

use std::pin::Pin;
use std::sync::Arc;

use agentdb_data_plane_engine::{Committed, Config, Namespace, Store, WriteError, WriteMeta};
use object_store::ObjectStore;

use super::faulty::{Faulty, Rates};
use super::{PREFIX, environment, record, writer};

/// The collection whose writes hold up the log.
const HOLD: &str = "hold";

pub struct Held {
    pub ns: Arc<Namespace>,
    store: Arc<Faulty>,
}

type Write<'a> = Pin<Box<dyn Future<Output = Result<Committed, WriteError>> + Send + 'a>>;

impl Held {
    pub async fn open(objects: Arc<dyn ObjectStore>, memory_bytes: usize, config: Config) -> Self {
        let store = Arc::new(Faulty::new(objects, 0, Rates::default()));
        let handle = Store::over(store.clone(), memory_bytes);
        let ns = Namespace::open(&handle, PREFIX, writer(1), config, environment(1)).await.expect("opens");
        ns.create_collection(HOLD, super::schema(), WriteMeta::default()).await.expect("created");
        Self { ns, store }
    }

    /// Runs the writes, each begun when the one before it waits in the queue behind a write that is held up.
    pub async fn together(&self, writes: Vec<Write<'_>>) -> Vec<Result<Committed, WriteError>> {
        let held = self.store.hold_puts().await;
        let mut first = Box::pin(self.ns.upsert(HOLD, vec![record(0, 0)], WriteMeta::default()));
        assert!(futures::poll!(&mut first).is_pending());
        self.store.put_held().await;
        let mut begun: Vec<Write<'_>> = Vec::new();
        for (before, mut write) in writes.into_iter().enumerate() {
            // What it reads first is read on other threads.
            while self.ns.stats().waiting == before {
                assert!(futures::poll!(&mut write).is_pending(), "nothing is done while the log is held up");
                tokio::task::yield_now().await;
            }
            begun.push(write);
        }
        drop(held);
        first.await.expect("written");
        futures::future::join_all(begun).await
    }
}
