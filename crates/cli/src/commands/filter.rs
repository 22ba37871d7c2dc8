//! Which runs a command is about: the query language, as in REST's `q=`.

/// The flags of commands that take a query.
#[derive(clap::Args)]
pub(crate) struct Filter {
    /// Only runs that match this query, such as `agent:triage cost>0.5 (status:failed OR error:*) -tag:test "refund"`
    #[arg(short, long, value_name = "QUERY", allow_hyphen_values = true)]
    query: Option<String>,
    /// Where the query's dates and times are: an offset such as `+02:00` or a name such as `Europe/Berlin` [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "query", allow_hyphen_values = true)]
    tz: Option<String>,
}

impl Filter {
    /// The parameters of a request.
    pub(crate) fn parameters(&self) -> [(&'static str, Option<String>); 2] {
        [("q", self.query.clone()), ("tz", self.tz.clone())]
    }

    /// Whether runs may be left out.
    pub(crate) const fn is_given(&self) -> bool {
        self.query.is_some()
    }
}
