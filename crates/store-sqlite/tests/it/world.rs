//! A store on a temporary directory, spans in a line of code, and everything in it read back as OTLP.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status},
};
use rusqlite::{Connection, OpenFlags};
use std::time::Duration;
use tempfile::TempDir;
use turnscope_model::{RecordId, RunId, SpanId, TraceId};
use turnscope_otlp::{cut, messages, normalise, redact::Redactor};
use turnscope_query as query;
use turnscope_store::{
    Batch, ReadLimit, Reader, Store as _, Stored, StoredBody, Unreadable, catch_up, commit_and_wait,
};
use turnscope_store_sqlite::{FILE, Options, SqliteStore};

/// A store, and the directory that goes with it.
pub(crate) struct World {
    pub(crate) directory: TempDir,
    store: Option<SqliteStore>,
    options: Options,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_options(options())
    }

    /// A store that is opened, and opened again, like this.
    pub(crate) fn with_options(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Some(SqliteStore::open(directory.path(), options.clone()).unwrap());
        Self { directory, store, options }
    }

    /// Closes the store, changes its file by hand and opens it again.
    pub(crate) fn change_file(&mut self, change: impl FnOnce(&Connection)) {
        self.store = None;
        change(&Connection::open(self.directory.path().join(FILE)).unwrap());
        self.reopen();
    }

    /// Closes the store and opens it again in another way.
    pub(crate) fn reopen_with(&mut self, options: Options) {
        self.options = options;
        self.reopen();
    }

    pub(crate) fn store(&self) -> &SqliteStore {
        self.store.as_ref().unwrap()
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(&mut self) {
        self.store = None;
        self.store = Some(SqliteStore::open(self.directory.path(), self.options.clone()).unwrap());
    }

    /// Closes the store and goes on with the one in another directory.
    pub(crate) fn move_to(&mut self, directory: TempDir) {
        self.store = None;
        self.directory = directory;
        self.reopen();
    }

    /// Closes the store; its directory is left.
    pub(crate) fn close(self) -> TempDir {
        drop(self.store);
        self.directory
    }

    /// Sends one request of spans; redaction is off.
    pub(crate) fn send(&self, spans: Vec<Span>) -> Stored {
        let stored = commit_and_wait(self.store(), batch(spans, &Redactor::off())).unwrap();
        assert!(catch_up(self.store(), Duration::from_secs(20)));
        stored
    }

    /// Sends one request of log records; redaction is off.
    pub(crate) fn send_logs(&self, logs: Vec<LogRecord>) -> Stored {
        let stored = commit_and_wait(self.store(), log_batch(logs, &Redactor::off())).unwrap();
        assert!(catch_up(self.store(), Duration::from_secs(20)));
        stored
    }

    /// The database beside the store, read-only.
    pub(crate) fn sql(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(self.directory.path().join(FILE), flags).unwrap()
    }

    /// A single number.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Every run, oldest first.
    pub(crate) fn runs(&self) -> Vec<query::Run> {
        let page = query::RunPageQuery { limit: 1000, ..query::RunPageQuery::default() };
        let found = self.reader().runs(&query::RunFilter::default(), &page, moment()).unwrap();
        assert_eq!(found.unreadable, [""; 0]);
        found.runs.into_iter().map(|listed| listed.run).collect()
    }

    /// A view of the store.
    pub(crate) fn reader(&self) -> Box<dyn Reader + '_> {
        self.store().reader(&ReadLimit::none()).unwrap()
    }

    /// Every span (versions that were replaced too) as it was sent.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.spans_of("role & 15 IN (0, 1, 15)")
    }

    /// Those of them for which a condition on the table of records holds.
    pub(crate) fn spans_of(&self, which: &str) -> Vec<Span> {
        let rows = self.rows(which);
        let ids: Vec<RecordId> = rows.iter().map(|(id, _)| *id).collect();
        let bodies = self.reader().bodies(&ids).unwrap();
        let restore = |(body, (_, header)): (Result<StoredBody, Unreadable>, &(RecordId, cut::Header))| {
            cut::restore_span(&body.unwrap().body, header).unwrap()
        };
        bodies.into_iter().zip(&rows).map(restore).collect()
    }

    /// Every log record as it was sent.
    pub(crate) fn logs(&self) -> Vec<LogRecord> {
        let rows = self.rows("role & 15 IN (2, 3)");
        let ids: Vec<RecordId> = rows.iter().map(|(id, _)| *id).collect();
        let bodies = self.reader().bodies(&ids).unwrap();
        let restore = |(body, (_, header)): (Result<StoredBody, Unreadable>, &(RecordId, cut::Header))| {
            cut::restore_log(&body.unwrap().body, header).unwrap()
        };
        bodies.into_iter().zip(&rows).map(restore).collect()
    }

    fn rows(&self, which: &str) -> Vec<(RecordId, cut::Header)> {
        let db = self.sql();
        let mut statement = db
            .prepare(&format!(
                "SELECT r.id, u.key, r.span, r.parent, r.start, r.dur FROM records r LEFT JOIN trace_groups u ON u.id = r.trace
                 WHERE {which} ORDER BY r.id"
            ))
            .unwrap();
        let rows = statement.query_map([], |row| {
            let (key, start, dur): (Option<Vec<u8>>, i64, Option<i64>) =
                (row.get(1)?, row.get(4)?, row.get(5)?);
            let id = |column| row.get::<_, Option<i64>>(column).map(|id| id.and_then(SpanId::from_i64));
            let header = cut::Header {
                trace_id: key.and_then(|key| TraceId::try_from(&key[..]).ok()),
                span_id: id(2)?,
                parent_span_id: id(3)?,
                start: start as u64,
                end: dur.map(|dur| (start + dur) as u64),
            };
            Ok((RecordId(row.get(0)?), header))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }
}

pub(crate) fn options() -> Options {
    Options { text_of: Some(messages::item_text), ..Options::default() }
}

pub(crate) fn moment() -> query::Moment {
    query::Moment { now_ms: 1_800_000_000_000, inactivity_ms: 600_000 }
}

pub(crate) fn batch(spans: Vec<Span>, redactor: &Redactor) -> Batch {
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource()), scope_spans, ..ResourceSpans::default() }];
    let request = ExportTraceServiceRequest { resource_spans };
    Batch { records: normalise::traces(request, redactor).records, ..Batch::default() }
}

