//! The crate against the real weights. `AGENTDB_EMBEDDINGS_MODEL_DIR` names their directory; without it the place that
//! `make setup` fills is used.

mod embed {
    mod queue;
    mod reference;
    mod refusals;
    mod speed;
    mod support;
}
