//! What fills the context window of a model call: by what it is (system prompt, tool definitions, messages of the user
//! and the model, tool results), and by when it came (new, or sent before).

use super::difference;
use std::collections::{HashMap, HashSet};
use turnscope_model::ContentId;

/// What a context entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A system prompt.
    System,
    /// Tool definitions.
    Tools,
    /// A message of the user, or of anyone who is neither model nor tool.
    User,
    /// A message of the model.
    Assistant,
    /// A tool result.
    ToolResults,
    /// What the provider counted and the telemetry does not hold.
    Unseen,
}

impl What {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::System, Self::Tools, Self::User, Self::Assistant, Self::ToolResults, Self::Unseen];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Tools => "tools",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::ToolResults => "tool_results",
            Self::Unseen => "unseen",
        }
    }
}

/// An entry of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// An id; equal content has equal ids.
    pub id: ContentId,
    /// What it is.
    pub what: What,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A segment of a context window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What its entries are.
    pub what: What,
    /// Whether the call before was not sent them.
    pub is_new: bool,
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
    /// The non-empty segments in the order of [`What`], of each kind what was sent before first.
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
    for (what, new) in What::ALL.into_iter().flat_map(|what| [(what, false), (what, true)]) {
        let of = |(at, entry): &(usize, &Entry)| entry.what == what && is_new[*at] == new;
        let (messages, bytes) = now
            .iter()
            .enumerate()
            .filter(of)
            .fold((0, 0), |(messages, bytes), (_, entry)| (messages + 1, bytes + entry.bytes));
        if messages > 0 {
            segments.push(Segment { what, is_new: new, messages, bytes, tokens: None });
        }
    }
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    if let Some(tokens) = input_tokens {
        let seen = seen_tokens(tokens, bytes);
        share(&mut segments, seen, bytes);
        if tokens > seen {
            segments.push(Segment {
                what: What::Unseen,
                is_new: false,
                messages: 0,
                bytes: 0,
                tokens: Some(tokens - seen),
            });
        }
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

/// How many of a call's input tokens its messages can account for. A token is three or four bytes of text, and of no
/// script less than two. Where there are more tokens than that, the rest is something that was not sent, such as tool
/// definitions.
fn seen_tokens(tokens: u64, bytes: u64) -> u64 {
    if tokens > bytes / 2 { tokens.min(bytes.saturating_mul(2) / 7) } else { tokens }
}

/// A message, or a list of tool definitions, over all calls that were sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The content.
    pub entry: Entry,
    /// The first call that was sent it, as a place among the calls.
    pub first: usize,
    /// How many calls were sent it.
    pub calls: usize,
    /// Its share of the input tokens of all of them. `None` if one does not say.
    pub tokens: Option<u64>,
    /// Its share of what their input cost, billionths of a dollar. `None` if that is unknown for one.
    pub cost: Option<i64>,
}

/// What one model call was sent, and what its input took.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What it was sent.
    pub entries: &'a [Entry],
    /// Its input tokens, with those from a cache.
    pub input_tokens: Option<u64>,
    /// What they cost, billionths of a dollar.
    pub input_cost: Option<i64>,
}

/// What each message cost a run: how often it was carried, times its share. The dearest comes first.
pub fn carried(calls: &[Call<'_>]) -> Vec<Carried> {
    let mut places: HashMap<ContentId, usize> = HashMap::new();
    let mut all: Vec<Carried> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let bytes: u64 = call.entries.iter().map(|entry| entry.bytes).sum();
        let tokens = call.input_tokens.map(|tokens| (tokens, seen_tokens(tokens, bytes)));
        let mut seen = HashSet::new();
        for entry in call.entries {
            let place = *places.entry(entry.id).or_insert_with(|| {
                all.push(Carried { entry: *entry, first: at, calls: 0, tokens: Some(0), cost: Some(0) });
                all.len() - 1
            });
            let carried = &mut all[place];
            carried.calls += usize::from(seen.insert(entry.id));
            let part = |whole: u64| {
                let part = u128::from(whole) * u128::from(entry.bytes) / u128::from(bytes.max(1));
                u64::try_from(part).unwrap_or(u64::MAX)
            };
            let share = tokens.map(|(_, seen)| part(seen));
            carried.tokens = carried.tokens.zip(share).map(|(sum, share)| sum.saturating_add(share));
            let cost = call.input_cost.zip(tokens).map(|(cost, (tokens, seen))| {
                let all = u64::try_from(cost).unwrap_or(0);
                let seen = u128::from(all) * u128::from(seen) / u128::from(tokens.max(1));
                i64::try_from(part(u64::try_from(seen).unwrap_or(u64::MAX))).unwrap_or(i64::MAX)
            });
            carried.cost = carried.cost.zip(cost).map(|(sum, cost)| sum.saturating_add(cost));
        }
    }
    let size = |one: &Carried| (one.tokens, one.entry.bytes.saturating_mul(one.calls as u64));
    all.sort_by(|a, b| size(b).cmp(&size(a)).then(a.first.cmp(&b.first)));
    all
}

