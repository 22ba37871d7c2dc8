//! One pass over a record's attributes: every key is looked up once, and the best value for each field is kept.
//!
//! Here: the index that is built from all tables on first use, and the pass. Not here: the tables themselves, nor
//! what becomes of the values (`facts`). The cost grows with the number of attributes, not with that of the rules.

use super::{
    field::{Accepts, Entry, Field},
    fields, fields_model, general,
    kinds::{self, KindRule},
    metadata::{self, Family},
    providers, recognise,
    trace::Outcome,
    value::RawValue,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::LazyLock,
};
use turnscope_model::Kind;

/// A value that was found for a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selected<'a> {
    entry: &'static Entry,
    /// The value.
    pub(super) raw_value: RawValue<'a>,
}

impl Selected<'_> {
    /// The attribute that holds it.
    pub(super) fn key(&self) -> &'static str {
        self.entry.source.key
    }
    /// Where in the JSON of that attribute.
    pub(super) fn path(&self) -> &'static [&'static str] {
        self.entry.source.path
    }
}

/// What one pass over a record found.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    best: [Option<Selected<'a>>; Field::COUNT],
    /// Sources that count on some kinds of steps only, or need a look into JSON: settled when the kind is known.
    later: Vec<(&'static Entry, RawValue<'a>)>,
    /// The kind that the best-ranking rule gives, with its rank and attribute.
    pub(super) kind: Option<(u8, Kind, &'static str)>,
    /// The dialect that the best-ranking attribute names, with its rank.
    pub(super) dialect: Option<(u8, &'static str)>,
    /// A count or a cost was negative, and passed over.
    pub(super) negative: bool,
    /// Attributes of prefix families, with what follows the prefix.
    pub(super) families: Vec<(Family, &'a str, RawValue<'a>)>,
}

impl<'a> Selection<'a> {
    /// The value of a field.
    pub(super) fn get(&self, field: Field) -> Option<Selected<'a>> {
        self.best[field as usize]
    }
    /// Whether the value of a field stands in this place.
    pub(super) fn holds(&self, entry: &Entry) -> bool {
        self.get(entry.field).is_some_and(|held| std::ptr::eq(held.entry, entry))
    }
    /// A field as text.
    pub(super) fn text(&self, field: Field) -> Option<String> {
        self.cow(field).map(Cow::into_owned)
    }
    /// A field as text, borrowed where possible.
    pub(super) fn cow(&self, field: Field) -> Option<Cow<'a, str>> {
        self.get(field)?.raw_value.text()
    }
    /// A field as a count.
    pub(super) fn count(&self, field: Field) -> Option<u64> {
        self.get(field)?.raw_value.count()
    }
    /// A field as a truth value.
    pub(super) fn truth(&self, field: Field) -> Option<bool> {
        self.get(field)?.raw_value.truth()
    }
    /// A field as a number in the fact's usual unit.
    pub(super) fn number(&self, field: Field) -> Option<f64> {
        let selected = self.get(field)?;
        Some(selected.raw_value.number()? * selected.entry.source.unit.factor())
    }

    /// Takes a source at once, or with the kind where it depends on that.
    fn offer_or_wait(&mut self, entry: &'static Entry, raw_value: RawValue<'a>) {
        if !entry.is_plain() {
            self.later.push((entry, raw_value));
            return;
        }
        self.offer(entry, raw_value);
    }

    fn offer(&mut self, entry: &'static Entry, raw_value: RawValue<'a>) {
        let slot = &mut self.best[entry.field as usize];
        if slot.is_some_and(|held| held.entry.rank <= entry.rank) {
            return;
        }
        match refusal(entry, raw_value) {
            None => *slot = Some(Selected { entry, raw_value }),
            Some(refusal) => self.negative |= refusal == Outcome::Negative,
        }
    }

    /// Takes the kind that a marker gives.
    fn offer_kind(&mut self, rule: &KindRule, raw_value: RawValue<'a>) {
        if self.kind.is_none_or(|(held, ..)| rule.rank < held)
            && let Some(kind) = rule.kind_of(raw_value)
        {
            self.kind = Some((rule.rank, kind, rule.key));
        }
    }

    /// Settles the sources that had to wait for the kind. JSON is looked into only where nothing better was found.
    pub(super) fn settle(&mut self, kind: Kind) {
        let mut later = std::mem::take(&mut self.later);
        later.retain(|(entry, _)| {
            let held = self.best[entry.field as usize];
            entry.source.only.holds(kind) && held.is_none_or(|held| entry.rank < held.entry.rank)
        });
        // Sources inside the same attribute are adjacent.
        for sources in later.chunk_by(|(one, _), (next, _)| one.source.key == next.source.key) {
            if sources.len() < MANY {
                for (entry, raw_value) in sources {
                    self.offer_inside(entry, raw_value.at(entry.source.path));
                }
            } else if let Some((_, raw_value)) = sources.first() {
                let members = raw_value.members();
                for (entry, raw_value) in sources {
                    let found = match entry.source.path {
                        [] => Some(*raw_value),
                        [first, rest @ ..] => members
                            .iter()
                            .find(|(name, _)| name == first)
                            .and_then(|(_, raw_value)| raw_value.at(rest)),
                    };
                    self.offer_inside(entry, found);
                }
            }
        }
    }

    fn offer_inside(&mut self, entry: &'static Entry, raw_value: Option<RawValue<'a>>) {
        if let Some(raw_value) = raw_value {
            self.offer(entry, raw_value);
        }
    }
}

