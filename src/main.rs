//! qidan.
fn main() {}
