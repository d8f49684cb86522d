//! A new migration is part of the program, so it must be compiled in.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
