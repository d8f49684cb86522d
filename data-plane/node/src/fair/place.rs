//! What is held of a share; given back when dropped.

use std::{sync::Arc, time::Duration};

use agentdb_ids::OrgId;

use super::{Class, FairShare};

/// A place.
#[derive(Debug)]
pub(crate) struct Place {
    share: Arc<FairShare>,
    tenant: OrgId,
    class: Class,
    since: Duration,
}

impl Place {
    pub(super) fn new(share: Arc<FairShare>, tenant: OrgId, class: Class, since: Duration) -> Self {
        Self { share, tenant, class, since }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.share.release(self.tenant, self.class, self.since);
    }
}

/// Somebody waits for something else, so that a place of theirs does not count.
#[derive(Debug)]
pub(crate) struct Lent {
    share: Arc<FairShare>,
    tenant: OrgId,
}

impl Lent {
    pub(super) fn new(share: Arc<FairShare>, tenant: OrgId) -> Self {
        Self { share, tenant }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.share.back(self.tenant);
    }
}
