//! Numbers the rules by which facts are found: a hash over the sources of this crate.
//!
//! Stores compare it when they are opened, and find facts again when it differs. A number that people have to raise would be
//! forgotten; one too many, after a change that changes no fact, costs a look at each record and writes nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let mut sources = Vec::new();
    collect(Path::new("src"), &mut sources)?;
    sources.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a: the same number on every machine
    for source in sources {
        // Line ends depend on the checkout.
        for byte in fs::read(source)?.into_iter().filter(|byte| *byte != b'\r') {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=TURNSCOPE_RULES={}", hash.cast_signed());
    println!("cargo::rerun-if-changed=src");
    Ok(())
}

/// Every source that may decide what is found; tests do not.
fn collect(directory: &Path, sources: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "tests") {
            collect(&path, sources)?;
        } else if path.is_file() {
            sources.push(path);
        }
    }
    Ok(())
}
