//! What a client asks for: a query in the query language, and a cursor.

use std::cell::OnceCell;
use tempfile::TempDir;
use turnscope_model::{Form, Purpose};
use turnscope_query::{
    Clock, Condition, GroupBy, Moment, Order, RunCursor, RunFilter, RunPageQuery, SearchCursor, SearchQuery,
    SessionCursor, TraceCursor, ValueCursor,
};
use turnscope_store::{ReadLimit, Store as _, StoreError};
use turnscope_store_sqlite::{Options, SqliteStore};

const MOMENT: Moment = Moment { now_ms: 1_790_000_000_000, inactivity_ms: 600_000 };

thread_local! {
    /// An empty store: whether it can be asked does not depend on what is in it.
    static STORE: OnceCell<(SqliteStore, TempDir)> = const { OnceCell::new() };
}

fn text_of(_: Form, _: Purpose, _: &[u8]) -> String {
    String::new()
}

/// A query, then a zero byte and a cursor. The first byte says how the list is ordered. What parses can be asked of a store,
/// and a cursor that no store wrote is refused as one.
pub fn query(data: &[u8]) {
    let Some((order, data)) = data.split_first() else { return };
    let data = String::from_utf8_lossy(data);
    let (text, cursor) = data.split_once('\0').map_or((&*data, None), |(text, cursor)| (text, Some(cursor)));
    let _ = turnscope_query::plain_text(text);
    let filter = match turnscope_query::parse(text, &Clock::utc(MOMENT.now_ms)) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(error.at + error.length <= text.chars().count(), "{error:?} is not in {text:?}");
            assert!(!error.message.is_empty());
            return;
        }
    };
    let page = RunPageQuery {
        limit: 10,
        offset: 0,
        after: cursor.map(RunCursor::new),
        order: Order::NAMES[usize::from(*order) % Order::NAMES.len()].0,
        descending: *order >= 128,
    };
    STORE.with(|store| {
        let (store, _) = store.get_or_init(open);
        let mut reader = store.reader(&ReadLimit::none()).expect("a reader");
        answered(reader.runs(&filter, &page, MOMENT).map(drop), text);
        if let RunFilter::Is(Condition::Content(phrases)) = &filter {
            let query = SearchQuery {
                phrases: phrases.clone(),
                filter: filter.clone(),
                purposes: Vec::new(),
                limit: 10,
                after: cursor.map(SearchCursor::new),
            };
            answered(reader.search(&query, MOMENT).map(drop), text);
        }
        let after = cursor.map(SessionCursor::new);
        answered(reader.sessions(None, after.as_ref(), 10, 0).map(drop), text);
        answered(reader.session(text).map(drop), text);
        let after = cursor.map(ValueCursor::new);
        answered(reader.values(GroupBy::Tag, text, after.as_ref(), 10).map(drop), text);
        answered(reader.traces(cursor.map(TraceCursor::new).as_ref(), 10).map(drop), text);
    });
}

fn answered(outcome: Result<(), StoreError>, query: &str) {
    match outcome {
        Ok(()) | Err(StoreError::BadCursor) => {}
        Err(error) => panic!("{query:?}: {error}"),
    }
}

fn open() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options { text_of: Some(text_of), ..Options::default() };
    (SqliteStore::open(directory.path(), options).expect("a store"), directory)
}
