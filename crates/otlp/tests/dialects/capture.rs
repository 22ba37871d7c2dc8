//! Reads captures.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};
use turnscope_model::Record;
use turnscope_otlp::{
    decode::{self, Format},
    normalise,
    redact::Redactor,
};

/// Where the captures lie.
pub(crate) fn corpus() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared =
        std::env::var_os("TURNSCOPE_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from);
    [workspace.join("tests/corpus"), shared.join("corpus")].into_iter().find(|folder| folder.is_dir())
}

/// The producers' folders, sorted.
pub(crate) fn producers(corpus: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(corpus)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("expected.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// All records of one producer, in the order of arrival.
pub(crate) fn records(folder: &Path) -> Vec<Record> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let redactor = Redactor::off();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let body = || body(&file);
        let normalised = if name.ends_with(".traces.pb") {
            normalise::traces(
                decode::traces(&body(), Format::Protobuf).expect("a capture is valid"),
                &redactor,
            )
        } else if name.ends_with(".traces.json") {
            normalise::traces(decode::traces(&body(), Format::Json).expect("a capture is valid"), &redactor)
        } else if name.ends_with(".logs.pb") {
            normalise::logs(decode::logs(&body(), Format::Protobuf).expect("a capture is valid"), &redactor)
        } else {
            continue;
        };
        assert_eq!(normalised.rejected, 0, "{name}: {:?}", normalised.rejection);
        all.extend(normalised.records);
    }
    all
}

/// What really happened, by `expected.json`: its totals by name.
pub(crate) fn totals(folder: &Path) -> impl Fn(&str) -> Option<u64> {
    let text = fs::read_to_string(folder.join("expected.json")).expect("a capture has its truth");
    let all: serde_json::Value = serde_json::from_str(&text).expect("the truth is JSON");
    move |name| all["totals"][name].as_u64()
}

/// One request's body, unpacked.
pub(crate) fn body(file: &Path) -> Vec<u8> {
    let body = fs::read(file).expect("a capture can be read");
    if !body.starts_with(&[0x1f, 0x8b]) {
        return body;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).expect("a capture is valid gzip");
    plain
}
