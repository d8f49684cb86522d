//! One counter's value as bytes of the spool.

use agentdb_control_plane_contract::Meter;
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId, Uuid};

/// Bytes of an encoded record: three ids, meter, hour, value, CRC-32 of all that.
pub(crate) const LEN: usize = 16 * 3 + 1 + 8 + 8 + 4;
const BODY: usize = LEN - 4;

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CounterKey {
    pub org_id: OrgId,
    pub namespace_id: NamespaceId,
    pub key_id: ApiKeyId,
    pub meter: Meter,
    /// The UTC hour, in whole hours since the Unix epoch.
    pub hour: i64,
}

pub(crate) fn encode(key: &CounterKey, value: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(key.org_id.uuid().as_bytes());
    out.extend_from_slice(key.namespace_id.uuid().as_bytes());
    out.extend_from_slice(key.key_id.uuid().as_bytes());
    out.push(meter_code(key.meter));
    out.extend_from_slice(&key.hour.to_le_bytes());
    out.extend_from_slice(&value.to_le_bytes());
    let crc = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// `None` for anything but a whole, undamaged record.
pub(crate) fn decode(bytes: &[u8]) -> Option<(CounterKey, u64)> {
    let bytes: &[u8; LEN] = bytes.try_into().ok()?;
    if crc32fast::hash(&bytes[..BODY]).to_le_bytes() != bytes[BODY..] {
        return None;
    }
    let id = |at: usize| Uuid::from_slice(&bytes[at..at + 16]).ok();
    let number = |at: usize| bytes[at..at + 8].try_into().ok();
    let key = CounterKey {
        org_id: OrgId::from_uuid(id(0)?),
        namespace_id: NamespaceId::from_uuid(id(16)?),
        key_id: ApiKeyId::from_uuid(id(32)?),
        meter: meter_of(bytes[48])?,
        hour: i64::from_le_bytes(number(49)?),
    };
    Some((key, u64::from_le_bytes(number(57)?)))
}

const fn meter_code(meter: Meter) -> u8 {
    match meter {
        Meter::Query => 1,
        Meter::Write => 2,
        Meter::StorageByteHours => 3,
        Meter::EgressBytes => 4,
        Meter::EmbeddingTokens => 5,
    }
}

fn meter_of(code: u8) -> Option<Meter> {
    Meter::ALL.into_iter().find(|meter| meter_code(*meter) == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_any_flipped_bit_is_noticed() {
        for meter in Meter::ALL {
            let key = CounterKey {
                org_id: OrgId::from_uuid(Uuid::from_u128(1)),
                namespace_id: NamespaceId::from_uuid(Uuid::from_u128(2)),
                key_id: ApiKeyId::from_uuid(Uuid::from_u128(3)),
                meter,
                hour: -5,
            };
            let mut bytes = Vec::new();
            encode(&key, u64::MAX - 1, &mut bytes);
            assert_eq!(bytes.len(), LEN);
            assert_eq!(decode(&bytes), Some((key, u64::MAX - 1)));
            for bit in 0..LEN * 8 {
                let mut damaged = bytes.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(decode(&damaged), None);
            }
            assert_eq!(decode(&bytes[..LEN - 1]), None);
        }
    }
}
