//! What is compared.

use anyhow::Result;

use super::share::Share;

/// A store that was built and can be asked. Its search has one knob, called effort here.
pub trait Contender: Send + Sync + 'static {
    /// What the knob is called; empty when there is none to turn.
    const KNOB: &str;
    /// Its values from little effort to much.
    const EFFORTS: &[u32];

    /// Makes that `clients` can ask with this effort.
    async fn prepare(&self, effort: u32, clients: usize) -> Result<()>;

    /// The nearest rows of a query, by number, as `client` asks for them.
    fn search(&self, client: usize, query: usize, share: Share) -> impl Future<Output = Result<Vec<u32>>> + Send;

    /// Bytes of memory that it takes.
    fn memory(&self) -> Result<u64>;
}
