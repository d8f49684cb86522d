//! The console is embedded when the program is compiled: a new build of it makes a new program, also the first one.

fn main() {
    println!("cargo::rerun-if-changed=console/dist");
}
