//! A namespace whose log can be held up, so that what a test starts meanwhile goes into one entry, in its order.

use std::pin::Pin;
use std::sync::Arc;

use agentdb_data_plane_engine::{Committed, Config, Namespace, Store, WriteError, WriteMeta};
use object_store::ObjectStore;
use tokio::sync::RwLockWriteGuard;

use super::faulty::{Faulty, Rates};
use super::{PREFIX, environment, record, writer};

/// The collection whose writes hold up the log.
const HOLD: &str = "hold";

pub struct Held {
    pub ns: Arc<Namespace>,
    store: Arc<Faulty>,
}

pub type Write<'a> = Pin<Box<dyn Future<Output = Result<Committed, WriteError>> + Send + 'a>>;

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
        let (first, begun, held) = self.behind(writes).await;
        drop(held);
        first.await.expect("written");
        futures::future::join_all(begun).await
    }

    /// As `together`, up to where the entry with the first of the writes is held up in its turn. For a runtime of one
    /// thread, on which nothing comes between the two holds.
    pub async fn on_their_way<'a>(&'a self, writes: Vec<Write<'a>>) -> (Vec<Write<'a>>, RwLockWriteGuard<'a, ()>) {
        let (first, begun, held) = self.behind(writes).await;
        drop(held);
        let held = self.store.hold_puts().await;
        first.await.expect("written");
        self.store.put_held().await;
        (begun, held)
    }

    /// The write that is held up, and those that wait behind it.
    async fn behind<'a>(&'a self, writes: Vec<Write<'a>>) -> (Write<'a>, Vec<Write<'a>>, RwLockWriteGuard<'a, ()>) {
        let held = self.store.hold_puts().await;
        let mut first: Write<'a> = Box::pin(self.ns.upsert(HOLD, vec![record(0, 0)], WriteMeta::default()));
        assert!(futures::poll!(&mut first).is_pending());
        self.store.put_held().await;
        let mut begun = Vec::new();
        for (before, mut write) in writes.into_iter().enumerate() {
            // What it reads first is read on other threads.
            while self.ns.stats().waiting == before {
                assert!(futures::poll!(&mut write).is_pending(), "nothing is done while the log is held up");
                tokio::task::yield_now().await;
            }
            begun.push(write);
        }
        (first, begun, held)
    }
}
