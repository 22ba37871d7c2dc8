//! One thing that cannot be processed harms nothing else: it is set aside, counted, kept and tried again.

use crate::world::*;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use turnscope_model::{Form, Purpose};
use turnscope_otlp::{messages, redact::Redactor};
use turnscope_store::{Health, Maintenance as _, Pricing, Store as _, StoreError, catch_up, commit_and_wait};
use turnscope_store_sqlite::{Options, check};

/// Prices that cannot cope with one agent's calls while `broken` holds.
fn brittle_pricing(broken: &Arc<AtomicBool>) -> Pricing {
    let broken = Arc::clone(broken);
    Pricing {
        key: 1,
        price_of: Arc::new(move |facts, _| {
            let is_bad = facts.output_text.as_deref() == Some("a price that nobody can work out");
            assert!(!(is_bad && broken.load(Ordering::Relaxed)), "a bug in pricing");
            Some(1)
        }),
    }
}

fn run_of(trace: u8, answer: &str) -> Vec<opentelemetry_proto::tonic::trace::v1::Span> {
    vec![agent(trace, (1, 0), "a", (0, 100)), call(trace, (2, 1), (1, 20), &said(0..2), answer)]
}

fn quarantined(world: &World) -> u64 {
    world.store().health().quarantined
}

#[test]
fn a_trace_that_cannot_be_projected_harms_no_other_and_is_tried_again_on_request() {
    let broken = Arc::new(AtomicBool::new(true));
    let mut world = World::with_options(Options { pricing: Some(brittle_pricing(&broken)), ..options() });
    // All in one request, so that they are projected in one pass.
    let sent: Vec<_> = (1..=5)
        .flat_map(|trace| run_of(trace, if trace == 3 { "a price that nobody can work out" } else { "yes" }))
        .collect();
    world.send(sent.clone());
    let shown: Vec<_> = world.runs().into_iter().map(|run| run.run_id).collect();
    assert_eq!(shown, [1, 2, 4, 5].map(|trace| run_id(trace, 1)));
    let health = world.store().health();
    assert_eq!((health.quarantined, &health.failed, &health.stalled), (1, &None, &None));
    assert!(health.degraded.iter().any(|line| line.contains("quarantine")), "{health:?}");
    assert_eq!(world.spans(), sent, "what was acknowledged is kept");
    let report = check(world.directory.path()).unwrap();
    assert_eq!((report.damaged, report.quarantined.len()), (0, 1));
    assert!(report.quarantined[0].contains("a bug in pricing"), "{report:?}");
    // It stays set aside when the store is opened again by the same version, and nothing else waits for it.
    world.reopen();
    world.send(run_of(6, "yes"));
    assert_eq!((world.runs().len(), quarantined(&world)), (5, 1));
    assert_eq!(world.store().retry_quarantined().unwrap(), 1, "still broken");
    broken.store(false, Ordering::Relaxed);
    assert_eq!(world.store().retry_quarantined().unwrap(), 0);
    assert_eq!(world.runs().len(), 6);
    assert_eq!(world.store().health(), Health::default());
}

#[test]
fn another_version_tries_again_what_is_set_aside() {
    let broken = Arc::new(AtomicBool::new(true));
    let mut world = World::with_options(Options { pricing: Some(brittle_pricing(&broken)), ..options() });
    world.send(run_of(1, "a price that nobody can work out"));
    assert_eq!((world.runs().len(), quarantined(&world)), (0, 1));
    broken.store(false, Ordering::Relaxed);
    world.change_file(|db| {
        db.execute("UPDATE quarantine SET version = '0.0.1'", []).unwrap();
    });
    assert!(catch_up(world.store(), Duration::from_secs(20)));
    assert_eq!((world.runs().len(), quarantined(&world)), (1, 0));
}

/// As for a message format with a bug in it.
fn brittle_text(form: Form, purpose: Purpose, bytes: &[u8]) -> String {
    let text = messages::item_text(form, purpose, bytes);
    assert!(!text.contains("unspeakable"), "a bug in reading messages");
    text
}

