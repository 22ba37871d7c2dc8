//! Lets cargo see when the web UI was built anew.
//!
//! The folder is made where it is missing: cargo takes a missing path for a change, and would build the crate each time.

fn main() {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/dist");
    let _ = std::fs::create_dir_all(built); // a packaged crate has no ui/ beside it: then there is nothing to embed
    println!("cargo::rerun-if-changed={built}");
}
