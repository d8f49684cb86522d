//! How much may wait for a fold, and for how long, before one is begun.

use std::time::Duration;

use crate::config::Config;

/// What calls for a fold; each alone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Rows and tombstones that are not folded.
    pub(super) rows: usize,
    /// Bytes of these.
    pub(super) bytes: usize,
    /// Log entries behind the checkpoint.
    pub(super) entries: u64,
    /// The age of the oldest write that is not folded.
    pub(super) age: Duration,
}

impl Pace {
    /// The pace while `aside` bytes are set aside. A fold may write all of them anew, into a checkpoint that is kept
    /// for an hour, or into files that their table then does not take. So folds are the rarer the more that is: those
    /// that age calls for write less of it in a `fold_interval` than a quarter of `fold_bytes`. As many log entries as
    /// ever call for one.
    pub(super) fn of(config: &Config, aside: usize) -> Self {
        let times = 1 + aside / (config.fold_bytes / 4).max(1);
        // Writes are refused at `max_memtable_bytes`.
        let most = (config.max_memtable_bytes / 2).max(config.fold_bytes);
        Self {
            rows: config.fold_rows.saturating_mul(times),
            bytes: config.fold_bytes.saturating_mul(times).min(most),
            // Writes are refused at all of them: the other half is for what is written while the fold runs.
            entries: (config.max_unfolded_entries / 2).max(1),
            age: config.fold_interval.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nothing_or_little_is_set_aside_the_config_says_when_a_fold_begins() {
        let config = Config::default();
        let usual = Pace {
            rows: config.fold_rows,
            bytes: config.fold_bytes,
            entries: config.max_unfolded_entries / 2,
            age: config.fold_interval,
        };
        assert_eq!((Pace::of(&config, 0), Pace::of(&config, 1 << 20)), (usual, usual));
        // A limit on memory below that on a fold is not undercut by it.
        let small = Config { max_memtable_bytes: 1_000, max_unfolded_entries: 1, ..config };
        assert_eq!((Pace::of(&small, 0).bytes, Pace::of(&small, 0).entries), (small.fold_bytes, 1));
    }

    #[test]
    fn folds_by_age_write_what_is_set_aside_so_seldom_that_its_copies_do_not_grow_with_it() {
        let config = Config::default();
        for mebibytes in [1, 15, 16, 17, 64, 255, 256, 512] {
            let pace = Pace::of(&config, mebibytes << 20);
            let in_an_hour = 3_600.0 / pace.age.as_secs_f64() * f64::from(u32::try_from(mebibytes).expect("few"));
            assert!(in_an_hour < 60.0 * 16.0, "{mebibytes} MiB set aside: {in_an_hour} MiB an hour");
            assert!(pace.bytes <= config.max_memtable_bytes / 2, "a fold begins before writes are refused");
            assert_eq!(pace.entries, config.max_unfolded_entries / 2);
        }
    }
}
