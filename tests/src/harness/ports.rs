//! Free ports.

use std::net::TcpListener;

use anyhow::{Context as _, Result};

/// A loopback port that nobody listens on at this moment. Somebody else may take it before it is used; the kernel hands
/// out each number rarely enough.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no loopback port is free")?;
    Ok(listener.local_addr().context("the port is unknown")?.port())
}
