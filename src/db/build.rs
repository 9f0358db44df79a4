//! Embedded migrations: a new file must rebuild this room.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
