//! The console and the names of the migrations are embedded when the program is compiled: a new one makes a new program,
//! also the first one.

fn main() {
    for embedded in ["console/dist", "control-plane/store/migrations", "billing/server/migrations"] {
        println!("cargo::rerun-if-changed={embedded}");
    }
}
