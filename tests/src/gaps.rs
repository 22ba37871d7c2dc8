//! The facts that the bytes do not contain, each with the reason, from `corpus_gaps.toml`.

use std::{collections::BTreeMap, fs, path::Path};

/// Producer → fact → reason.
pub type Gaps = BTreeMap<String, BTreeMap<String, String>>;

/// The list that is checked in.
pub fn read() -> Gaps {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus_gaps.toml");
    toml::from_str(&fs::read_to_string(path).expect("corpus_gaps.toml")).expect("TOML tables of texts")
}
