//! A row and its distance as one number that orders by distance, then by row.

/// The greatest key of all; no row has it.
pub(crate) const FARTHEST: u64 = u64::MAX;

/// Orders as the distances do. What is not a number is farther than everything.
pub(crate) fn key(distance: f32, row: u32) -> u64 {
    let bits = if distance.is_nan() { f32::INFINITY.to_bits() } else { distance.to_bits() };
    // The order of floats is that of their bits, but backwards for negative ones.
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(ordered) << 32 | u64::from(row)
}

pub(crate) fn row_of(key: u64) -> u32 {
    (key & u64::from(u32::MAX)) as u32
}

pub(crate) fn distance_of(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_distances_do_and_give_them_back() {
        let sorted = [f32::NEG_INFINITY, -2.5, -1e-30, 0.0, 1e-30, 0.5, 3.0, f32::INFINITY];
        for pair in sorted.windows(2) {
            assert!(key(pair[0], u32::MAX) < key(pair[1], 0));
        }
        for distance in sorted {
            assert_eq!(distance_of(key(distance, 7)), distance);
            assert_eq!(row_of(key(distance, 7)), 7);
        }
        assert!(key(f32::NAN, 0) >= key(f32::INFINITY, 0));
    }
}