/// From this many sources on inside one attribute it is cheaper to list its members once than to look for each.
const MANY: usize = 3;

/// Looks every attribute up.
pub(super) fn select<'a>(attributes: &'a [KeyValue], resource: &'a [KeyValue]) -> Selection<'a> {
    let mut selection = Selection {
        best: [None; Field::COUNT],
        later: Vec::new(),
        kind: None,
        dialect: None,
        negative: false,
        families: Vec::new(),
    };
    let index = &*INDEX;
    for attribute in attributes {
        let key = attribute.key.as_str();
        let targets = index.keys.get(key);
        let prefixes = index.prefixes.get(key.as_bytes().first().copied().unwrap_or(0) as usize);
        let by_ending = if targets.is_none() { general::entry_of(key) } else { None };
        let marker = if targets.is_none() && by_ending.is_none() { kinds::marker(key) } else { None };
        if targets.is_none() && by_ending.is_none() && marker.is_none() && prefixes.is_none_or(Vec::is_empty)
        {
            continue;
        }
        let Some(raw_value) = RawValue::of(attribute.value.as_ref()) else { continue };
        if let Some(rule) = marker {
            selection.offer_kind(rule, raw_value);
        }
        for prefix in prefixes.into_iter().flatten() {
            if key.as_bytes().get(1) != Some(&prefix.second) {
                continue;
            }
            if let Some(rest) = key.strip_prefix(prefix.text) {
                if let Some((rank, name)) = prefix.dialect
                    && selection.dialect.is_none_or(|(held, _)| rank < held)
                {
                    selection.dialect = Some((rank, name));
                }
                if let Some(family) = prefix.family
                    && (targets.is_none() || family.keeps_known())
                {
                    selection.families.push((family, rest, raw_value));
                }
            }
        }
        if let Some(entry) = by_ending {
            selection.offer_or_wait(entry, raw_value);
        }
        for target in targets.into_iter().flatten() {
            match target {
                Target::Field(entry) => selection.offer_or_wait(entry, raw_value),
                Target::Kind(rule) => selection.offer_kind(rule, raw_value),
                Target::Dialect(rank, name) => {
                    if selection.dialect.is_none_or(|(held, _)| *rank < held) {
                        selection.dialect = Some((*rank, name));
                    }
                }
            }
        }
    }
    from_resource(&mut selection, resource);
    selection
}

/// Identities may be on the resource; the record's own attributes win.
fn from_resource<'a>(selection: &mut Selection<'a>, resource: &'a [KeyValue]) {
    for attribute in resource {
        let Some(targets) = INDEX.keys.get(attribute.key.as_str()) else { continue };
        let Some(raw_value) = RawValue::of(attribute.value.as_ref()) else { continue };
        for target in targets {
            if let Target::Field(entry) = target
                && is_read_on_resource(entry)
                && selection.best[entry.field as usize].is_none()
            {
                selection.offer(entry, raw_value);
            }
        }
    }
}

fn is_read_on_resource(entry: &Entry) -> bool {
    entry.is_plain() && fields::ON_RESOURCE.contains(&entry.field)
}

/// What the tables know of an attribute.
#[derive(Default)]
pub(super) struct Known {
    /// The facts that it may give.
    pub(super) entries: Vec<&'static Entry>,
    /// The kinds that it may give.
    pub(super) kinds: Vec<&'static KindRule>,
    /// Whether any table knows it for more than the dialect's name.
    pub(super) is_known: bool,
}

/// What the tables know of an attribute with this key, on a record or on its resource.
pub(super) fn known(key: &str, on_resource: bool) -> Known {
    let mut known = Known::default();
    let targets = INDEX.keys.get(key);
    for target in targets.into_iter().flatten() {
        match target {
            Target::Field(entry) if !on_resource || is_read_on_resource(entry) => known.entries.push(entry),
            Target::Kind(rule) if !on_resource => known.kinds.push(rule),
            _ => {}
        }
    }
    if !on_resource {
        known.entries.extend(targets.is_none().then(|| general::entry_of(key)).flatten());
        if targets.is_none() && known.entries.is_empty() {
            known.kinds.extend(kinds::marker(key));
        }
        let named = targets
            .is_some_and(|targets| targets.iter().any(|target| !matches!(target, Target::Dialect(..))));
        known.is_known = named || metadata::family_of(key).is_some();
    }
    known.is_known |= !known.entries.is_empty();
    known
}

