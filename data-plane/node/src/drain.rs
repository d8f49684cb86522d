//! Stopping without losing a request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// Counts requests in work, and refuses new ones once the node stops.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    stopping: AtomicBool,
    working: AtomicUsize,
    idle: Notify,
}

/// A request in work; ends when dropped.
#[derive(Debug)]
pub(crate) struct Working(Arc<Drain>);

impl Drain {
    /// Begins a request; `None` when the node stops.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<Working> {
        let working = self.go_on();
        // Looked at after counting, so that `finished` misses no request that goes on.
        (!self.stopping()).then_some(working)
    }

    /// Goes on with a request that was begun before.
    pub(crate) fn go_on(self: &Arc<Self>) -> Working {
        self.working.fetch_add(1, Ordering::SeqCst);
        Working(Arc::clone(self))
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Refuses new requests from now on.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Waits for the requests in work, at most `deadline`. Whether all are over.
    pub(crate) async fn finished(&self, deadline: Duration) -> bool {
        let idle = async {
            loop {
                let notified = self.idle.notified();
                if self.working.load(Ordering::SeqCst) == 0 {
                    return;
                }
                notified.await;
            }
        };
        tokio::time::timeout(deadline, idle).await.is_ok()
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if self.0.working.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_waits_for_work_and_refuses_more() {
        let drain = Arc::new(Drain::default());
        let working = drain.begin().expect("open");
        drain.stop();
        assert!(drain.begin().is_none());
        assert!(!drain.finished(Duration::from_millis(5)).await);
        let waiting = tokio::spawn({
            let drain = Arc::clone(&drain);
            async move { drain.finished(Duration::from_secs(10)).await }
        });
        tokio::task::yield_now().await;
        drop(working);
        assert!(waiting.await.expect("no panic"));
    }
}