#[test]
fn a_message_that_cannot_be_indexed_is_set_aside_and_the_others_are_found() {
    let mut world = World::with_options(Options { text_of: Some(brittle_text), ..Options::default() });
    let words = [
        "a zebra stands in the pasture and looks on",
        "the unspeakable walrus",
        "a tapir, at last and at length",
    ];
    world.send(vec![call(1, (2, 0), (1, 20), &words.map(str::to_owned), "yes, that is what they are")]);
    assert_eq!(world.search("zebra").len(), 1);
    assert_eq!(world.search("tapir").len(), 1);
    assert!(world.search("walrus").is_empty());
    assert_eq!((world.runs().len(), quarantined(&world)), (1, 1));
    world.reopen_with(options());
    assert_eq!(world.store().retry_quarantined().unwrap(), 0);
    assert_eq!(world.search("walrus").len(), 1);
}

#[test]
fn a_damaged_block_costs_what_lies_in_it_and_is_named() {
    let mut world = World::new();
    for trace in 1..=6 {
        // Each request fills a block of its own.
        world.send(run_of(
            trace,
            &format!("the answer of {trace}, which is long enough to be a content {trace}"),
        ));
    }
    world.change_file(|db| {
        let (id, mut data): (i64, Vec<u8>) = db
            .query_row("SELECT id, data FROM blocks ORDER BY id LIMIT 1 OFFSET 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        let middle = data.len() / 2;
        data[middle] ^= 0x10;
        db.execute("UPDATE blocks SET data = ?1 WHERE id = ?2", (data, id)).unwrap();
    });
    assert_eq!(world.runs().len(), 6, "lists need no blocks");
    let ids: Vec<_> = {
        let db = world.sql();
        let mut rows = db.prepare("SELECT id FROM records ORDER BY id").unwrap();
        rows.query_map([], |row| row.get(0))
            .unwrap()
            .map(|id| turnscope_model::RecordId(id.unwrap()))
            .collect()
    };
    let bodies = world.reader().bodies(&ids).unwrap();
    let lost = bodies.iter().filter(|body| body.is_err()).count();
    assert!(lost > 0 && lost < bodies.len(), "{lost} of {}", bodies.len());
    assert!(world.store().health().degraded.iter().any(|line| line.contains("damaged")));
    let report = check(world.directory.path()).unwrap();
    assert!(report.damage.iter().any(|line| line.place.starts_with("block ")), "{report:?}");
    // New traces are projected and shown, and more of the damaged one does not hold them up.
    world.send(run_of(7, "yes"));
    world.send(vec![tool(2, (3, 1), (21, 30), "{}", "more of the trace whose block is damaged")]);
    world.send(run_of(8, "yes"));
    assert_eq!(world.runs().len(), 8);
}

/// Writes over the beginning of a page of the database.
fn overwrite_page(world: &mut World, page: i64) {
    use std::io::{Seek as _, SeekFrom, Write as _};
    let path = world.directory.path().join(turnscope_store_sqlite::FILE);
    world.change_file(|db| {
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let size: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
        let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(((page - 1) * size) as u64)).unwrap();
        file.write_all(&[0xa5; 64]).unwrap();
    });
}

#[test]
fn a_damaged_first_page_of_the_table_of_runs_is_named_run_by_run() {
    // Runs on one page, and on many.
    for runs in [3, 200] {
        let mut world = World::new();
        let sent = (1..=runs).flat_map(|trace| {
            vec![agent(trace, (1, 0), "a", (0, 100)), call(trace, (2, 1), (1, 20), &said(0..9), "yes")]
        });
        world.send(sent.collect());
        assert_eq!(world.runs().len(), usize::from(runs));
        let root = world.count("SELECT rootpage FROM sqlite_schema WHERE name = 'runs'");
        overwrite_page(&mut world, root);
        let page = turnscope_query::RunPageQuery { limit: 50, descending: true, ..Default::default() };
        let found = world.reader().runs(&turnscope_query::RunFilter::default(), &page, moment()).unwrap();
        assert!(found.runs.is_empty());
        let named = usize::from(runs).min(20);
        assert!(found.unreadable.len() >= named, "{:?}", found.unreadable);
        let one = run_id(1, 1).to_string();
        assert!(found.unreadable.iter().any(|line| line.contains(&one)), "{:?}", found.unreadable);
        let health = world.store().health();
        assert!(health.degraded.iter().any(|line| line.contains("damaged")), "{health:?}");
        // Figures are of what can be read.
        let query = turnscope_query::FiguresQuery { bucket: Some(1), ..Default::default() };
        assert!(world.reader().figures(&query, moment()).unwrap().is_empty());
        world.reader().time_range(&query.filter, moment()).unwrap();
        // What does not need that table is answered.
        assert_eq!(world.reader().traces(None, 10).unwrap().traces.len(), usize::from(runs).min(10));
        assert_eq!(world.search("yes").len(), 1);
    }
}

