//! The index finds what a look at every text finds, in the same order, whatever state it is in.

use super::*;
use crate::{
    blocks::Location,
    schema::{migrate, stored::SEARCHED},
    write::pack::Packer,
};
use std::time::Duration;
use turnscope_model::{Form, Purpose};
use turnscope_query::{Phrase, TextQuery, folded};

const WORDS: [&str; 16] = [
    "refund",
    "policy",
    "Straße",
    "退款进度",
    "คืนเงิน",
    "a->b",
    "$$$",
    "std::fmt",
    "🚀",
    "don't",
    "C:\\temp",
    "12:30",
    "Kubernetes",
    "x",
    "É",
    "needle",
];

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn text(&mut self, words: usize) -> String {
        let word = |random: &mut Self| match random.below(3) {
            0 => WORDS[random.below(WORDS.len())].to_owned(),
            _ => format!("w{}", random.below(5000)),
        };
        (0..words).map(|_| word(self)).collect::<Vec<_>>().join(if words.is_multiple_of(2) {
            " "
        } else {
            ""
        })
    }
}

fn text_of(_: Form, _: Purpose, bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

struct World {
    db: Connection,
    indexer: Indexer,
    /// The text of each content, from number 1 on, as it is and folded.
    texts: Vec<(String, String)>,
    random: Random,
    next_block: i64,
}

impl World {
    fn new() -> Self {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let indexer = Indexer::new(&db, Some(text_of)).unwrap();
        Self { db, indexer, texts: Vec::new(), random: Random(7), next_block: 1 }
    }

    fn add(&mut self, texts: impl IntoIterator<Item = String>) {
        let mut packer = Packer::new(self.next_block).unwrap();
        let tx = self.db.transaction().unwrap();
        for text in texts {
            let id = i64::try_from(self.texts.len()).unwrap() + 1;
            let Location { block, off, len } = packer.append(text.as_bytes()).unwrap();
            self.next_block = block.0 + 1;
            let form = Form::Text as u32 | SEARCHED | (Purpose::Result as u32) << 5;
            tx.execute(
                "INSERT INTO contents (id, hash1, hash2, form, record, block, off, len) VALUES (?1, ?1, ?1, ?2, 1, ?3, ?4, ?5)",
                (id, form, block.0, off, len),
            )
            .unwrap();
            packer.record_ends(&tx).unwrap();
            self.texts.push((text.clone(), folded(&text)));
        }
        packer.flush(&tx).unwrap();
        tx.commit().unwrap();
        self.indexer.committed(&self.db).unwrap();
    }

    fn add_some(&mut self, count: usize) {
        let texts: Vec<String> = (0..count)
            .map(|_| {
                let words = 1 + self.random.below(60);
                self.random.text(words)
            })
            .collect();
        self.add(texts);
    }

    fn index(&mut self) {
        while !self.indexer.is_idle() {
            self.indexer.run(&mut self.db, Duration::from_secs(5)).unwrap();
        }
        assert_eq!(self.indexer.lag(), 0);
    }

    /// The contents that the index gives for these phrases, and how many texts were read for them.
    fn found(&self, phrases: &[Phrase], after: Place) -> (Vec<Place>, usize) {
        let query = TextQuery::new(phrases);
        let mut candidates = Candidates::new(&self.db, &query, after).unwrap();
        let raw = RawCheck::new(&query);
        let (mut found, mut read) = (Vec::new(), 0);
        while let Some(candidate) = candidates.next(&self.db).unwrap() {
            read += 1;
            let (text, folded) = &self.texts[usize::try_from(candidate.id.0).unwrap() - 1];
            let holds = query.holds(folded);
            assert!(
                !(holds && raw.rules_out(Form::Text, text.as_bytes())),
                "{phrases:?} is ruled out of {text:?}"
            );
            if holds {
                found.push(candidate.place);
            }
        }
        (found, read)
    }

    fn expected(&self, phrases: &[Phrase]) -> Vec<i64> {
        let query = TextQuery::new(phrases);
        let numbered = (1..).zip(&self.texts).collect::<Vec<_>>().into_iter().rev();
        numbered.filter(|(_, (_, folded))| query.holds(folded)).map(|(id, _)| id).collect()
    }

    fn phrases(&mut self) -> Vec<Phrase> {
        let count = 1 + self.random.below(2);
        (0..count)
            .map(|_| {
                let text = match self.random.below(4) {
                    0 => WORDS[self.random.below(WORDS.len())].to_owned(),
                    1 => format!("absent{}", self.random.below(100)),
                    _ => {
                        let (text, _) = &self.texts[self.random.below(self.texts.len())];
                        let chars: Vec<char> = text.chars().collect();
                        let from = self.random.below(chars.len());
                        let length = 1 + self.random.below(12);
                        chars[from..chars.len().min(from + length)].iter().collect::<String>().to_uppercase()
                    }
                };
                Phrase::from(&*text)
            })
            .filter(|phrase| !phrase.text.trim().is_empty())
            .collect()
    }

    fn check(&mut self, questions: usize) {
        for _ in 0..questions {
            let phrases = self.phrases();
            let found: Vec<i64> =
                self.found(&phrases, Place::FIRST).0.into_iter().map(|place| place.content).collect();
            assert_eq!(found, self.expected(&phrases), "{phrases:?}");
        }
    }

    fn count(&self, sql: &str) -> i64 {
        self.db.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn the_index_agrees_with_a_look_at_every_text() {
    let mut world = World::new();
    world.add_some(40);
    world.check(100);
    world.index();
    world.check(100);
    // What is in no unit yet lies before what is.
    world.add_some(200);
    world.check(50);
    world.index();
    assert!(world.count("SELECT count(*) FROM search_units") > 5);
    world.check(300);
}

#[test]
fn merged_segments_find_the_same() {
    let mut world = World::new();
    while world.count("SELECT count(*) FROM search_units") < 4_700 {
        world.add_some(1_000);
        world.index();
    }
    assert_eq!(world.count("SELECT count(*) FROM search_segments WHERE width = 4096 AND state = 1"), 1);
    assert_eq!(world.count("SELECT count(*) FROM search_segments WHERE state <> 1"), 0);
    let narrow = world.count("SELECT count(*) FROM search_segments WHERE width = 512");
    assert_eq!(world.count("SELECT count(*) FROM search_slices"), 4370 + narrow * 547);
    world.check(25);
    let (found, read) = world.found(&["entirely absent".into()], Place::FIRST);
    assert!(found.is_empty() && read < world.texts.len() / 50, "{read} of {}", world.texts.len());
    // Everything goes: so do the segments.
    world.db.execute("DELETE FROM contents WHERE id < (SELECT max(id) FROM contents)", []).unwrap();
    world.indexer.wake();
    world.index();
    assert_eq!(world.count("SELECT count(*) FROM search_segments"), 0);
    assert_eq!(world.count("SELECT count(*) FROM search_slices"), 0);
}

#[test]
fn a_long_text_is_searched_to_its_last_byte_and_given_once() {
    let mut world = World::new();
    let long = (0..2_000).map(|n| format!("line {n} of the dump; ")).collect::<Vec<_>>().concat();
    world.add(["short needle".to_owned(), format!("first {long} the end: last-needle"), "after".to_owned()]);
    for indexed in [false, true] {
        if indexed {
            world.index();
        }
        for (phrases, expected) in [
            (&["last-needle"][..], &[2][..]),
            (&["first", "last-needle"], &[2]),
            (&["needle"], &[2, 1]),
            (&["line 0 of", "line 99999 of"], &[]),
        ] {
            let phrases: Vec<Phrase> = phrases.iter().map(|text| Phrase::from(*text)).collect();
            let (found, _) = world.found(&phrases, Place::FIRST);
            assert_eq!(found.iter().map(|place| place.content).collect::<Vec<_>>(), expected, "{phrases:?}");
        }
    }
    assert!(world.count("SELECT max(part) FROM search_units") > 5);
}

#[test]
fn pages_neither_repeat_nor_skip_while_the_index_goes_on() {
    let mut world = World::new();
    for round in 0..30 {
        world.add_some(20);
        if round % 3 == 0 {
            world.index();
        }
        let phrases = ["refund".into()];
        let expected = world.expected(&phrases);
        let (mut seen, mut after) = (Vec::new(), Place::FIRST);
        loop {
            let (page, _) = world.found(&phrases, after);
            seen.extend(page.iter().take(3).map(|place| place.content));
            let Some(last) = page.get(2) else { break };
            after = *last;
            if seen.len() == 6 {
                // What was in no unit gets one between two pages, and more comes.
                world.add_some(3);
                world.index();
            }
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn late_contents_are_found_before_and_after_they_have_a_unit() {
    let mut world = World::new();
    world.add_some(300);
    world.index();
    let mut expected = Vec::new();
    for late in 0..100 {
        // Its unit passed it by with another text.
        let id = 1 + late * 2;
        let text = format!("the marmoset number {late}");
        let mut packer = Packer::new(10_000 + late).unwrap();
        let tx = world.db.transaction().unwrap();
        let location = packer.append(text.as_bytes()).unwrap();
        packer.flush(&tx).unwrap();
        tx.execute(
            "UPDATE contents SET block = ?2, off = 0, len = ?3 WHERE id = ?1",
            (id, location.block.0, location.len),
        )
        .unwrap();
        add_late(&tx, ContentId(id)).unwrap();
        tx.commit().unwrap();
        world.texts[usize::try_from(id - 1).unwrap()] = (text.clone(), folded(&text));
        expected.push(id);
        world.indexer.wake();
        world.index();
        let mut found: Vec<i64> = world
            .found(&["marmoset".into()], Place::FIRST)
            .0
            .into_iter()
            .map(|place| place.content)
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
    assert!(world.count("SELECT count(*) FROM search_late WHERE unit IS NOT NULL") > 30);
}
