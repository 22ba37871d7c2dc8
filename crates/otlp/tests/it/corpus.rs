//! The captures of real producers: `TURNSCOPE_SHARED/corpus`, by default in `../shared` beside the workspace.

use memchr::memmem;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};
use turnscope_otlp::decode::{self, Format};

/// One captured request.
pub(crate) enum Request {
    Traces(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
    Metrics(ExportMetricsServiceRequest),
}

/// The folder of captures, where there is one.
pub(crate) fn folder() -> Option<PathBuf> {
    let shared = env::var_os("TURNSCOPE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    Some(shared.join("corpus")).filter(|path| path.is_dir())
}

/// Every request of every producer, by producer and file name. Empty where there is no corpus.
pub(crate) fn requests() -> Vec<(String, String, Request)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut found = Vec::new();
    for producer in sorted(&folder).into_iter().filter(|path| path.is_dir()) {
        let producer_name = name(&producer);
        for file in sorted(&producer) {
            let file_name = name(&file);
            let parts: Vec<&str> = file_name.split('.').collect();
            let [_, signal, extension @ ("pb" | "json")] = parts[..] else { continue };
            let format = if extension == "pb" { Format::Protobuf } else { Format::Json };
            let body = body(&file);
            let request = match signal {
                "traces" => Request::Traces(decode::traces(&body, format).expect("a capture decodes")),
                "logs" => Request::Logs(decode::logs(&body, format).expect("a capture decodes")),
                "metrics" => Request::Metrics(decode::metrics(&body, format).expect("a capture decodes")),
                _ => continue,
            };
            found.push((producer_name.clone(), file_name.clone(), request));
        }
    }
    found
}

/// Whether a producer's captures hold this text at all, as it is or within JSON.
pub(crate) fn holds(producer: &str, text: &str) -> bool {
    let once = serde_json::Value::from(text).to_string();
    let twice = serde_json::Value::from(once.trim_matches('"')).to_string();
    let forms = [text, once.trim_matches('"'), twice.trim_matches('"')]
        .map(|form| memmem::Finder::new(form).into_owned());
    let folder = folder().unwrap_or_default().join(producer);
    let captures = sorted(&folder).into_iter().filter(|file| {
        let name = name(file);
        !name.contains(".meta.") && name != "expected.json"
    });
    captures.into_iter().any(|file| {
        let body = body(&file);
        forms.iter().any(|form| form.find(&body).is_some())
    })
}

fn body(file: &Path) -> Vec<u8> {
    let raw = fs::read(file).expect("a capture can be read");
    if !raw.starts_with(&[0x1f, 0x8b]) {
        return raw;
    }
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&raw[..]).read_to_end(&mut body).expect("a capture is valid gzip");
    body
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