#[test]
fn lists_and_figures_of_a_damaged_table_of_runs_are_of_what_can_be_read() {
    let mut world = World::new();
    let in_session = |trace: u8| {
        let mut run = run_of(trace, "yes");
        let root = run.remove(0);
        run.push(with(root, [text("session.id", format!("s{}", trace % 10)), text("user.id", "u")]));
        run
    };
    world.send((1..=200).flat_map(in_session).collect());
    assert_eq!(world.runs().len(), 200);
    let leaf =
        world.count("SELECT pageno FROM dbstat WHERE name = 'runs' AND pagetype = 'leaf' LIMIT 1 OFFSET 3");
    overwrite_page(&mut world, leaf);
    let page = turnscope_query::RunPageQuery { limit: 500, descending: true, ..Default::default() };
    let listed = world.reader().runs(&turnscope_query::RunFilter::default(), &page, moment()).unwrap();
    assert!(listed.runs.len() < 200 && !listed.runs.is_empty(), "{}", listed.runs.len());
    assert_eq!(listed.runs.len() + listed.unreadable.len(), 200);
    for group_by in [vec![], vec![turnscope_query::GroupBy::Agent], vec![turnscope_query::GroupBy::Model]] {
        let query = turnscope_query::FiguresQuery { group_by, ..Default::default() };
        let figures = world.reader().figures(&query, moment()).unwrap();
        let runs: u64 = figures.values().map(|figures| figures.runs).sum();
        assert_eq!(runs, listed.runs.len() as u64, "{figures:?}");
    }
    let range = world.reader().time_range(&turnscope_query::RunFilter::default(), moment()).unwrap();
    for user in [None, Some("u")] {
        assert_eq!(world.reader().sessions(user, None, 500, 0).unwrap().total, 10, "{user:?}");
    }
    let values = world.reader().values(turnscope_query::GroupBy::Session, "S", None, 500).unwrap().values;
    let runs: u64 = values.iter().map(|(_, runs)| runs).sum();
    // What an index holds is whole.
    assert!(values.len() == 10 && runs >= listed.runs.len() as u64, "{values:?}");
    assert_eq!(world.reader().values(turnscope_query::GroupBy::Agent, "", None, 5).unwrap().values.len(), 1);
    let starts = listed.runs.iter().map(|listed| listed.run.start);
    assert_eq!(range, starts.clone().min().zip(starts.max()));
}

