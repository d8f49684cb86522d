use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;
use super::contents::Contents;

/// The form that this program writes and reads.
const FORMAT: u32 = 1;
const FILE: &str = "manifest.json";
/// What `pg_dump` wrote.
pub const DUMP: &str = "metadata.dump";

/// What a backup is said to hold.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that took it.
    pub program: String,
    /// RFC 3339.
    pub taken_at: String,
    /// The database it was taken of.
    pub database: String,
    /// The server's, for example 150008.
    pub server_version: i32,
    /// That of `pg_dump`.
    pub pg_dump_major: u32,
    pub dump_bytes: u64,
    pub dump_sha256: String,
    pub contents: Contents,
}

impl Manifest {
    pub fn new(taken_at: String, database: String, server_version: i32, pg_dump_major: u32) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at,
            database,
            server_version,
            pg_dump_major,
            dump_bytes: 0,
            dump_sha256: String::new(),
            contents: Contents::default(),
        }
    }

    /// Writes it last: a directory without one is no backup.
    pub fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(FILE);
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            writeln!(file)?;
            file.sync_all()?;
            File::open(directory)?.sync_all()
        })();
        written.map_err(BackupError::io("write", &path))
    }

    /// Reads it and makes sure that the dump beside it is the one that was taken.
    pub fn read(directory: &Path) -> Result<Self, BackupError> {
        let path = directory.join(FILE);
        let not = |why: String| BackupError::NotABackup { path: directory.to_path_buf(), why };
        let text = std::fs::read_to_string(&path).map_err(BackupError::io("read", &path))?;
        let format = serde_json::from_str::<serde_json::Value>(&text)
            .map_err(|error| not(format!("its manifest is damaged: {error}")))?["format"]
            .as_u64();
        if format != Some(FORMAT.into()) {
            return Err(not(format!("its form is {format:?}, and this program knows {FORMAT}")));
        }
        let manifest: Self =
            serde_json::from_str(&text).map_err(|error| not(format!("its manifest is damaged: {error}")))?;
        let (bytes, sha256) = measure(&directory.join(DUMP))?;
        if (bytes, &sha256) != (manifest.dump_bytes, &manifest.dump_sha256) {
            return Err(not(format!("{DUMP} is not the file that was written: it is damaged, or another backup's")));
        }
        Ok(manifest)
    }
}

/// Bytes and SHA-256 of a file.
pub fn measure(path: &Path) -> Result<(u64, String), BackupError> {
    let measured = (|| {
        let mut file = File::open(path)?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok((bytes, hex::encode(digest.finalize())));
            }
            bytes += read as u64;
            digest.update(&buffer[..read]);
        }
    })();
    measured.map_err(BackupError::io("read", path))
}
