//! The pages are embedded from `web/dist`, which exists only after the web build. An empty folder
//! lets the crate compile without it; the server then says how to build them.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let dist = Path::new("../../web/dist");
    fs::create_dir_all(dist)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    Ok(())
}
