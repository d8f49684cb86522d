//! The node against a control plane of the test's own, over real HTTP, on a real directory.

#[path = "node/admission.rs"]
mod admission;
#[path = "node/bad_input.rs"]
mod bad_input;
#[path = "node/bounds.rs"]
mod bounds;
#[path = "node/changes.rs"]
mod changes;
#[path = "node/held.rs"]
mod held;
#[path = "node/keys.rs"]
mod keys;
#[path = "node/lease.rs"]
mod lease;
#[path = "node/limits.rs"]
mod limits;
#[path = "node/lives.rs"]
mod lives;
#[path = "node/placement.rs"]
mod placement;
#[path = "node/plane.rs"]
mod plane;
#[path = "node/pressure.rs"]
mod pressure;
#[path = "node/receipt.rs"]
mod receipt;
#[path = "node/records.rs"]
mod records;
#[path = "node/world.rs"]
mod world;
