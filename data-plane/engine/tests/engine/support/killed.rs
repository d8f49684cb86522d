//! Processes that die at a call to the store.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;

/// Tries at the same time.
const AT_ONCE: u64 = 8;

/// Begins from `prepared` again and again, with a process that dies at its first call, its second, and so on, each
/// before the call worked and after it. `die_at` checks what is left, and says whether the process died; when it lived
/// through all of its calls, that is the end. There must be more than `least` of them.
pub async fn killed_at_each_call<F>(
    prepared: &InMemory,
    least: u64,
    die_at: impl Fn(Arc<dyn ObjectStore>, u64, bool) -> F,
) where
    F: Future<Output = bool> + Send + 'static,
{
    for worked in [false, true] {
        let mut call = 1;
        loop {
            let tries =
                (call..call + AT_ONCE).map(|call| tokio::spawn(die_at(Arc::new(prepared.fork()), call, worked)));
            let mut dead = true;
            for one in tries.collect::<Vec<_>>() {
                dead &= one.await.expect("what it left was whole");
            }
            if !dead {
                break;
            }
            call += AT_ONCE;
        }
        assert!(call > least, "there are more steps than {call}");
    }
}
