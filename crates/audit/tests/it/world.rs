//! A trail in a directory of its own, and a way to tamper with it.

use rusqlite::Connection;
use tempfile::TempDir;
use turnscope_audit::{
    Decision, Entry, FILE, Finding, Head, Key, Reader, Report, RunEntry, SchemaProblem, Source, Trail,
};

pub(crate) struct World {
    pub(crate) directory: TempDir,
}

impl World {
    /// A trail with this many records: of every three, one is a run and two are decisions.
    pub(crate) fn with(records: u64) -> Self {
        let world = Self { directory: tempfile::tempdir().expect("a directory") };
        let mut trail = world.trail();
        for n in 1..=records {
            let seq = trail.append(&entry(n), Source::Agent, at(n)).expect("appended");
            assert_eq!(seq, n);
        }
        world
    }

    pub(crate) fn trail(&self) -> Trail {
        Trail::open(self.directory.path(), None).expect("a trail")
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(self.directory.path()).expect("a trail")
    }

    pub(crate) fn key(&self) -> Key {
        Key::of(self.directory.path()).expect("a key")
    }

    pub(crate) fn head(&self) -> Head {
        self.reader().head().expect("a head")
    }

    /// What verification says, but for the triggers that `behind_its_back` removed.
    pub(crate) fn verify(&self, head: Option<Head>) -> Report {
        let mut report = self.reader().verify(&self.key(), head).expect("verified");
        report.findings.retain(|finding| !is_missing_trigger(finding));
        report
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.verify(None).findings
    }

    /// The database without its triggers, as someone with write access could use it.
    pub(crate) fn behind_its_back(&self) -> Connection {
        let db = Connection::open(self.directory.path().join(FILE)).expect("the file");
        let triggers: Vec<String> = db
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .and_then(|mut names| names.query_map([], |row| row.get(0))?.collect())
            .expect("triggers");
        for trigger in triggers {
            db.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("dropped");
        }
        db
    }
}

/// When record `n` is written.
pub(crate) fn at(n: u64) -> i64 {
    n as i64 * 1_000
}

/// Record number `n`.
pub(crate) fn entry(n: u64) -> Entry {
    let agent = Some(if n.is_multiple_of(2) { "billing" } else { "triage" }.to_owned());
    if n % 3 == 1 {
        Entry::Run(RunEntry {
            run_id: Some(format!("run-{n}")),
            trace_id: Some(format!("trace-{n}")),
            agent,
            started_at: at(n) - 500,
            ended_at: at(n),
            prompt: Some("Refund order 7?".into()),
            output: Some("Refunded.".into()),
            model: Some("gpt-4o-mini".into()),
            input_tokens: Some(120),
            output_tokens: Some(8),
            success: true,
            ..RunEntry::default()
        })
    } else {
        let verdict = ["allow", "deny", "hitl"][(n % 5 % 3) as usize];
        Entry::Decision(Decision {
            run_id: Some(format!("run-{}", (n - 1) / 3 * 3 + 1)),
            agent,
            tool: Some("refund".into()),
            action: Some("issue".into()),
            verdict: verdict.into(),
            resolution: (verdict == "hitl").then(|| "rejected".into()),
            decided_at: at(n),
            ..Decision::default()
        })
    }
}

/// Whether this says that one of the trail's triggers was removed.
fn is_missing_trigger(finding: &Finding) -> bool {
    matches!(finding, Finding::Schema { kind, problem: SchemaProblem::Missing, .. } if kind == "trigger")
}
