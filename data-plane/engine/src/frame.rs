//! The envelope of every object the engine itself writes: magic, version, checksum, compressed body.
//!
//! Layout, little endian: 4 bytes magic, 1 byte version, 4 bytes CRC-32 of all that follows, 4 bytes length
//! of the body before compression, the body as one zstd frame.

use serde::{Serialize, de::DeserializeOwned};

/// The only version so far. A reader refuses others.
const VERSION: u8 = 1;
const HEADER: usize = 13;
/// A longer body is neither written nor read.
const MAX_BODY: usize = 1 << 30;
/// Vectors hardly compress; the fastest level is right.
const LEVEL: i32 = 1;

/// What kind of object a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An entry of the log.
    LogEntry,
    /// A checkpoint.
    Checkpoint,
}

impl Kind {
    fn magic(self) -> [u8; 4] {
        match self {
            Self::LogEntry => *b"ADBL",
            Self::Checkpoint => *b"ADBC",
        }
    }
}

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("not an object of this kind")]
    Magic,
    #[error("format version {0} is not known")]
    Version(u8),
    #[error("checksum mismatch")]
    Checksum,
    #[error("body: {0}")]
    Body(String),
}

/// Serialises a body without its envelope; its length is what limits are checked against.
pub(crate) fn serialize<T: Serialize>(body: &T) -> Result<Vec<u8>, FrameError> {
    postcard::to_stdvec(body).map_err(|e| FrameError::Body(e.to_string()))
}

/// Puts a serialised body into its envelope.
pub(crate) fn seal(kind: Kind, body: &[u8]) -> Result<Vec<u8>, FrameError> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_BODY);
    let length = length.ok_or_else(|| FrameError::Body(format!("{} bytes are too many", body.len())))?;
    let compressed = zstd::bulk::compress(body, LEVEL).map_err(|e| FrameError::Body(e.to_string()))?;
    let mut out = Vec::with_capacity(HEADER + compressed.len());
    out.extend_from_slice(&kind.magic());
    out.push(VERSION);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&compressed);
    let crc = crc32fast::hash(&out[9..]);
    out[5..9].copy_from_slice(&crc.to_le_bytes());
    Ok(out)
}

/// Opens an envelope and reads its body.
pub(crate) fn open<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, FrameError> {
    if bytes.len() < HEADER || bytes[..4] != kind.magic() {
        return Err(FrameError::Magic);
    }
    if bytes[4] != VERSION {
        return Err(FrameError::Version(bytes[4]));
    }
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if crc32fast::hash(&bytes[9..]) != word(5) {
        return Err(FrameError::Checksum);
    }
    let length = word(9) as usize;
    if length > MAX_BODY {
        return Err(FrameError::Body(format!("{length} bytes are too many")));
    }
    let body = zstd::bulk::decompress(&bytes[HEADER..], length).map_err(|e| FrameError::Body(e.to_string()))?;
    postcard::from_bytes(&body).map_err(|e| FrameError::Body(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        let sealed = seal(Kind::LogEntry, &serialize(&(7_u64, "text")).expect("body")).expect("frame");
        assert_eq!(open::<(u64, String)>(Kind::LogEntry, &sealed).expect("opens"), (7, "text".to_owned()));
        assert!(matches!(open::<(u64, String)>(Kind::Checkpoint, &sealed), Err(FrameError::Magic)));
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(open::<(u64, String)>(Kind::LogEntry, &bad).is_err(), "byte {at}");
        }
    }
}
