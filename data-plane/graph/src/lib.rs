//! The in-memory vector index.
