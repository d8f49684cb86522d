//! Admission and metering of one request, without HTTP and engine.

use std::sync::Arc;
use std::time::Duration;

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_data_plane_node::AdmissionProbe;
use anyhow::{Result, ensure};

use super::measure::{Figures, closed_loop};
use crate::harness::Scratch;

/// Admits and counts with 1 and with 8 callers.
pub async fn measure(scratch: &Scratch, time: Duration) -> Result<[Figures; 2]> {
    let dir = scratch.dir("admission")?;
    let probe = AdmissionProbe::new(&dir, Arc::new(SystemClock::new()), Arc::new(SystemEntropy)).await?;
    let probe = Arc::new(probe);
    let run = |callers| {
        let probe = Arc::clone(&probe);
        closed_loop(callers, time, move |_, _| {
            let probe = Arc::clone(&probe);
            async move {
                ensure!(probe.query().await, "the probe was refused");
                Ok(())
            }
        })
    };
    Ok([run(1).await?, run(8).await?])
}
