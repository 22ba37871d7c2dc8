//! What fills the context window of a model call: system prompt, tool definitions, history, tool results, new
//! messages.

use super::difference;
use turnscope_model::ContentId;

/// The kind of a context entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A system prompt.
    System,
    /// A tool definition.
    Tools,
    /// A message that was already in the previous call.
    History,
    /// A tool result that was already in the previous call.
    ToolResults,
    /// Anything that was not in the previous call.
    New,
}

impl What {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Tools => "tools",
            Self::History => "history",
            Self::ToolResults => "tool_results",
            Self::New => "new",
        }
    }
}

/// An entry of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// An id; equal content has equal ids.
    pub id: ContentId,
    /// System, tools or tool results; [`What::History`] for all other messages.
    pub what: What,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A segment of a context window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The kind of its entries.
    pub what: What,
    /// The number of entries.
    pub messages: usize,
    /// Their total size in bytes.
    pub bytes: u64,
    /// Their share of the input tokens, estimated by size. `None` if the input tokens are unknown.
    pub tokens: Option<u64>,
}

/// The context window of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The total size of all entries in bytes.
    pub bytes: u64,
    /// The non-empty segments, in the order of [`What`].
    pub segments: Vec<Segment>,
    /// Entries that were already in the previous call.
    pub resent: usize,
    /// Entries of the previous call that are missing now.
    pub dropped: usize,
    /// New entries before one that was re-sent: history was rewritten rather than continued.
    pub rewritten: usize,
    /// Whether history was replaced by something shorter: several entries were dropped, and new ones come
    /// before the rest.
    pub is_compacted: bool,
    /// The first message (not counting tool definitions) that differs from the previous call. The prompt
    /// cache misses from here on.
    pub change_at: Option<usize>,
}

/// The context window of a call, compared with the previous call (empty for the first one).
pub fn window(before: &[Entry], now: &[Entry], input_tokens: Option<u64>) -> Window {
    let ids = |entries: &[Entry]| entries.iter().map(|entry| entry.id).collect::<Vec<_>>();
    let differs = difference(&ids(before), &ids(now));
    let mut is_new = vec![false; now.len()];
    for &at in &differs.new {
        is_new[at] = true;
    }
    let mut segments: Vec<Segment> = Vec::new();
    for what in [What::System, What::Tools, What::History, What::ToolResults, What::New] {
        let of = |at: usize, entry: &Entry| match entry.what {
            fixed @ (What::System | What::Tools) => fixed,
            _ if is_new[at] => What::New,
            other => other,
        };
        let entries: Vec<&Entry> =
            now.iter().enumerate().filter(|(at, entry)| of(*at, entry) == what).map(|(_, e)| e).collect();
        if !entries.is_empty() {
            let bytes = entries.iter().map(|entry| entry.bytes).sum();
            segments.push(Segment { what, messages: entries.len(), bytes, tokens: None });
        }
    }
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    if let Some(tokens) = input_tokens {
        share(&mut segments, tokens, bytes);
    }
    let last_resent = is_new.iter().rposition(|new| !new);
    let rewritten = last_resent.map_or(0, |last| is_new[..last].iter().filter(|new| **new).count());
    let was: u64 = before.iter().map(|entry| entry.bytes).sum();
    let replaced = rewritten > 0 || differs.resent == 0;
    Window {
        bytes,
        segments,
        resent: differs.resent,
        dropped: differs.dropped,
        rewritten,
        is_compacted: differs.dropped > 1 && replaced && bytes < was,
        change_at: differs.breaks_at.map(|at| messages_before(now, at)),
    }
}

fn messages_before(entries: &[Entry], at: usize) -> usize {
    entries.iter().take(at).filter(|entry| entry.what != What::Tools).count()
}

/// Distributes tokens by size. The rounding remainder goes to the largest fractions, so that the shares add
/// up.
fn share(segments: &mut [Segment], tokens: u64, bytes: u64) {
    if bytes == 0 {
        return;
    }
    let exact = |segment: &Segment| u128::from(tokens) * u128::from(segment.bytes);
    let mut left = tokens;
    for segment in segments.iter_mut() {
        let whole = (exact(segment) / u128::from(bytes)) as u64;
        segment.tokens = Some(whole);
        left -= whole;
    }
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(exact(&segments[at]) % u128::from(bytes)));
    for at in order.into_iter().take(left as usize) {
        segments[at].tokens = segments[at].tokens.map(|tokens| tokens + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: i64, what: What, bytes: u64) -> Entry {
        let id = ContentId(id);
        Entry { id, what, bytes }
    }

    fn parts(window: &Window) -> Vec<(&'static str, usize, u64, Option<u64>)> {
        window.segments.iter().map(|s| (s.what.as_str(), s.messages, s.bytes, s.tokens)).collect()
    }

    #[test]
    fn history_and_new_messages_are_separated_and_the_shares_add_up() {
        let first = [entry(1, What::System, 100), entry(2, What::Tools, 50), entry(3, What::History, 50)];
        let seen = window(&[], &first, Some(101));
        assert_eq!(
            parts(&seen),
            [("system", 1, 100, Some(51)), ("tools", 1, 50, Some(25)), ("new", 1, 50, Some(25))]
        );
        let mut second = first.to_vec();
        second.extend([entry(4, What::History, 10), entry(5, What::ToolResults, 90)]);
        let seen = window(&first, &second, None);
        assert_eq!(
            parts(&seen),
            [
                ("system", 1, 100, None),
                ("tools", 1, 50, None),
                ("history", 1, 50, None),
                ("new", 2, 100, None)
            ]
        );
        assert_eq!((seen.resent, seen.dropped, seen.rewritten, seen.change_at), (3, 0, 0, None));
        let seen = window(&second, &second, Some(7));
        assert_eq!(seen.segments.iter().filter_map(|s| s.tokens).sum::<u64>(), 7);
        assert!(seen.segments.iter().any(|segment| segment.what == What::ToolResults));
    }

    #[test]
    fn replacing_history_by_a_summary_is_compaction_and_a_sliding_window_is_not() {
        let long: Vec<Entry> = (0..20).map(|id| entry(id, What::History, 100)).collect();
        let mut summed = vec![entry(0, What::History, 100), entry(99, What::History, 150)];
        summed.extend_from_slice(&long[17..]);
        let seen = window(&long, &summed, None);
        assert!(seen.is_compacted);
        assert_eq!((seen.dropped, seen.rewritten, seen.change_at), (16, 1, Some(1)));

        let mut slid = long[2..].to_vec();
        slid.push(entry(50, What::History, 10));
        let seen = window(&long, &slid, None);
        assert!(!seen.is_compacted);
        assert_eq!((seen.dropped, seen.rewritten, seen.change_at), (2, 0, Some(0)));

        let anew = [entry(77, What::History, 200)];
        assert!(window(&long, &anew, None).is_compacted);
        assert!(!window(&[], &anew, None).is_compacted);
    }

    #[test]
    fn empty_content_has_no_share() {
        let seen = window(&[], &[entry(1, What::History, 0)], Some(5));
        assert_eq!(parts(&seen), [("new", 1, 0, None)]);
    }
}
