//! The parts of the program in the two forms they run in: together in `agentdb up`, or apart. Each is built from the
//! same functions; the planes speak HTTP over the internal listener in both.

mod control;
mod edges;
mod environment;
mod node;

pub use control::{ControlRole, root_secret_or};
pub use edges::{Edges, Listeners, own_control_plane};
pub use environment::Environment;
pub use node::{LoadingModel, NodeRole, model_dir, node_id};
