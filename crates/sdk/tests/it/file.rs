//! The trace file: what is written is read back, in every form.

use crate::doors::{alone, quick};
use std::{fs, io::Read, path::Path};
use turnscope::{Config, EncryptionKey, FinishedSpan, ReadError, TraceFile, shutdown};

pub(crate) fn key() -> EncryptionKey {
    "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".parse().unwrap()
}

/// Records `count` runs into the file, in this form.
fn record(path: &Path, compression: Option<u32>, encryption_key: Option<EncryptionKey>, count: usize) {
    let trace_file = Some(path.to_owned());
    Config { trace_file, compression, encryption_key, ..quick() }.install().unwrap();
    for n in 0..count {
        turnscope::run("helpdesk")
            .metadata("n", n.to_string())
            .metadata("text", "again and again ".repeat(20));
    }
    shutdown();
}

fn read(path: &Path, key: Option<EncryptionKey>) -> Result<Vec<FinishedSpan>, ReadError> {
    TraceFile::open(path, key)?.collect()
}

#[test]
fn each_form_is_read_back_and_one_file_may_hold_them_all() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    for (compression, key) in [(None, None), (Some(6), None), (None, Some(key())), (Some(1), Some(key()))] {
        record(&path, compression, key, 3);
    }
    let spans = read(&path, Some(key())).unwrap();
    assert_eq!(spans.len(), 12);
    assert_eq!(spans[11].attributes["turnscope.metadata.n"], "2");
    assert!(matches!(read(&path, None), Err(ReadError::NeedsKey)));
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().unwrap();
    assert!(matches!(read(&path, Some(other)), Err(ReadError::WrongKey)));
}

#[test]
fn a_compressed_file_is_smaller_and_an_encrypted_one_shows_nothing() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let [plain, small, secret] = ["plain", "small", "secret"].map(|name| dir.path().join(name));
    record(&plain, None, None, 50);
    record(&small, Some(6), None, 50);
    record(&secret, None, Some(key()), 50);
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(length(&small) < length(&plain) / 4, "{} of {}", length(&small), length(&plain));
    assert!(!fs::read_to_string(&secret).unwrap().contains("again"));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(fs::File::open(&small).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 50, "any gzip reads it");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&secret).unwrap()) & 0o777, 0o600);
}

#[test]
fn what_is_cut_off_is_an_error_and_what_came_before_is_there() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    for compression in [None, Some(6)] {
        let path = dir.path().join(format!("{compression:?}"));
        record(&path, compression, None, 2);
        record(&path, compression, None, 2);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
        let spans: Vec<_> = TraceFile::open(&path, None).unwrap().collect();
        assert!(spans.len() >= 3 && spans.last().unwrap().is_err(), "{spans:?}");
        assert!(spans[..2].iter().all(Result::is_ok));
    }
    let error = Config { compression: Some(12), ..quick() }.install().unwrap_err();
    assert_eq!(error.to_string(), "compression is 12; allowed: 1 to 9");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_touches_neither_the_caller_nor_the_ring() {
    let _alone = alone();
    Config { trace_file: Some("/dev/full".into()), ..quick() }.install().unwrap();
    for _ in 0..3 {
        turnscope::run("helpdesk").end();
        assert!(turnscope::flush(std::time::Duration::from_secs(60)));
    }
    assert_eq!(turnscope::finished_spans().len(), 3);
    shutdown();
}
