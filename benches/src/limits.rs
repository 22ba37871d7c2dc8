//! The speed of the parts alone, on one core, in the same sitting: the limits for the whole.

use crate::workload::{self, Identity, Prose, Random, Shape};
use prost::Message as _;
use std::time::Instant;
use turnscope_model::{ContentHash, Form};
use turnscope_otlp::{
    decode::{self, Budget, Format},
    normalise, receive,
    redact::Redactor,
};

/// Prints a row for each part.
pub(crate) fn print(only: &str, passes: usize) -> anyhow::Result<()> {
    let prose = Prose::new(8 << 20);
    let mut random = Random::new(1);
    let shape = Shape { turns: 8, window: 0, message_bytes: 2000, below: 0 };
    let spans: Vec<_> = (0..40)
        .flat_map(|_| {
            workload::run(&prose, &mut random, shape, &Identity::alike(), 1_790_000_000_000_000_000)
        })
        .collect();
    let count = spans.len() as f64;
    let body = bytes::Bytes::from(workload::request("bench", spans).encode_to_vec());
    println!("| part, one core | µs/span | spans/s |");
    println!("|---|---:|---:|");
    let redactor = Redactor::default();
    let row = |name: &str, spans: f64, pass: &mut dyn FnMut() -> anyhow::Result<()>| {
        row(only, passes, name, spans, pass)
    };
    row("decode alone", count, &mut || {
        decode::traces(&body, Format::Protobuf)?;
        Ok(())
    })?;
    row("decode + normalise (facts, cut, hash, redaction)", count, &mut || {
        receive::traces(&body, Format::Protobuf, &redactor, &Budget::unlimited())?;
        Ok(())
    })?;
    let records = normalise::traces(decode::traces(&body, Format::Protobuf)?, &redactor).records;
    let new: Vec<&[u8]> = {
        let mut seen = std::collections::HashSet::new();
        let values = records.iter().flat_map(|record| &record.body.values);
        values
            .flat_map(|value| (0..value.items.len()).map(move |i| (value.items[i].hash, value.item(i))))
            .filter(|(hash, _)| seen.insert(*hash))
            .map(|(_, bytes)| bytes)
            .collect()
    };
    let all: Vec<u8> = new.concat();
    row("hash of new content", count, &mut || {
        for item in &new {
            std::hint::black_box(ContentHash::of(Form::Text, item));
        }
        Ok(())
    })?;
    row("compress new content (zstd 1, blocks of 128 kB)", count, &mut || {
        let mut compressor = zstd::bulk::Compressor::new(1)?;
        for block in all.chunks(128 * 1024) {
            std::hint::black_box(compressor.compress(block)?);
        }
        Ok(())
    })?;
    row("SQLite alone (one row a span and one a content, WAL, FULL, 1,000 a commit)", count, &mut || {
        let directory = tempfile::tempdir()?;
        let mut db = rusqlite::Connection::open(directory.path().join("x.db"))?;
        db.execute_batch(
            "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
             CREATE TABLE s(id INTEGER PRIMARY KEY, a INT, b INT, c INT, d INT, e BLOB);
             CREATE TABLE c(id INTEGER PRIMARY KEY, h INT, b INT, o INT, l INT); CREATE INDEX ch ON c(h);",
        )?;
        let tx = db.transaction()?;
        for (i, record) in records.iter().enumerate() {
            tx.prepare_cached("INSERT INTO s VALUES (?1,?2,?3,?4,?5,?6)")?.execute((
                i,
                1,
                2,
                record.start as i64,
                4,
                &record.facts.name,
            ))?;
        }
        for (i, item) in new.iter().enumerate() {
            let hash = ContentHash::of(Form::Text, &item[..item.len().min(16)]);
            tx.prepare_cached("INSERT INTO c VALUES (?1,?2,?3,?4,?5)")?.execute((
                i,
                hash.prefix(),
                1,
                2,
                3,
            ))?;
        }
        tx.commit()?;
        Ok(())
    })?;
    Ok(())
}

/// The best of several passes, which is least disturbed by other work on the machine.
fn row(
    only: &str,
    passes: usize,
    name: &str,
    spans: f64,
    pass: &mut dyn FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if !name.contains(only) {
        return Ok(());
    }
    let mut best = f64::MAX;
    for _ in 0..passes {
        let began = Instant::now();
        pass()?;
        best = best.min(began.elapsed().as_secs_f64());
    }
    println!("| {name} | {:.2} | {:.0} |", best / spans * 1e6, spans / best);
    Ok(())
}
