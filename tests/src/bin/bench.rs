//! See the benchmark library.

fn main() {}