/// Distributes tokens by size. The rounding remainder goes to the largest fractions, so that the shares add
/// up.
fn share(segments: &mut [Segment], tokens: u64, bytes: u64) {
    if bytes == 0 {
        for segment in segments {
            segment.tokens = Some(0);
        }
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

    fn parts(window: &Window) -> Vec<(&'static str, bool, usize, u64, Option<u64>)> {
        window.segments.iter().map(|s| (s.what.as_str(), s.is_new, s.messages, s.bytes, s.tokens)).collect()
    }

    #[test]
    fn what_a_message_is_and_when_it_came_are_told_apart_and_the_shares_add_up() {
        let first = [entry(1, What::System, 100), entry(2, What::Tools, 50), entry(3, What::User, 50)];
        let seen = window(&[], &first, Some(61));
        assert_eq!(
            parts(&seen),
            [
                ("system", true, 1, 100, Some(31)),
                ("tools", true, 1, 50, Some(15)),
                ("user", true, 1, 50, Some(15))
            ]
        );
        let mut second = first.to_vec();
        second.extend([entry(4, What::Assistant, 10), entry(5, What::ToolResults, 90)]);
        let seen = window(&first, &second, None);
        assert_eq!(
            parts(&seen),
            [
                ("system", false, 1, 100, None),
                ("tools", false, 1, 50, None),
                ("user", false, 1, 50, None),
                ("assistant", true, 1, 10, None),
                ("tool_results", true, 1, 90, None)
            ]
        );
        assert_eq!((seen.resent, seen.dropped, seen.rewritten, seen.change_at), (3, 0, 0, None));
        let seen = window(&second, &second, Some(7));
        assert_eq!(seen.segments.iter().filter_map(|s| s.tokens).sum::<u64>(), 7);
        assert!(seen.segments.iter().all(|segment| !segment.is_new));
    }

    #[test]
    fn more_tokens_than_the_messages_can_hold_are_not_in_the_telemetry() {
        let seen = window(&[], &[entry(1, What::User, 350)], Some(1000));
        assert_eq!(parts(&seen), [("user", true, 1, 350, Some(100)), ("unseen", false, 0, 0, Some(900))]);
    }

    #[test]
    fn a_message_costs_its_share_of_every_call_that_carries_it() {
        let (system, question) = (entry(1, What::System, 300), entry(2, What::User, 100));
        let result = entry(3, What::ToolResults, 400);
        let (one, two) = ([system, question], [system, question, result]);
        let call =
            |entries, tokens, cost| Call { entries, input_tokens: Some(tokens), input_cost: Some(cost) };
        let found = carried(&[call(&one, 100, 1000), call(&two, 200, 4000)]);
        let told: Vec<_> = found.iter().map(|c| (c.entry.id.0, c.first, c.calls, c.tokens, c.cost)).collect();
        assert_eq!(
            told,
            [
                (1, 0, 2, Some(75 + 75), Some(750 + 1500)),
                (3, 1, 1, Some(100), Some(2000)),
                (2, 0, 2, Some(25 + 25), Some(250 + 500))
            ]
        );
        let unknown = carried(&[Call { entries: &one, input_tokens: None, input_cost: None }]);
        assert_eq!((unknown[0].entry.id.0, unknown[0].tokens, unknown[0].cost), (1, None, None));
    }

    #[test]
    fn replacing_history_by_a_summary_is_compaction_and_a_sliding_window_is_not() {
        let long: Vec<Entry> = (0..20).map(|id| entry(id, What::User, 100)).collect();
        let mut summed = vec![entry(0, What::User, 100), entry(99, What::User, 150)];
        summed.extend_from_slice(&long[17..]);
        let seen = window(&long, &summed, None);
        assert!(seen.is_compacted);
        assert_eq!((seen.dropped, seen.rewritten, seen.change_at), (16, 1, Some(1)));

        let mut slid = long[2..].to_vec();
        slid.push(entry(50, What::User, 10));
        let seen = window(&long, &slid, None);
        assert!(!seen.is_compacted);
        assert_eq!((seen.dropped, seen.rewritten, seen.change_at), (2, 0, Some(0)));

        let anew = [entry(77, What::User, 200)];
        assert!(window(&long, &anew, None).is_compacted);
        assert!(!window(&[], &anew, None).is_compacted);
    }

    #[test]
    fn empty_content_has_no_share() {
        let seen = window(&[], &[entry(1, What::User, 0)], Some(5));
        assert_eq!(parts(&seen), [("user", true, 1, 0, Some(0)), ("unseen", false, 0, 0, Some(5))]);
    }
}
