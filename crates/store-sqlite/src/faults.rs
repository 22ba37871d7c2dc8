//! Tests of writes that fail: the disk is full, or the n-th write of a transaction goes wrong. Nothing half-stored may
//! be left, and the next commit works. They reach into the writer, which is why they are not in `tests/`.

use crate::{Options, SqliteStore};
use rusqlite::Connection;
use std::{
    collections::HashSet,
    fmt::Write as _,
    sync::{Arc, mpsc},
    time::Duration,
};
use tempfile::TempDir;
use turnscope_model::{
    Body, ContentHash, Facts, Form, GroupKey, Item, Origin, Purpose, Record, RecordId, Role, SpanId, Status,
    TraceId, Value,
};
use turnscope_store::{Batch, CommitError, ReadLimit, Store as _, StoreError, commit_and_wait};

/// Everything that a commit writes to.
const TABLES: [&str; 12] = [
    "origins",
    "trace_groups",
    "joins",
    "joins_recent",
    "records",
    "log_hashes",
    "blocks",
    "contents",
    "content_hash_segments",
    "contexts",
    "uses",
    "metrics",
];

fn open() -> (TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default()).unwrap();
    (directory, store)
}

/// A record of its own trace with a list of messages, some of which other records carry too.
fn record(n: u8, size: usize) -> Record {
    let mut items = Vec::new();
    for message in 0..=n {
        let mut state = u32::from(message) + 1;
        let bytes: Vec<u8> = (0..size)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        items.push(Item { at: 0, hash: ContentHash::of(Form::Bytes, &bytes), bytes: bytes.into() });
    }
    let trace_id = TraceId::try_from(&[n + 1; 16][..]).unwrap();
    Record {
        role: Role::Span,
        trace_id: Some(trace_id),
        span_id: SpanId::from_i64(1),
        parent_span_id: None,
        remote_parent: false,
        group: GroupKey::Trace(trace_id),
        start: 1000,
        end: Some(2000),
        status: Status::Unset,
        facts: Facts { input_text: Some("the same question".into()), ..Facts::default() },
        body: Body {
            bytes: vec![n; 10],
            values: vec![Value { form: Form::Bytes, purpose: Purpose::Input, envelope: Vec::new(), items }],
        },
        origin: Arc::new(Origin {
            service_name: "app".into(),
            scope_name: String::new(),
            hash: ContentHash::of(Form::Bytes, b"origin"),
            bytes: b"origin".to_vec(),
        }),
    }
}

fn batch(records: impl IntoIterator<Item = Record>) -> Batch {
    Batch { records: records.into_iter().collect(), ..Batch::default() }
}

fn on_db(store: &SqliteStore, sql: impl Into<String>) {
    let sql = sql.into();
    store.on_writer(move |writer| Ok(writer.db.execute_batch(&sql)?)).unwrap();
}

/// All rows of all tables that a commit writes, as text.
fn contents(directory: &TempDir) -> HashSet<String> {
    let db = Connection::open(directory.path().join(crate::FILE)).unwrap();
    let mut all = HashSet::new();
    for table in TABLES {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> =
                (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
            all.insert(format!("{table}: {}", values.join(", ")));
        }
    }
    all
}

/// Makes the write fail after which `n` writes of a transaction have been counted; `None` lets everything through.
fn fail_at(store: &SqliteStore, n: Option<u32>) {
    let n = n.map_or(-1, i64::from);
    on_db(store, format!("UPDATE temp.countdown SET n = {n}"));
}

fn install_faults(store: &SqliteStore) {
    let mut sql = String::from("CREATE TEMP TABLE countdown (n INTEGER); INSERT INTO countdown VALUES (-1);");
    for table in TABLES {
        for change in ["INSERT", "UPDATE"] {
            let _ = write!(
                sql,
                "CREATE TEMP TRIGGER fail_{change}_{table} BEFORE {change} ON main.{table} BEGIN
                     UPDATE countdown SET n = n - 1 WHERE n > 0;
                     SELECT RAISE(ABORT, 'injected') WHERE (SELECT n FROM countdown) = 0;
                 END;"
            );
        }
    }
    on_db(store, sql);
}

