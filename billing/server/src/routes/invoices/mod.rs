pub(super) mod preview;
