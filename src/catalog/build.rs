//! The presets are embedded. What is embedded already is watched by the compiler; a preset that is
//! added is seen only because the folder is watched here.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../config/presets");
}
