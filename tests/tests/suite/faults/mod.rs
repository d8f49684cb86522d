//! What still holds when processes end or are missing.

mod control_plane_away;
mod crash;
mod drain;
mod object_store_away;
mod second_process;
