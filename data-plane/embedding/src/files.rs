//! The model's files: where they are, and that they are the right ones.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{EmbeddingError, Result};

/// A file and the SHA-256 of its only accepted content. `scripts/setup/model.sh` has the same digests.
struct Expected {
    name: &'static str,
    sha256: &'static str,
}

const WEIGHTS: Expected =
    Expected { name: "model.safetensors", sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db" };
const TOKENIZER: Expected =
    Expected { name: "tokenizer.json", sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037" };

/// The verified contents of the model's files.
pub(crate) struct Files {
    pub(crate) weights: Vec<u8>,
    pub(crate) tokenizer: Vec<u8>,
}

/// Reads the files and compares their digests, so that what is loaded is what was hashed.
pub(crate) fn read(dir: &Path) -> Result<Files> {
    Ok(Files { tokenizer: read_one(dir, &TOKENIZER)?, weights: read_one(dir, &WEIGHTS)? })
}

/// The tokenizer's file alone.
pub(crate) fn read_tokenizer(dir: &Path) -> Result<Vec<u8>> {
    read_one(dir, &TOKENIZER)
}

fn read_one(dir: &Path, expected: &Expected) -> Result<Vec<u8>> {
    let path = dir.join(expected.name);
    let content = match fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(EmbeddingError::Missing { path });
        }
        Err(source) => return Err(EmbeddingError::Unreadable { path, source }),
    };
    let found = hex(&Sha256::digest(&content));
    if found != expected.sha256 {
        return Err(EmbeddingError::Altered { path, expected: expected.sha256, found });
    }
    Ok(content)
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