pub(crate) fn log_batch(log_records: Vec<LogRecord>, redactor: &Redactor) -> Batch {
    let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() }];
    let resource_logs =
        vec![ResourceLogs { resource: Some(resource()), scope_logs, ..ResourceLogs::default() }];
    Batch {
        records: normalise::logs(ExportLogsServiceRequest { resource_logs }, redactor).records,
        ..Batch::default()
    }
}

fn resource() -> Resource {
    Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "test".into(), ..InstrumentationScope::default() }
}

/// A text attribute.
pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.into())) });
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

/// A span's time: so many milliseconds after a fixed moment.
pub(crate) fn at(ms: u64) -> u64 {
    1_700_000_000_000_000_000 + ms * 1_000_000
}

/// A span of trace `trace` with id `id` below `parent` (0: none), from `start` to `end` milliseconds.
pub(crate) fn span(trace: u8, (id, parent): (u8, u8), name: &str, (start, end): (u64, u64)) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: name.to_owned(),
        start_time_unix_nano: at(start),
        end_time_unix_nano: at(end),
        status: Some(Status::default()),
        ..Span::default()
    }
}

/// The id of the run rooted in a span made by [`span`].
pub(crate) fn run_id(trace: u8, id: u8) -> RunId {
    RunId::of_span(TraceId::try_from(&[trace; 16][..]).unwrap(), SpanId::try_from(&[id; 8][..]).unwrap())
}

pub(crate) fn agent(trace: u8, ids: (u8, u8), name: &str, times: (u64, u64)) -> Span {
    with(
        span(trace, ids, &format!("invoke_agent {name}"), times),
        [text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", name)],
    )
}

/// A model call that was sent these user messages and gave this answer.
pub(crate) fn call(trace: u8, ids: (u8, u8), times: (u64, u64), said: &[String], answer: &str) -> Span {
    with(
        span(trace, ids, "chat m", times),
        [
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.request.model", "m"),
            text("gen_ai.input.messages", messages_json("user", said)),
            text("gen_ai.output.messages", messages_json("assistant", &[answer.to_owned()])),
        ],
    )
}

pub(crate) fn tool(trace: u8, ids: (u8, u8), times: (u64, u64), arguments: &str, result: &str) -> Span {
    with(
        span(trace, ids, "execute_tool look", times),
        [
            text("gen_ai.operation.name", "execute_tool"),
            text("gen_ai.tool.name", "look"),
            text("gen_ai.tool.call.arguments", arguments),
            text("gen_ai.tool.call.result", result),
        ],
    )
}

pub(crate) fn with(mut span: Span, attributes: impl IntoIterator<Item = KeyValue>) -> Span {
    span.attributes.extend(attributes);
    span
}

fn messages_json(role: &str, texts: &[String]) -> String {
    let list: Vec<_> = texts
        .iter()
        .map(|text| serde_json::json!({"parts": [{"content": text, "type": "text"}], "role": role}))
        .collect();
    serde_json::to_string(&list).unwrap()
}

/// Numbered sentences, long enough to be contents of their own.
pub(crate) fn said(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers
        .map(|n| format!("sentence number {n} of a conversation that goes on and on for a while"))
        .collect()
}