fn bodies(store: &SqliteStore, directory: &TempDir) -> Vec<Body> {
    let db = Connection::open(directory.path().join(crate::FILE)).unwrap();
    let mut statement = db.prepare("SELECT id FROM records ORDER BY id").unwrap();
    let rows: Vec<RecordId> =
        statement.query_map([], |row| Ok(RecordId(row.get(0)?))).unwrap().collect::<Result<_, _>>().unwrap();
    let bodies = store.reader(&ReadLimit::none()).unwrap().bodies(&rows).unwrap();
    bodies.into_iter().map(|body| body.unwrap().body).collect()
}

#[test]
fn whichever_write_fails_nothing_is_half_stored_and_the_next_commit_works() {
    let (directory, store) = open();
    commit_and_wait(&store, batch([record(0, 100)])).unwrap();
    assert!(turnscope_store::catch_up(&store, Duration::from_secs(10)));
    install_faults(&store);
    let before = contents(&directory);
    let mut failures = 0;
    for n in 1.. {
        fail_at(&store, Some(n));
        match commit_and_wait(&store, batch([record(1, 100), record(2, 100)])) {
            Ok(stored) => {
                assert_eq!(stored.records, 2);
                break;
            }
            Err(CommitError::Broken(error)) => assert!(error.to_string().contains("injected"), "{error}"),
            Err(other) => panic!("{other}"),
        }
        failures += 1;
        assert_eq!(contents(&directory), before, "after the failure of write {n}");
    }
    assert!(failures > 10, "{failures} writes were failed");
    fail_at(&store, None);
    commit_and_wait(&store, batch([record(3, 100)])).unwrap();
    let sent: Vec<Body> = (0..4).map(|n| record(n, 100).body).collect();
    assert_eq!(bodies(&store, &directory), sent);
}

#[test]
fn a_full_disk_is_said_to_be_full_and_takes_more_once_there_is_room() {
    let (directory, store) = open();
    commit_and_wait(&store, batch([record(0, 100)])).unwrap();
    assert!(turnscope_store::catch_up(&store, Duration::from_secs(10)));
    let before = contents(&directory);
    on_db(&store, "PRAGMA max_page_count = 1"); // never less than there are
    for _ in 0..2 {
        let outcome = commit_and_wait(&store, batch([record(40, 20_000)]));
        assert!(matches!(outcome, Err(CommitError::Full)), "{outcome:?}");
        assert_eq!(contents(&directory), before);
    }
    on_db(&store, "PRAGMA max_page_count = 1000000");
    commit_and_wait(&store, batch([record(40, 20_000)])).unwrap();
    assert_eq!(bodies(&store, &directory), [record(0, 100).body, record(40, 20_000).body]);
}

#[test]
fn a_bad_batch_does_not_fail_its_neighbours() {
    let (directory, store) = open();
    on_db(
        &store,
        "CREATE TEMP TRIGGER bad BEFORE INSERT ON main.records WHEN new.len > 200
         BEGIN SELECT RAISE(ABORT, 'injected'); END",
    );
    // While the writer is held up, the batches gather into one commit.
    let store = Arc::new(store);
    let (go, wait) = mpsc::channel::<()>();
    let holder = {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            store.on_writer(move |_| Ok(wait.recv().map_err(|_| StoreError::Closed)?))
        })
    };
    std::thread::sleep(Duration::from_millis(50));
    let (done, outcomes) = mpsc::channel();
    for n in 0..8_u8 {
        let mut one = record(n, 50);
        if n == 3 {
            one.body.bytes = vec![0; 5000];
        }
        let done = done.clone();
        store.commit(batch([one]), Box::new(move |outcome| done.send((n, outcome.is_ok())).unwrap()));
    }
    go.send(()).unwrap();
    holder.join().unwrap().unwrap();
    let seen: Vec<(u8, bool)> = outcomes.iter().take(8).collect();
    assert_eq!(seen, (0..8).map(|n| (n, n != 3)).collect::<Vec<_>>());
    let kept: Vec<Body> = (0..8).filter(|n| *n != 3).map(|n| record(n, 50).body).collect();
    assert_eq!(bodies(&store, &directory), kept);
}
