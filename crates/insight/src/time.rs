//! Where a run's time went: to the model, to tools, to people, or to nothing that was sent.
//!
//! Pure: spans are given as plain numbers. An open span ends where its giver says.

/// What a step does while none of the steps in it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A model answers.
    Model,
    /// A tool works, or a retrieval, a memory access, a check.
    Tool,
    /// A person is asked.
    Person,
    /// It holds other steps: a run, a turn, a workflow.
    Container,
}

/// A step in time, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The step that it lies in, as a place in the same list.
    pub parent: Option<usize>,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// What it does.
    pub activity: Activity,
}

/// The time of a run, each moment counted once, nanoseconds. The parts add up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// A model answered.
    pub model: u64,
    /// A tool worked, and no model answered.
    pub tools: u64,
    /// A person was asked, and nothing worked.
    pub people: u64,
    /// None of these: the agent's own code, or what was not sent.
    pub other: u64,
}

/// The periods of each span in which none of its children ran, in order.
fn own_periods(spans: &[Span]) -> Vec<Vec<(u64, u64)>> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    for (at, span) in spans.iter().enumerate() {
        if let Some(parent) = span.parent.filter(|parent| *parent < spans.len() && *parent != at) {
            children[parent].push(at);
        }
    }
    spans
        .iter()
        .zip(&mut children)
        .map(|(span, below)| {
            below.sort_unstable_by_key(|at| spans[*at].start);
            let mut own = Vec::new();
            let mut reached = span.start;
            for child in below.iter().map(|at| spans[*at]) {
                if child.start > reached && reached < span.end {
                    own.push((reached, child.start.min(span.end)));
                }
                reached = reached.max(child.end);
            }
            if reached < span.end {
                own.push((reached, span.end));
            }
            own
        })
        .collect()
}

/// How long each span ran while none of its children did, nanoseconds.
///
/// ```
/// use turnscope_insight::time::{Activity, Span, self_times};
/// let outer = Span { parent: None, start: 0, end: 100, activity: Activity::Container };
/// let inner = |start, end| Span { parent: Some(0), start, end, activity: Activity::Tool };
/// assert_eq!(self_times(&[outer, inner(10, 50), inner(40, 60), inner(90, 200)]), [40, 40, 20, 110]);
/// ```
pub fn self_times(spans: &[Span]) -> Vec<u64> {
    own_periods(spans).iter().map(|own| own.iter().map(|(from, to)| to - from).sum()).collect()
}

/// Divides the time from `from` to `to` by what was done in it. Where several things are done at once, the model's
/// answer counts before a tool's work, and that before a person's.
pub fn split(spans: &[Span], from: u64, to: u64) -> Split {
    let mut changes: Vec<(u64, usize, bool)> = Vec::new();
    for (span, own) in spans.iter().zip(own_periods(spans)) {
        let what = match span.activity {
            Activity::Model => 0,
            Activity::Tool => 1,
            Activity::Person => 2,
            Activity::Container => continue,
        };
        for (begins, ends) in own {
            let (begins, ends) = (begins.max(from), ends.min(to));
            if begins < ends {
                changes.push((begins, what, true));
                changes.push((ends, what, false));
            }
        }
    }
    changes.sort_unstable();
    let mut sums = [0_u64; 3];
    let mut open = [0_usize; 3];
    let mut reached = from;
    for (at, what, begins) in changes {
        if let Some(first) = open.iter().position(|count| *count > 0) {
            sums[first] += at - reached;
        }
        reached = at;
        if begins {
            open[what] += 1;
        } else {
            open[what] = open[what].saturating_sub(1);
        }
    }
    let [model, tools, people] = sums;
    let other = to.saturating_sub(from).saturating_sub(model + tools + people);
    Split { model, tools, people, other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(parent: Option<usize>, start: u64, end: u64, activity: Activity) -> Span {
        Span { parent, start, end, activity }
    }

    #[test]
    fn each_moment_is_counted_once_and_the_parts_add_up() {
        use Activity::{Container, Model, Person, Tool};
        let spans = [
            span(None, 0, 100, Container),
            span(Some(0), 0, 20, Model),
            // A tool that asks a person, and two that run beside one another and beside a model.
            span(Some(0), 20, 60, Tool),
            span(Some(2), 25, 55, Person),
            span(Some(0), 60, 80, Tool),
            span(Some(0), 65, 85, Tool),
            span(Some(0), 75, 90, Model),
        ];
        let split = split(&spans, 0, 100);
        assert_eq!(split, Split { model: 35, tools: 25, people: 30, other: 10 });
    }

    #[test]
    fn a_tool_that_holds_an_agent_is_counted_as_what_the_agent_does() {
        use Activity::{Container, Model, Tool};
        let spans = [
            span(None, 0, 100, Container),
            span(Some(0), 0, 100, Tool),
            span(Some(1), 10, 90, Container),
            span(Some(2), 10, 60, Model),
        ];
        assert_eq!(split(&spans, 0, 100), Split { model: 50, tools: 20, people: 0, other: 30 });
        assert_eq!(self_times(&spans), [0, 20, 30, 50]);
    }

    #[test]
    fn what_lies_outside_of_the_run_or_inside_out_counts_nothing() {
        use Activity::{Model, Tool};
        let spans = [span(Some(7), 50, 10, Tool), span(Some(1), 0, 300, Model)];
        assert_eq!(split(&spans, 100, 200), Split { model: 100, ..Split::default() });
        assert_eq!(self_times(&spans), [0, 300]);
    }
}
