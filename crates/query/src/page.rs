//! Pages of lists: how many, in which order, and where the next page goes on.

/// How runs are ordered. Ties are broken by arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// When it began.
    #[default]
    StartedAt,
    /// How long it took.
    Duration,
    /// What it cost.
    Cost,
    /// Input plus output tokens.
    Tokens,
}

impl Order {
    /// Every order with its name in REST.
    pub const NAMES: &[(Self, &str)] = &[
        (Self::StartedAt, "started_at"),
        (Self::Duration, "duration"),
        (Self::Cost, "cost"),
        (Self::Tokens, "tokens"),
    ];

    /// The order with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(order, _)| *order)
    }
}

macro_rules! cursor {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        /// Only the store that wrote it can read it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// A cursor from its text: a store writes one, a client sends it back.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<$name> for String {
            fn from(cursor: $name) -> Self {
                cursor.0
            }
        }
    };
}

cursor!(
    /// Where a list of runs goes on.
    RunCursor
);
cursor!(
    /// Where a list of sessions goes on.
    SessionCursor
);
cursor!(
    /// Where a list of values goes on.
    ValueCursor
);
cursor!(
    /// Where a list of traces goes on.
    TraceCursor
);
cursor!(
    /// Where a search goes on.
    SearchCursor
);

/// Which part of a list of runs is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPageQuery {
    /// How many runs at most.
    pub limit: u32,
    /// How many runs to pass over.
    pub offset: u32,
    /// Where the page before ended.
    pub after: Option<RunCursor>,
    /// What the list is ordered by.
    pub order: Order,
    /// Largest or latest first.
    pub descending: bool,
}

impl Default for RunPageQuery {
    /// The first 50 runs, oldest first.
    fn default() -> Self {
        Self { limit: 50, offset: 0, after: None, order: Order::default(), descending: false }
    }
}
