//! An Arrow IPC stream cut into whole messages, each looked at before it is decoded.
//!
//! A compressed buffer names the memory that it wants before anything proves it; such messages are refused.

use arrow_ipc::{MessageHeader, root_as_message};
use bytes::{Buf, Bytes, BytesMut};

/// Bytes of one message.
const MAX_MESSAGE: usize = 64 << 20;
const CONTINUATION: u32 = u32::MAX;
/// A message of no length, which ends a stream.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// What has come of a stream and is not cut yet.
#[derive(Default)]
pub(super) struct Messages {
    bytes: BytesMut,
    ended: bool,
}

impl Messages {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message with its head, the one that ends the stream too; `None` when more bytes are needed or the
    /// stream has ended.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, String> {
        if self.ended && !self.bytes.is_empty() {
            return Err("there are bytes after the end of the stream".to_owned());
        }
        if self.bytes.len() < END.len() {
            return Ok(None);
        }
        let mut head = &self.bytes[..8];
        let (marker, length) = (head.get_u32_le(), head.get_u32_le() as usize);
        if marker != CONTINUATION {
            return Err("this is no Arrow stream (or one of a format before 0.15)".to_owned());
        }
        if length == 0 {
            self.ended = true;
            return Ok(Some(self.bytes.split_to(END.len()).freeze()));
        }
        check_size(length)?;
        let Some(metadata) = self.bytes.get(8..8 + length) else { return Ok(None) };
        let message =
            root_as_message(metadata).map_err(|error| format!("a message of the stream is damaged: {error}"))?;
        let compressed = match message.header_type() {
            MessageHeader::RecordBatch => message.header_as_record_batch().and_then(|b| b.compression()).is_some(),
            MessageHeader::DictionaryBatch => {
                message.header_as_dictionary_batch().and_then(|d| d.data()).and_then(|b| b.compression()).is_some()
            }
            _ => false,
        };
        if compressed {
            return Err("the stream's buffers are compressed; write it without compression".to_owned());
        }
        let body = usize::try_from(message.bodyLength()).map_err(|_| "a message has a negative length".to_owned())?;
        check_size(body)?;
        let whole = 8 + length + body;
        Ok((self.bytes.len() >= whole).then(|| self.bytes.split_to(whole).freeze()))
    }

    /// Says that no more bytes come. A stream may lack the message that ends it; that one is added.
    pub(super) fn end(&mut self) -> Result<(), String> {
        if self.ended {
            return Ok(());
        }
        if !self.bytes.is_empty() {
            return Err("the stream ends within a message".to_owned());
        }
        self.bytes.extend_from_slice(&END);
        Ok(())
    }
}

fn check_size(bytes: usize) -> Result<(), String> {
    if bytes > MAX_MESSAGE {
        return Err(format!("a message of the stream has more than {MAX_MESSAGE} bytes; make its batches smaller"));
    }
    Ok(())
}