#[test]
fn any_flipped_bit_of_a_block_is_noticed() {
    let mut world = World::new();
    world.send(run_of(1, "an answer"));
    let (id, data): (i64, Vec<u8>) = world
        .sql()
        .query_row("SELECT id, data FROM blocks", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    for bit in (0..data.len() * 8).step_by(37) {
        let mut damaged = data.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        world.change_file(|db| {
            db.execute("UPDATE blocks SET data = ?1 WHERE id = ?2", (damaged, id)).unwrap();
        });
        let ids: Vec<_> = [1, 2].map(turnscope_model::RecordId).into();
        let read = world.reader().bodies(&ids).unwrap();
        assert!(read.iter().all(Result::is_err), "bit {bit} was served as if sent");
    }
}

#[test]
fn a_backup_refuses_to_copy_damage() {
    let mut world = World::new();
    world.send(run_of(1, "an answer"));
    world.change_file(|db| {
        let mut data: Vec<u8> = db.query_row("SELECT data FROM blocks", [], |row| row.get(0)).unwrap();
        *data.last_mut().unwrap() ^= 1;
        db.execute("UPDATE blocks SET data = ?1", [data]).unwrap();
    });
    let to = tempfile::tempdir().unwrap();
    let file = to.path().join("copy.db");
    let refused = world.store().backup(&file, &mut |_, _| ()).unwrap_err();
    assert!(matches!(&refused, StoreError::Damaged(_)), "{refused}");
    assert!(refused.to_string().contains("block 1"), "{refused}");
    assert!(!file.exists(), "no half of a copy is left");
}

#[test]
fn a_backup_that_cannot_be_made_leaves_the_file_that_was_there() {
    let world = World::new();
    let to = tempfile::tempdir().unwrap();
    let file = to.path().join("copy.db");
    std::fs::write(&file, "something else").unwrap();
    let refused = world.store().backup(&file, &mut |_, _| ()).unwrap_err();
    assert!(matches!(&refused, StoreError::Io { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "something else");
}

#[test]
fn a_damaged_quarantine_keeps_no_store_from_opening() {
    let mut world = World::new();
    world.send(run_of(1, "an answer"));
    world.change_file(|db| {
        db.execute(
            "INSERT INTO quarantine (kind, target, reason, version, at)
             VALUES ('trace_group', 'no number', 'for this test', '0.0.1', 0)",
            [],
        )
        .unwrap();
    });
    assert_eq!(world.runs().len(), 1);
    let health = world.store().health();
    assert!(health.degraded.iter().any(|line| line.contains("the quarantine")), "{health:?}");
    world.send(run_of(2, "another answer"));
    assert_eq!(world.runs().len(), 2);
}

#[test]
fn counts_of_an_older_file_that_overflow_are_summed_all_the_same() {
    let mut world = World::new();
    for trace in 1..=2 {
        world.send(run_of(trace, "yes"));
    }
    world.change_file(|db| {
        let changed = db.execute(
            "UPDATE runs SET input_tokens = 9223372036854775807, computed_cost = 9223372036854775807",
            [],
        );
        assert_eq!(changed.unwrap(), 2);
    });
    assert_eq!(world.runs().len(), 2);
    let asked = turnscope_query::FiguresQuery::default();
    let figures = world.reader().figures(&asked, moment()).unwrap();
    assert_eq!(figures.values().map(|figures| figures.runs).sum::<u64>(), 2);
    assert_eq!(world.reader().sessions(None, None, 10, 0).unwrap().total, 0);
    assert!(world.store().delete_run(run_id(1, 1)).unwrap());
}

#[cfg(unix)]
#[test]
fn nothing_is_acknowledged_into_a_file_that_no_longer_has_its_name() {
    use turnscope_store_sqlite::FILE;
    let world = World::new();
    world.send(run_of(1, "yes"));
    let file = world.directory.path().join(FILE);
    let aside = world.directory.path().join("aside.db");
    let commit = |trace| commit_and_wait(world.store(), batch(run_of(trace, "yes"), &Redactor::off()));
    std::fs::rename(&file, &aside).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    assert!(commit(2).is_err());
    let stalled = world.store().health().stalled.expect("it is noticed");
    assert!(stalled.contains("moved or deleted"), "{stalled}");
    std::fs::write(&file, "another").unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    assert!(commit(2).is_err());
    assert!(world.store().health().stalled.expect("it is noticed").contains("replaced"));
    std::fs::rename(&aside, &file).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    commit(2).unwrap();
    assert_eq!(world.store().health().stalled, None);
}

/// Every message is a trace of its own and repeats the whole conversation: rows must grow with the messages, not with
/// their square.
#[test]
fn a_chat_of_one_trace_per_message_writes_a_few_rows_each() {
    let world = World::new();
    let rows =
        |world: &World| world.count("SELECT (SELECT count(*) FROM uses) + (SELECT count(*) FROM contexts)");
    let mut before = 0;
    let mut written = Vec::new();
    for turn in 1..=60_u8 {
        let start = u64::from(turn) * 10;
        let answer = format!("answer {turn} of the same chat, long enough to be a content");
        world.send(vec![call(turn, (1, 0), (start, start + 5), &said(0..usize::from(turn)), &answer)]);
        let now = rows(&world);
        written.push(now - before);
        before = now;
    }
    assert!(written[50..].iter().all(|rows| *rows <= written[5] + 2), "{written:?}");
    let last = world.spans_of("trace = (SELECT max(id) FROM trace_groups)");
    assert!(
        last[0].attributes.iter().any(|attribute| format!("{attribute:?}").contains("sentence number 59"))
    );
}

/// As before, with instructions and a short call before the answer, and with another chat that begins the same way.
#[test]
fn chats_of_one_trace_per_message_find_their_own_history_among_others() {
    let world = World::new();
    let rows =
        |world: &World| world.count("SELECT (SELECT count(*) FROM uses) + (SELECT count(*) FROM contexts)");
    let history = |chat: u8, turn: u8| {
        let mut history = said(0..5);
        history.extend((0..turn).map(|n| format!("message {n} of chat {chat}, which nobody else has sent")));
        history
    };
    let mut before = 0;
    let mut written = Vec::new();
    for turn in 1..=60_u8 {
        for chat in 0..2 {
            let trace = chat * 100 + turn;
            let history = history(chat, turn);
            let instructions =
                r#"[{"type":"text","content":"You are a helpful clerk who answers at length."}]"#;
            let title = call(trace, (1, 0), (0, 1), &history[..1], "a title for this chat of ours");
            let answer = format!("answer {turn} of chat {chat}, long enough to be a content");
            let main = call(trace, (2, 0), (2, 3), &history, &answer);
            world.send(vec![with(title, []), with(main, [text("gen_ai.system_instructions", instructions)])]);
        }
        let now = rows(&world);
        written.push(now - before);
        before = now;
    }
    assert!(written[50..].iter().all(|rows| *rows <= written[10] + 4), "{written:?}");
}

#[test]
fn a_writer_that_ends_says_why_and_nobody_waits_for_it() {
    let world = World::new();
    world.send(run_of(1, "yes"));
    world.store().watch(Box::new(|_| panic!("a bug outside all work that is isolated")));
    world.send(run_of(2, "yes"));
    let reason = loop {
        if let Some(reason) = world.store().health().failed {
            break reason;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(reason.contains("a bug outside all work that is isolated"), "{reason}");
    let sent = batch(run_of(3, "yes"), &Redactor::off());
    let refused = commit_and_wait(world.store(), sent).unwrap_err();
    assert!(matches!(refused, turnscope_store::CommitError::Closed), "{refused}");
    let refused = world.store().bring_up_to_date(turnscope_model::TraceGroupId(1)).unwrap_err();
    assert!(matches!(refused, StoreError::Closed), "{refused}");
    assert!(catch_up(world.store(), Duration::from_secs(20)));
    assert_eq!(world.runs().len(), 2, "what was acknowledged can be read");
}

#[test]
fn what_can_be_read_is_salvaged_into_a_new_store() {
    let mut world = World::new();
    for trace in 1..=6 {
        world.send(run_of(
            trace,
            &format!("the answer of {trace}, which is long enough to be a content {trace}"),
        ));
    }
    world.store().change_tags(run_id(5, 1), vec!["kept".into()], Vec::new()).unwrap();
    world.change_file(|db| {
        let mut data: Vec<u8> =
            db.query_row("SELECT data FROM blocks WHERE id = 2", [], |row| row.get(0)).unwrap();
        data[20] ^= 0x40;
        db.execute("UPDATE blocks SET data = ?1 WHERE id = 2", [data]).unwrap();
    });
    let from = world.close();
    let to = tempfile::tempdir().unwrap();
    let salvaged = turnscope_store_sqlite::salvage(from.path(), to.path(), options()).unwrap();
    assert!(!salvaged.lost.is_empty() && salvaged.records >= 8, "{salvaged:?}");
    assert_eq!(salvaged.records + salvaged.lost.len() as u64, 12, "{salvaged:?}");
    let mut copy = World::new();
    copy.move_to(to);
    assert!(check(copy.directory.path()).unwrap().is_sound());
    assert!(copy.runs().len() >= 5);
    let tagged: Vec<_> =
        copy.runs().into_iter().filter(|run| run.tags == ["kept"]).map(|run| run.run_id).collect();
    assert_eq!(tagged, [run_id(5, 1)]);
}