/// Why a value is passed over in this place, if it is.
pub(super) fn refusal(entry: &Entry, raw_value: RawValue<'_>) -> Option<Outcome> {
    let accepts = entry.field.accepts();
    if !raw_value.is_meaningful() {
        Some(Outcome::SaysNothing)
    } else if fits(accepts, raw_value) {
        None
    } else if accepts == Accepts::Number && entry.field != Field::ScoreValue && raw_value.is_negative() {
        Some(Outcome::Negative)
    } else {
        Some(Outcome::WrongKind)
    }
}

fn fits(accepts: Accepts, raw_value: RawValue<'_>) -> bool {
    match accepts {
        Accepts::Any => true,
        Accepts::Number => raw_value.number().is_some_and(|number| number >= 0.0),
        Accepts::Truth => raw_value.truth().is_some(),
        Accepts::Provider => raw_value.text().is_some_and(|name| !providers::names_none(&name)),
    }
}

enum Target {
    Field(Entry),
    Kind(&'static KindRule),
    Dialect(u8, &'static str),
}

struct Prefix {
    text: &'static str,
    /// Its second byte, by which most keys are told apart without a comparison.
    second: u8,
    dialect: Option<(u8, &'static str)>,
    family: Option<Family>,
}

struct Index {
    keys: HashMap<&'static str, Vec<Target>, BuildHasherDefault<KeyHasher>>,
    /// By the first byte.
    prefixes: Vec<Vec<Prefix>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut keys: HashMap<&'static str, Vec<Target>, BuildHasherDefault<KeyHasher>> = HashMap::default();
    for (field, sources) in fields::RULES.iter().chain(fields_model::RULES) {
        for (rank, source) in sources.iter().enumerate() {
            let entry = Entry { field: *field, rank: rank as u16, source: *source };
            keys.entry(source.key).or_default().push(Target::Field(entry));
        }
    }
    for rule in kinds::BY_ATTRIBUTE {
        keys.entry(rule.key).or_default().push(Target::Kind(rule));
    }
    let mut prefixes: Vec<Vec<Prefix>> = (0..128).map(|_| Vec::new()).collect();
    let mut add = |text: &'static str, dialect, family| {
        if let Some(bucket) = text.bytes().next().and_then(|first| prefixes.get_mut(first as usize)) {
            let second = text.as_bytes().get(1).copied().unwrap_or(0);
            bucket.push(Prefix { text, second, dialect, family });
        }
    };
    for (rank, (key, name)) in recognise::BY_ATTRIBUTE.iter().enumerate() {
        if key.ends_with(['.', ':', '_']) {
            add(key, Some((rank as u8, *name)), None);
        } else {
            keys.entry(key).or_default().push(Target::Dialect(rank as u8, name));
        }
    }
    for (prefix, family) in metadata::FAMILIES {
        add(prefix, None, Some(*family));
    }
    Index { keys, prefixes }
});

/// Hashes a key by its length and three samples of eight bytes: telling apart a few hundred known keys needs no
/// more, and the map compares the whole key anyway.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        let sample = |at: usize| {
            let mut word = [0; 8];
            let end = (at + 8).min(bytes.len());
            word[..end - at].copy_from_slice(&bytes[at..end]);
            u64::from_le_bytes(word)
        };
        let tail = bytes.len().saturating_sub(8);
        for word in [bytes.len() as u64, sample(0), sample(tail / 2), sample(tail)] {
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
    fn write_u8(&mut self, _: u8) {}
    fn finish(&self) -> u64 {
        // The map takes its buckets from the low bits and its tags from the high ones; multiplication fills the high ones.
        self.0 ^ (self.0 >> 29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_rule_and_every_key_stands_once_per_field() {
        for field in Field::ALL {
            let sources: Vec<_> = fields::RULES
                .iter()
                .chain(fields_model::RULES)
                .filter(|(name, _)| *name == field)
                .flat_map(|(_, sources)| sources.iter())
                .collect();
            assert!(!sources.is_empty(), "{field:?} has no rule");
            for (i, source) in sources.iter().enumerate() {
                let again =
                    sources[i + 1..].iter().any(|other| other.key == source.key && other.path == source.path);
                assert!(!again, "{field:?} names {} twice", source.key);
            }
        }
    }

    #[test]
    fn the_hash_tells_the_known_keys_apart() {
        let mut hashes: Vec<u64> = INDEX
            .keys
            .keys()
            .map(|key| {
                let mut hasher = KeyHasher::default();
                hasher.write(key.as_bytes());
                hasher.finish()
            })
            .collect();
        let all = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert!(hashes.len() * 100 >= all * 98, "{} of {all} keys share a hash", all - hashes.len());
    }
}
