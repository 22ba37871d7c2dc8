//! What the search for a record's facts went by, for whoever asks why a fact is what it is.
//!
//! While receiving nobody asks: the view carries no trace, and nothing is noted. Where somebody does, the pass over the
//! tables tells what it chose and what it set aside, and code that decides beyond the tables notes its reason. Not here:
//! what tells it (`noting`), the answer that is made of it (`crate::explain`).

use serde_json::Value as Json;
use std::{borrow::Cow, cell::RefCell, collections::HashSet, fmt};

/// Where in a record a value stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// An attribute, or a path in the JSON that it holds.
    Attribute {
        /// Its key.
        key: Cow<'static, str>,
        /// The path; empty for the attribute itself.
        path: Vec<Cow<'static, str>>,
    },
    /// An attribute of the resource.
    Resource(String),
    /// A span event, or one of its attributes.
    Event {
        /// The event's name.
        event: Cow<'static, str>,
        /// The attribute's key.
        key: Option<Cow<'static, str>>,
    },
    /// The name of the span, or of the log record's event.
    Name,
    /// The name of the instrumentation scope.
    Scope,
    /// The span's status.
    Status,
    /// The span's links.
    Links,
    /// The log record's body.
    Body,
    /// Nothing that was sent: a rule of its own.
    Rule,
}

impl Place {
    /// An attribute itself.
    pub(crate) const fn attribute(key: &'static str) -> Self {
        Self::Attribute { key: Cow::Borrowed(key), path: Vec::new() }
    }
    /// An event.
    pub(crate) const fn event(event: &'static str) -> Self {
        Self::Event { event: Cow::Borrowed(event), key: None }
    }
    /// An event, or an attribute of one, whose name is only known now.
    pub(crate) fn event_of(event: &str, key: Option<&str>) -> Self {
        Self::Event { event: Cow::Owned(event.to_owned()), key: key.map(|key| Cow::Owned(key.to_owned())) }
    }
    /// An attribute of an event.
    pub(crate) const fn in_event(event: &'static str, key: &'static str) -> Self {
        Self::Event { event: Cow::Borrowed(event), key: Some(Cow::Borrowed(key)) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute { key, path } => {
                // The beginning of keys.
                let any = if key.ends_with(['.', ':', '_']) { "*" } else { "" };
                write!(f, "{key}{any}")?;
                path.iter().try_for_each(|step| write!(f, " › {step}"))
            }
            Self::Resource(key) => write!(f, "{key} of the resource"),
            Self::Event { event, key: Some(key) } => write!(f, "{key} of the event {event}"),
            Self::Event { event, key: None } => write!(f, "the event {event}"),
            Self::Name => f.write_str("the name"),
            Self::Scope => f.write_str("the instrumentation scope"),
            Self::Status => f.write_str("the status"),
            Self::Links => f.write_str("the links"),
            Self::Body => f.write_str("the body"),
            Self::Rule => f.write_str("a rule"),
        }
    }
}

/// What became of one value that a table knows for a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the best of its list.
    Chosen,
    /// A better place holds a value.
    Lower,
    /// A placeholder, an empty list or an empty text.
    SaysNothing,
    /// Not of the kind of value that the fact has.
    WrongKind,
    /// Below zero, which no count is.
    Negative,
    /// The place counts on other kinds of steps.
    OtherKind,
}

/// A value that a table knows for a fact.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) fact: &'static str,
    /// Whether it alone gives the fact; others only help to find it, or give it by a rule that is noted.
    pub(crate) is_main: bool,
    pub(crate) place: Place,
    /// Its place in the list, from 1; `None` where it was told by its key's ending.
    pub(crate) rank: Option<u16>,
    pub(crate) value: Json,
    pub(crate) outcome: Outcome,
}

/// Why a fact is what it is, where the tables alone do not say.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) fact: &'static str,
    pub(crate) place: Place,
    pub(crate) how: &'static str,
}

/// What one search noted.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) candidates: Vec<Candidate>,
    /// In the order in which they were made: of two about one fact the later holds.
    pub(crate) notes: Vec<Note>,
    /// What else was done to facts.
    pub(crate) more: Vec<(&'static str, &'static str)>,
    /// Keys of attributes that a table or a rule knows.
    pub(crate) known_keys: HashSet<String>,
    /// Names of events that a rule looks for.
    pub(crate) known_events: HashSet<String>,
    /// Attributes that name the kind of work, with a value that no rule knows.
    pub(crate) unknown_kinds: Vec<(String, String)>,
}

/// Notes what a search for facts goes by.
#[derive(Debug, Default)]
pub struct Trace(pub(super) RefCell<Noted>);

impl Trace {
    /// All that was noted.
    pub(crate) fn noted(self) -> Noted {
        self.0.into_inner()
    }
}
