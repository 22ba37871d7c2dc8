//! Each target over its corpus and over mutations of it.

use std::{
    path::Path,
    time::{Duration, Instant},
};
use turnscope_fuzz::{Mutator, TARGETS, Target};
use turnscope_store_sqlite::fuzzed;

/// Mutations for each target.
const MUTATIONS: u64 = 3000;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Prints the input that made the target panic, so that it can be kept in the corpus.
fn feed((name, target): Target, input: &[u8]) {
    struct Told<'a>(&'a str, &'a [u8]);
    impl Drop for Told<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("{} fails on the bytes {:?}", self.0, self.1);
            }
        }
    }
    let _told = Told(name, input);
    target(input);
}

#[test]
fn no_input_that_is_kept_and_no_mutation_of_one_breaks_a_rule() {
    // `cargo xtask fuzz` asks for more by the clock, with another seed each time.
    let seconds: Option<u64> =
        std::env::var("TURNSCOPE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let seed = std::env::var("TURNSCOPE_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(42);
    for target in TARGETS {
        let inputs = corpus(target.0);
        assert!(!inputs.is_empty(), "{} has no corpus", target.0);
        for input in &inputs {
            feed(*target, input);
        }
        let mut mutator = Mutator::new(seed);
        let began = Instant::now();
        let enough = |count| match seconds {
            Some(seconds) => began.elapsed() > Duration::from_secs(seconds) / TARGETS.len() as u32,
            None => count >= MUTATIONS,
        };
        let mut count = 0;
        while !enough(count) {
            feed(*target, &mutator.mutate(&inputs));
            count += 1;
        }
    }
}

fn is_read(name: &str, read: impl Fn(&[u8]) -> bool) {
    for (n, input) in corpus(name).iter().enumerate() {
        assert!(read(input), "input {n} of {name} is not read: mutations of it would not get far");
    }
}

#[test]
fn what_is_kept_of_stored_bytes_can_be_read() {
    is_read("body", fuzzed::record_body);
    is_read("list", |bytes| {
        let (base, list) = bytes.split_first_chunk().expect("a length");
        fuzzed::context_list(list, u16::from_le_bytes(*base))
    });
    is_read("facts", fuzzed::facts);
    is_read("quarantine", fuzzed::batch);
}
