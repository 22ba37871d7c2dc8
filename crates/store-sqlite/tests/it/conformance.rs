//! The tests that every store must pass.

use tempfile::TempDir;
use turnscope_store::{
    Store,
    conformance::{Subject, text_of},
};
use turnscope_store_sqlite::{Options, SqliteStore};

struct InDirectory {
    directory: TempDir,
    store: Option<SqliteStore>,
}

impl InDirectory {
    fn open(&mut self) {
        let options = Options { text_of: Some(text_of), ..Options::default() };
        self.store = Some(SqliteStore::open(self.directory.path(), options).unwrap());
    }
}

impl Subject for InDirectory {
    fn store(&self) -> &dyn Store {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.open();
    }
}

fn empty() -> InDirectory {
    let mut subject = InDirectory { directory: tempfile::tempdir().unwrap(), store: None };
    subject.open();
    subject
}

turnscope_store::conformance_tests!(empty);
