//! How much work a request is, in milli-units: integers that go onto the bill.

/// Bytes of a collection for which a query costs a step more.
const QUERY_STEP_BYTES: u64 = 256 * 1024 * 1024;
const QUERY_BASE: u64 = 1_000;
const QUERY_STEP: u64 = 250;
const QUERY_MOST: u64 = 20_000;
const READ_RECORD: u64 = 10;
const READ_LEAST: u64 = 100;
pub(crate) const WRITE_STEP_BYTES: u64 = 4 * 1024;
pub(crate) const WRITE_STEP: u64 = 1_000;
pub(crate) const DELETE_RECORD: u64 = 250;
pub(crate) const WRITE_LEAST: u64 = 2_000;

/// A query of a collection that holds `logical_bytes`: 1,000 and 250 for each full 256 MiB, at most 20,000.
#[must_use]
pub const fn query(logical_bytes: u64) -> u64 {
    // Bounded before it is multiplied, so that no size overflows.
    let steps = logical_bytes / QUERY_STEP_BYTES;
    if steps >= (QUERY_MOST - QUERY_BASE) / QUERY_STEP { QUERY_MOST } else { QUERY_BASE + QUERY_STEP * steps }
}

/// A fetch, scan or count whose reply carries `records`: 10 each, at least 100.
#[must_use]
pub fn read(records: u64) -> u64 {
    (READ_RECORD * records).max(READ_LEAST)
}

/// An upsert of records of these logical bytes: 1,000 for each started 4 KiB of each, at least 2,000.
#[must_use]
pub fn upsert(record_bytes: impl IntoIterator<Item = u64>) -> u64 {
    let units: u64 = record_bytes.into_iter().map(|bytes| WRITE_STEP * bytes.div_ceil(WRITE_STEP_BYTES).max(1)).sum();
    units.max(WRITE_LEAST)
}

/// A delete of `ids` records: 250 each, at least 2,000.
#[must_use]
pub fn delete(ids: u64) -> u64 {
    (DELETE_RECORD * ids).max(WRITE_LEAST)
}

/// Making or removing a collection: one write request.
#[must_use]
pub const fn collection_change() -> u64 {
    WRITE_LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn a_query_costs_by_full_quarters_of_a_gibibyte() {
        assert_eq!(query(0), 1_000);
        assert_eq!(query(256 * MIB - 1), 1_000);
        assert_eq!(query(256 * MIB), 1_250);
        assert_eq!(query(1024 * MIB), 2_000);
        assert_eq!(query(76 * 256 * MIB - 1), 19_750);
        assert_eq!(query(76 * 256 * MIB), 20_000);
        assert_eq!(query(77 * 256 * MIB), 20_000);
        assert_eq!(query(u64::MAX), 20_000);
    }

    #[test]
    fn a_read_costs_by_record_with_a_floor() {
        assert_eq!(read(0), 100);
        assert_eq!(read(10), 100);
        assert_eq!(read(11), 110);
        assert_eq!(read(1_000), 10_000);
    }

    #[test]
    fn a_write_costs_by_started_four_kibibytes_of_each_record_with_a_floor() {
        assert_eq!(upsert([1]), 2_000, "a lone small write");
        assert_eq!(upsert([1, 1, 1]), 3_000);
        assert_eq!(upsert([4096, 4097]), 3_000);
        assert_eq!(upsert([0, 0]), 2_000, "an empty record is started too");
        assert_eq!(upsert([40_960]), 10_000);
        assert_eq!(delete(1), 2_000);
        assert_eq!(delete(8), 2_000);
        assert_eq!(delete(9), 2_250);
    }
}
