pub(super) mod list;

mod params;
