//! How much one answer may hold.

/// Room for records, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    left: usize,
    untouched: bool,
}

impl Room {
    pub(crate) const fn new(bytes: usize) -> Self {
        Self { left: bytes, untouched: true }
    }

    /// Takes the place of one record. False when it does not fit any more; the first one always does.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let fits = self.untouched || bytes <= self.left;
        self.untouched = false;
        self.left = if fits { self.left.saturating_sub(bytes) } else { 0 };
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn the_first_record_always_fits_and_nothing_after_one_that_does_not() {
        let mut room = Room::new(10);
        assert!(room.take(6) && room.take(4) && room.take(0) && !room.take(1) && !room.take(1));
        let mut room = Room::new(10);
        assert!(room.take(11) && !room.take(1));
        let mut room = Room::new(10);
        assert!(room.take(5) && !room.take(6) && !room.take(5));
    }
}
