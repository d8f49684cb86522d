//! Where a test's tenants' data live: the two object stores the product is held to.

use anyhow::Result;

use super::{S3Server, Scratch};

/// A kind of object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A directory on this machine.
    Directory,
    /// A bucket of a real S3 server.
    S3,
}

/// A store in use: the settings that lead to it, and the server behind it, if any.
pub(super) struct Store {
    pub settings: Vec<(String, String)>,
    pub server: Option<S3Server>,
}

impl Place {
    pub(super) async fn open(self, scratch: &Scratch) -> Result<Store> {
        match self {
            Self::Directory => {
                let url = format!("file://{}", scratch.dir("objects")?.display());
                Ok(Store { settings: vec![("object_store.url".to_owned(), url)], server: None })
            }
            Self::S3 => {
                let server = S3Server::start(scratch).await?;
                let settings = [
                    ("object_store.url", format!("s3://{}/agentdb", server.bucket())),
                    ("object_store.endpoint", server.endpoint().to_owned()),
                    ("object_store.region", "us-east-1".to_owned()),
                    ("object_store.access_key_id", "test".to_owned()),
                    ("object_store.secret_access_key", "test".to_owned()),
                ];
                let settings = settings.map(|(name, value)| (name.to_owned(), value)).to_vec();
                Ok(Store { settings, server: Some(server) })
            }
        }
    }
}
