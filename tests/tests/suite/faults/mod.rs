//! What still holds when processes end or are missing.

mod control_plane_away;
mod crash;
mod drain;
mod second_process;
